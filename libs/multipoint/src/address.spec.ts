import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  formatAddress,
  isGroupAddress,
  isName,
  isNodeAddress,
  isSessionAddress,
  nodeAddress,
  nodeOf,
  parseAddress,
  type SessionAddress,
} from './address.js';

/** What must never become part of a subject, a path or a log line. */
const hostile = [
  ...['', ' ', '*', '>', '.', 'a.b', 'a*', 'a b', 'a\tb', 'a\nb', 'a\r\nPUB x 1', 'a\0b', 'a\n'],
  ...['é', 'аda', 'ａda', '🙂', '$SYS', '_INBOX.x', 'a/b', '../a', 'a:b:1', '@', '@@a', '%2e'],
  ...['a'.repeat(65), 'a'.repeat(5_000)],
];

describe('a name', () => {
  it.each(hostile)('is not %j', (text) => {
    expect(isName(text)).toBe(false);
    expect(isSessionAddress(text)).toBe(false);
    expect(isSessionAddress(`@${text}`)).toBe(false);
    expect(isNodeAddress(`${text}:1`)).toBe(false);
  });

  it('is 1 to 64 letters, digits, underscores and hyphens', () => {
    for (const text of ['a', 'A-1_b', '-', '0', 'a'.repeat(64), '__proto__', 'constructor']) {
      expect(isName(text)).toBe(true);
    }
  });
});

describe('an address', () => {
  it.each([
    ['ada:7', { family: 'AF_NODE', node: 'ada', port: 7 }],
    ['ada:0', { family: 'AF_NODE', node: 'ada', port: 0 }],
    ['ada:any', { family: 'AF_NODE', node: 'ada', port: 0 }],
    ['ada:65535', { family: 'AF_NODE', node: 'ada', port: 65_535 }],
    ['conf-7', { family: 'AF_SESSION', session: 'conf-7' }],
    ['@news', { family: 'AF_GROUP', group: 'news' }],
  ])('reads %s', (text, address) => {
    expect(parseAddress(text)).toEqual({ ok: true, value: address });
  });

  it.each([
    ...['', ':', 'ada:', ':7', 'ada:07', 'ada:-1', 'ada:65536', 'ada:1e3', 'ada: 7', 'ada:7 '],
    ...['ada:7:8', '@', '@a:7', '@a@b', 'ada:7\n', 'ada:0x7', 'ada:Any', ...hostile],
  ])('[E9] refuses %j', (text) => {
    expect(parseAddress(text)).toEqual({ ok: false, error: { code: 'WSAEFAULT', rule: 'E9' } });
  });

  it('[E9] is refused or read, never thrown at, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const parsed = parseAddress(text);
        expect(parsed.ok).toBe(
          /^(@?[A-Za-z0-9_-]{1,64}|[A-Za-z0-9_-]{1,64}:(any|0|[1-9]\d{0,4}))$/.test(text) &&
            Number(/:(\d+)$/.exec(text)?.[1] ?? 0) <= 65_535,
        );
      }),
    );
  });

  it('is written as it is read', () => {
    for (const text of ['ada:7', 'ada:0', 'conf-7', '@news']) {
      const parsed = parseAddress(text);
      expect(parsed.ok && formatAddress(parsed.value)).toBe(text);
    }
  });

  it('[E7] is a concrete endpoint only with a port', () => {
    expect(isNodeAddress('ada:7')).toBe(true);
    for (const text of ['ada:0', 'ada:any', 'ada', '@ada', 'conf-7']) {
      expect(isNodeAddress(text)).toBe(false);
    }
  });

  it('knows its node, and groups from sessions', () => {
    expect(nodeOf(nodeAddress('ada', 7))).toBe('ada');
    expect(isGroupAddress('@news' as SessionAddress)).toBe(true);
    expect(isGroupAddress('news' as SessionAddress)).toBe(false);
  });
});
