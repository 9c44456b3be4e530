import { describe, expect, it } from '@jest/globals';
import type { SessionAddress } from '@joinleaf/multipoint';
import type { Output } from './history.js';
import { historiesFrom } from './read-history.js';
import { Recorder } from './recorder.js';
import { admitted, asks, refused } from './testing.js';

const session = 'conf-7' as SessionAddress;
const calling = { session, process: 'bob', commandId: 'c1', input: asks('bob') };
const turnedAway: Output = { type: 'turned-away', code: 'WSAENETDOWN' };

/** What is kept of a call at 10 whose tries end one after the other, from 20 on. */
function keptOf(...tries: readonly (Output | null)[]) {
  const recorder = new Recorder();
  const call = recorder.call(calling, 10);
  for (const [index, output] of tries.entries()) call.answered(output, 20 + index);
  const [history] = recorder.histories();
  const [operation] = history?.operations ?? [];
  return { return: operation?.return, output: operation?.output };
}

const noAnswer = { return: null, output: null };

describe('a recorder', () => {
  it('keeps a call with its answer', () => {
    expect(keptOf(admitted('J1', 3))).toEqual({ return: 20, output: admitted('J1', 3) });
  });

  it('keeps a call without an answer', () => {
    expect(keptOf()).toEqual(noAnswer);
    expect(keptOf(null, { type: 'unknown' })).toEqual(noAnswer);
  });

  it('keeps the answer that a repetition got', () => {
    const told = refused('WSAENOBUFS', 3);
    expect(keptOf(null, turnedAway, told, null)).toEqual({ return: 22, output: told });
  });

  it('keeps the first answer of several', () => {
    const expected = { return: 20, output: admitted('J1', 3) };
    expect(keptOf(admitted('J1', 3), admitted('J1', 3))).toEqual(expected);
  });

  it('has turned a call away when every try was', () => {
    expect(keptOf(turnedAway, turnedAway)).toEqual({ return: 21, output: turnedAway });
    expect(keptOf(null, turnedAway)).toEqual(noAnswer);
    expect(keptOf(turnedAway, null)).toEqual(noAnswer);
  });

  it('writes one history for each session, which can be read', () => {
    const recorder = new Recorder(7);
    recorder.call(calling, 10).answered(admitted('J1', 3), 12);
    recorder.call({ ...calling, session: '@news' as SessionAddress }, 11);
    recorder.call({ ...calling, commandId: 'c2' }, 13);
    const histories = recorder.histories();
    expect(histories.map(({ seed, operations }) => [seed, operations.length])).toEqual([
      [7, 2],
      [7, 1],
    ]);
    expect(historiesFrom(JSON.parse(JSON.stringify(histories)))).toEqual({
      ok: true,
      value: histories,
    });
  });
});
