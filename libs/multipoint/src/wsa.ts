/** The Windows Sockets errors that joinleaf answers with, and their values in Winsock2.h. */
export const WSA = {
  WSAEINTR: 10004,
  WSAEACCES: 10013,
  WSAEFAULT: 10014,
  WSAEINVAL: 10022,
  WSAEMFILE: 10024,
  WSAEWOULDBLOCK: 10035,
  WSAEINPROGRESS: 10036,
  WSAEALREADY: 10037,
  WSAENOTSOCK: 10038,
  WSAEMSGSIZE: 10040,
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
} as const;

export type WsaCode = keyof typeof WSA;

export const isWsaCode = (name: string): name is WsaCode => Object.hasOwn(WSA, name);

/** The line of docs/SPEC.md that was applied: Winsock's R and E, our readings A, our own H. */
export type Rule = `${'R' | 'E' | 'A' | 'H'}${number}`;

/** What a rule looked at when it said no, for the people who ask why. */
export type Facts = Readonly<Record<string, string | number | boolean | null>>;

/** A refusal names its reason twice: for the caller (`code`) and for the reader (`rule`). */
export interface Refusal {
  readonly code: WsaCode;
  readonly rule: Rule;
  readonly facts?: Facts;
}

/**
 * Whether asking again can help:
 * `same-socket` call again on the same socket (R60); `wait` something of yours is under way, its end
 * is announced; `later` the same call may succeed when the session has changed; `new-socket` discard
 * the socket and make another (R62); `never` the call itself is wrong; `unknown` ask for the outcome
 * by command id first.
 */
export type RetryClass = 'same-socket' | 'wait' | 'later' | 'new-socket' | 'never' | 'unknown';

/** The retry class of a code. A code added to the table does not compile until it has one. */
export function retryClass(code: WsaCode): RetryClass {
  switch (code) {
    case 'WSAECONNREFUSED':
    case 'WSAENETUNREACH':
    case 'WSAETIMEDOUT':
      return 'same-socket';
    case 'WSAEALREADY':
    case 'WSAEWOULDBLOCK':
    case 'WSATRY_AGAIN':
      return 'wait';
    case 'WSAEINPROGRESS':
      return 'unknown';
    case 'WSAENOBUFS':
    case 'WSAEMFILE':
    case 'WSAENETDOWN':
    case 'WSAEADDRINUSE':
    case 'WSAEACCES':
      return 'later';
    case 'WSAECONNABORTED':
    case 'WSAECONNRESET':
    case 'WSAENETRESET':
    case 'WSAESHUTDOWN':
    case 'WSAEDISCON':
    case 'WSAEISCONN':
    case 'WSAENOTSOCK':
    case 'WSAEINTR':
      return 'new-socket';
    case 'WSAEADDRNOTAVAIL':
    case 'WSAEAFNOSUPPORT':
    case 'WSAEFAULT':
    case 'WSAEINVAL':
    case 'WSAEMSGSIZE':
    case 'WSAENOPROTOOPT':
    case 'WSAENOTCONN':
    case 'WSAEOPNOTSUPP':
    case 'WSAEPROTONOSUPPORT':
    case 'WSANOTINITIALISED':
      return 'never';
  }
}
