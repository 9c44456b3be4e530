import type { SessionAddress } from '../../address.js';
import type { SessionCommand } from '../../command.js';
import type { SessionEvent } from '../../event.js';
import type { Result } from '../../result.js';
import type { Refusal } from '../../wsa.js';
import type { Effect } from '../effect.js';
import type { NodeSockets } from '../node-sockets.js';
import { answerTo, mayAnswer } from './answers.js';
import { afterCall, afterRefusal, mustHold } from './calling.js';
import { newHand, type Hand } from './held.js';
import { heard, joinEnded } from './hearing.js';
import { hold, same } from './hold.js';
import { Mail } from './mail.js';
import { callWords, type ProgramCall } from './program-call.js';
import { afterReply } from './replying.js';
import { Truth } from './truth.js';
import type { Cause, NodeWorld, Watcher } from './world.js';

/**
 * The reference: what programs may expect by Winsock's rules, from their calls and what they heard, and
 * what the log says, of which they may hear. It knows nothing of how the machine keeps its sockets.
 */
export class Reference implements Watcher {
  readonly truth = new Truth();
  readonly mail = new Mail();
  readonly hands = new Map<string, Hand>();
  /** What happened, for whoever reads a failure. */
  readonly story: string[] = [];
  /** What this life went through, to know that the script reaches it. */
  readonly met = new Set<string>();

  hand({ name, state }: NodeWorld): Hand {
    const known = this.hands.get(name);
    if (known?.incarnation === state.incarnation) return known;
    const fresh = newHand(name, state.incarnation, state.descriptorMax);
    this.hands.set(name, fresh);
    return fresh;
  }

  took(node: NodeWorld, before: NodeSockets, cause: Cause, effects: readonly Effect[]): void {
    const hand = this.hand(node);
    this.story.push(`${node.name}: ${causeWords(cause)}`);
    if (cause.type === 'lost') hand.lost = true;
    this.#note(hand, effects);
    if (cause.type === 'call') this.#called(hand, node, { before, cause, effects });
    if (cause.type === 'taken') {
      for (const { socket, bytes } of cause.taken) {
        const sender = hand.held.get(socket);
        if (sender !== undefined) sender.underWay -= bytes;
      }
    }
    if (cause.type === 'reply') afterReply(hand, this.truth, cause.reply);
    for (const effect of effects) {
      if (effect.type === 'heard') {
        const { kind } = effect.what;
        const code = 'code' in effect.what ? (effect.what.code ?? 'ok') : '';
        this.met.add(`${kind} ${code}`.trim());
        this.story.push(`  ${String(effect.socket)} hears ${JSON.stringify(effect.what)}`);
        heard(hand, this.truth, { cause, effect });
      }
      if (effect.type === 'ended') {
        this.met.add(`join ${effect.end.ok ? 'succeeds' : effect.end.error.rule}`);
        joinEnded(hand, this.truth, { cause, effect });
      }
    }
    if (cause.type === 'lost') {
      const left = [...hand.held.values()].flatMap(({ joins }) => joins);
      same(left, [], 'H10: a run that is over has no join outstanding');
    }
    if (cause.type === 'call' && cause.result.ok && cause.call.verb === 'close') {
      hold(!hand.held.has(cause.call.socket), 'R140: close releases the descriptor');
    }
    this.#signals(hand, effects);
  }

  decided(
    session: SessionAddress,
    command: SessionCommand,
    decided: Result<readonly SessionEvent[], Refusal>,
  ): void {
    const said = decided.ok ? decided.value.map(({ type }) => type).join(', ') : decided.error.rule;
    this.story.push(`${session}: ${command.type}: ${said}`);
    this.met.add(decided.ok ? command.type : `${command.type} ${decided.error.code}`);
    this.truth.decided(session, command, decided);
  }

  #called(hand: Hand, node: NodeWorld, step: Called): void {
    const { call, result } = step.cause;
    this.met.add(`${call.verb} ${result.ok ? 'ok' : result.error.code}`);
    const answer = result.ok ? 'ok' : result.error.code;
    if (!mayAnswer(hand, call, answer)) same(answer, answerTo(hand, call), callWords(call));
    if (result.ok) {
      afterCall(hand, call, result.value, node.state);
      this.#traffic(hand, step);
      return;
    }
    hold(
      step.effects.every(({ type }) => type === 'signal'),
      'a refused call asks for nothing',
    );
    if (!isReenabling(call)) hold(node.state === step.before, 'a refused call changes nothing');
    afterRefusal(hand, call, result.error.code);
  }

  #traffic(hand: Hand, { cause, effects }: Called): void {
    const { call, result } = cause;
    if (!result.ok || (call.verb !== 'send' && call.verb !== 'receive')) return;
    const held = mustHold(hand, call.socket);
    const { received } = result.value;
    if (received !== null) this.mail.received(hand, held, received);
    if (call.verb === 'receive') return;
    held.underWay += call.length;
    const sent = { hand, held, effects, isChat: call.chat };
    this.mail.sent(this.hands.values(), this.truth, sent);
  }

  // What was asked, and what held when it was.
  #note(hand: Hand, effects: readonly Effect[]): void {
    for (const effect of effects) {
      if (effect.type !== 'send') continue;
      const { call, session, command } = effect;
      const socket = 'socket' in command ? hand.held.get(Number(command.socket)) : undefined;
      hand.asked.set(call, { session, command, listenedBefore: socket?.listens ?? false });
    }
  }

  // R117, R130: an event object is set when something is recorded under it, and at no other time.
  #signals(hand: Hand, effects: readonly Effect[]): void {
    const set = effects.flatMap((effect) => (effect.type === 'signal' ? [effect.object] : []));
    const due: number[] = [];
    for (const { record } of hand.held.values()) {
      if (record.isNews && record.object !== null) due.push(record.object);
      record.isNews = false;
    }
    same(sorted(set), sorted(due), 'R130: event objects are set with what is recorded');
  }
}

interface Called {
  readonly before: NodeSockets;
  readonly cause: Extract<Cause, { type: 'call' }>;
  readonly effects: readonly Effect[];
}

/** R91, R122, R124: whether a call may change what is announced although it is refused. */
export const isReenabling = ({ verb }: ProgramCall): boolean =>
  ['accept', 'reject', 'defer', 'receive', 'send'].includes(verb);

function causeWords(cause: Cause): string {
  switch (cause.type) {
    case 'call': {
      const { call, result } = cause;
      return `${callWords(call)}: ${result.ok ? 'ok' : result.error.code}`;
    }
    case 'reply': {
      const { call, session, result } = cause.reply;
      const said = result.ok ? result.value.type : result.error.code;
      return `${session} answers call ${String(call)}: ${said}`;
    }
    case 'news':
    case 'waiting':
      return `is told ${cause.told.kind} of ${cause.told.session} for ${cause.told.to}`;
    case 'message': {
      const { kind, from, channel } = cause.datum;
      return `a message comes: ${kind} of ${from} for ${JSON.stringify(channel)}`;
    }
    case 'taken':
    case 'drained':
    case 'restart':
    case 'lost':
      return cause.type;
  }
}

const sorted = (numbers: readonly number[]): readonly number[] =>
  [...new Set(numbers)].sort((a, b) => a - b);
