import { answerTo, mayAnswer } from './answers.js';
import type { Hand } from './held.js';
import { hold, same } from './hold.js';
import { isReenabling } from './reference.js';
import { callWords, perform, type ProgramCall } from './program-call.js';
import type { NodeWorld } from './world.js';

/**
 * Asks of every socket what each call would answer now, and lets nothing come of it: what a program could
 * do, and not only what it did, is as the reference says.
 */
export function probe({ state }: NodeWorld, hand: Hand): void {
  const gone = [...hand.everHeld].find((descriptor) => !hand.held.has(descriptor)) ?? 98;
  for (const socket of [...hand.held.keys(), gone, 99]) {
    for (const call of callsAt(socket, hand.node)) {
      const { result, state: after } = perform(state, call);
      const words = `${hand.node}: ${callWords(call)}`;
      const answer = result.ok ? 'ok' : result.error.code;
      if (!mayAnswer(hand, call, answer)) same(answer, answerTo(hand, call), words);
      const record = hand.held.get(socket)?.record.now;
      if (call.verb === 'enumerate' && result.ok) same(result.value.recorded, record, words);
      if (!result.ok && !isReenabling(call))
        hold(after === state, `${words}: a refusal changes nothing`);
    }
  }
}

const callsAt = (socket: number, node: string): readonly ProgramCall[] => [
  ...[`${node}:7`, 'conf-9', 'eve:1', '@news', 'no such'].map(
    (address) => ({ verb: 'bind', socket, address }) as const,
  ),
  { verb: 'listen', socket, backlog: 1 },
  ...['bob:1', 'bob:0', 'conf-7', '@news', ''].map(
    (name) => ({ verb: 'join', socket, name, deadlineMs: null }) as const,
  ),
  { verb: 'accept', socket },
  { verb: 'reject', socket },
  { verb: 'defer', socket },
  { verb: 'shutdown', socket, how: 'both' },
  { verb: 'shutdown', socket, how: 'receive' },
  { verb: 'select', socket, object: 1, mask: ['FD_CLOSE'] },
  { verb: 'enumerate', socket },
  { verb: 'send', socket, length: 3, chat: false },
  { verb: 'send', socket, length: 3, chat: true },
  { verb: 'send', socket, length: 600_000, chat: false },
  { verb: 'receive', socket },
  { verb: 'close', socket },
];
