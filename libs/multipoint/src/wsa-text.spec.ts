import { describe, expect, it } from '@jest/globals';
import { refusalMessage, refusalText, wsaText } from './wsa-text.js';
import type { Rule, WsaCode } from './wsa.js';

const text = (code: WsaCode, rule: Rule): string => refusalText({ code, rule });

describe('what a refusal says', () => {
  it('[R23, R35, H4, H19] tells apart why nobody was let in', () => {
    const rules = ['R23', 'R35', 'R82', 'H4', 'H19', 'E8'] as const;
    expect(new Set(rules.map((rule) => text('WSAECONNREFUSED', rule))).size).toBe(rules.length);
    expect(text('WSAECONNREFUSED', 'H19')).toMatch(/lost its root/);
    expect(text('WSAECONNREFUSED', 'R35')).toMatch(/no session is open/i);
    const facts = { listening: false };
    expect(refusalText({ code: 'WSAECONNREFUSED', rule: 'R35', facts })).toMatch(/not listen/);
  });

  it('[R123, R124, R162] does not speak of reading to whoever sends, nor of flows to whoever chats', () => {
    expect(text('WSAEWOULDBLOCK', 'R123')).toBe(wsaText.WSAEWOULDBLOCK);
    expect(text('WSAEWOULDBLOCK', 'R124')).toMatch(/sent before is still under way/);
    expect(text('WSAEOPNOTSUPP', 'R162')).toMatch(/chat/);
    expect(text('WSAEOPNOTSUPP', 'R108')).toBe(wsaText.WSAEOPNOTSUPP);
  });

  it('[E12, H5, H13] tells a full session from a full log and from a service that has too much to do', () => {
    const rules = ['E12', 'H5', 'H13', 'H15'] as const;
    expect(new Set(rules.map((rule) => text('WSAENOBUFS', rule))).size).toBe(rules.length);
    const facts = { log: 'full' };
    expect(refusalText({ code: 'WSAENOBUFS', rule: 'E12', facts })).toBe('The event log is full.');
  });

  it('says of every rule without words of its own what its code means', () => {
    expect(text('WSAEALREADY', 'R50')).toBe(wsaText.WSAEALREADY);
  });

  it('is a message with code, number and rule', () => {
    expect(refusalMessage({ code: 'WSAENOBUFS', rule: 'H5' })).toBe(
      'WSAENOBUFS (10055): The session is full. Rule H5.',
    );
  });
});
