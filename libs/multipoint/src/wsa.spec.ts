import { describe, expect, it } from '@jest/globals';
import { isWsaCode, retryClass, WSA, type RetryClass, type WsaCode } from './wsa.js';

const codes = Object.keys(WSA) as WsaCode[];

describe('the table of errors', () => {
  it('[E19] has the values of Winsock2.h, each once', () => {
    expect(WSA).toMatchObject({
      WSAEINTR: 10004,
      WSAEACCES: 10013,
      WSAEFAULT: 10014,
      WSAEINVAL: 10022,
      WSAEMFILE: 10024,
      WSAEWOULDBLOCK: 10035,
      WSAEINPROGRESS: 10036,
      WSAEALREADY: 10037,
      WSAENOTSOCK: 10038,
      WSAENOPROTOOPT: 10042,
      WSAEPROTONOSUPPORT: 10043,
      WSAEOPNOTSUPP: 10045,
      WSAEAFNOSUPPORT: 10047,
      WSAEADDRINUSE: 10048,
      WSAEADDRNOTAVAIL: 10049,
      WSAENETDOWN: 10050,
      WSAENETUNREACH: 10051,
      WSAENETRESET: 10052,
      WSAECONNABORTED: 10053,
      WSAECONNRESET: 10054,
      WSAENOBUFS: 10055,
      WSAEISCONN: 10056,
      WSAENOTCONN: 10057,
      WSAESHUTDOWN: 10058,
      WSAETIMEDOUT: 10060,
      WSAECONNREFUSED: 10061,
      WSANOTINITIALISED: 10093,
      WSAEDISCON: 10101,
      WSATRY_AGAIN: 11002,
    });
    expect(new Set(Object.values(WSA)).size).toBe(codes.length);
  });

  it('knows its names, and nothing that merely hangs on every object', () => {
    expect(codes.every(isWsaCode)).toBe(true);
    for (const name of ['', 'wsaealready', 'WSAE', 'toString', '__proto__', 'constructor']) {
      expect(isWsaCode(name)).toBe(false);
    }
  });
});

describe('the retry class', () => {
  it('exists for every code', () => {
    const classes: readonly RetryClass[] = [
      ...(['same-socket', 'wait', 'later', 'new-socket', 'never', 'unknown'] as const),
    ];
    for (const code of codes) expect(classes).toContain(retryClass(code));
  });

  it('[R60] allows the same socket after exactly three codes', () => {
    expect(codes.filter((code) => retryClass(code) === 'same-socket').sort()).toEqual([
      'WSAECONNREFUSED',
      'WSAENETUNREACH',
      'WSAETIMEDOUT',
    ]);
  });

  it('[R62] asks for a new socket after a connection broke', () => {
    for (const code of ['WSAECONNRESET', 'WSAECONNABORTED', 'WSAEISCONN'] as const) {
      expect(retryClass(code)).toBe('new-socket');
    }
  });

  it('[H12] calls one code alone an unknown outcome', () => {
    expect(codes.filter((code) => retryClass(code) === 'unknown')).toEqual(['WSAEINPROGRESS']);
  });
});
