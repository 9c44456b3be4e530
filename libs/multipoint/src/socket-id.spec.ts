import { describe, expect, it } from '@jest/globals';
import {
  isIncarnation,
  isMadeByArbiter,
  isSerial,
  isSocketId,
  linkMadeFor,
  livesOn,
  socketId,
  socketParts,
} from './socket-id.js';

const seven = socketId({ node: 'ada', incarnation: '1k3f9x', serial: '7' });

describe('a socket id', () => {
  it('has three parts, which come back out', () => {
    expect(seven).toBe('ada/1k3f9x/7');
    expect(socketParts(seven)).toEqual({ node: 'ada', incarnation: '1k3f9x', serial: '7' });
    expect(isSocketId(seven)).toBe(true);
  });

  it.each([
    ...['', '/', '//', 'ada', 'ada/1k3f9x', 'ada/1k3f9x/', 'ada/1k3f9x/0', 'ada/1k3f9x/07'],
    ...['ada/1k3f9x/7/8', 'ada/1k3/7', 'ada/1K3F9X/7', 'a.a/1k3f9x/7', '/1k3f9x/7', 'ada//7'],
    ...['ada/1k3f9x/J', 'ada/1k3f9x/J0', 'ada/1k3f9x/j7', 'ada/1k3f9x/1234567890', ' ada/1k3f9x/7'],
  ])('is not %j', (text) => {
    expect(isSocketId(text)).toBe(false);
  });

  it('has a serial of the node’s, or the arbiter’s with a J', () => {
    for (const text of ['1', '999999999', 'J1', 'J999999999']) expect(isSerial(text)).toBe(true);
    for (const text of ['', '0', '-1', '1.5', 'J', 'J-1', 'JJ1', '1J']) {
      expect(isSerial(text)).toBe(false);
    }
  });

  it('has an incarnation of 4 to 32 small letters and digits', () => {
    for (const text of ['abcd', '0000', 'a'.repeat(32)]) expect(isIncarnation(text)).toBe(true);
    for (const text of ['abc', 'a'.repeat(33), 'ABCD', 'ab-d', 'abcd\n']) {
      expect(isIncarnation(text)).toBe(false);
    }
  });

  it('[H10] lives on one run of one node', () => {
    expect(livesOn(seven, 'ada', '1k3f9x')).toBe(true);
    expect(livesOn(seven, 'ada', null)).toBe(true);
    expect(livesOn(seven, 'ada', '1k3f9')).toBe(false);
    expect(livesOn(seven, 'ad', null)).toBe(false);
    expect(livesOn(seven, 'bob', '1k3f9x')).toBe(false);
  });

  it('[H2] of a link that the arbiter made lives on the root’s run, under the join’s id', () => {
    const link = linkMadeFor(seven, 'J12');
    expect(link).toBe('ada/1k3f9x/J12');
    expect(isMadeByArbiter(link)).toBe(true);
    expect(isMadeByArbiter(seven)).toBe(false);
    expect(isMadeByArbiter(socketId({ node: 'J1', incarnation: 'j1j1', serial: '1' }))).toBe(false);
  });
});
