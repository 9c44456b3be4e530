import type { Records } from '../deployment/records.js';
import { payloadOf, type PassingFrame } from './nats-frames.js';

// A run in which nothing interesting happened proves nothing. These are the states that a run has to have been in;
// most of them are seen on the wire, where every party is listened to.

/** States, and the faults of which each makes them likely: without one of those they are not asked for. */
export const states = {
  'two arbiters raced for one place in the log': ['F1', 'F11', 'F19'],
  'an acknowledgement was lost, and its commit was found stored': ['F5', 'F13', 'F16', 'F17'],
  'an append was lost, and a later look found it absent or stored by its repetition': ['F4', 'F14'],
  'an append found no leader (503)': ['F22', 'F36'],
  'a leader changed while a join was outstanding': ['F22', 'F36', 'F37', 'F38'],
  'a program was connected again': ['F2', 'F35', 'F51'],
  'a program noticed a gap, and was told what it missed': ['F25'],
  'a program dropped what it had been told before': ['F23', 'F33'],
  'a run of a node was superseded by the next one': ['F61'],
  'a silent node was given up': ['F59', 'F63'],
  'the outcome of a call was unknown, and was found out later': ['F15', 'F36', 'F37', 'F49'],
  'one command arrived twice': ['F18'],
  'the log was full': ['F21'],
  'damage to the log was named': ['F43', 'F44', 'F45', 'F46'],
} as const satisfies Readonly<Record<string, readonly string[]>>;

export type State = keyof typeof states;

const conflict = /"err_code":(?:10071|10164)\b/;
const isFull = /"err_code":(?:10023|10047|10077)\b/;

/** What was seen of a run so far. */
export class Sightings {
  readonly #seen = new Map<State, number>();
  /** Message ids of appends, by who sent them and where the acknowledgement goes. */
  readonly #appends = new Map<string, string>();
  readonly #lostAcknowledgements = new Set<string>();
  readonly #lostAppends = new Set<string>();

  saw(state: State, times = 1): void {
    if (times > 0) this.#seen.set(state, this.times(state) + times);
  }

  times(state: State): number {
    return this.#seen.get(state) ?? 0;
  }

  /** States that were due after these faults, and were not seen. */
  missing(faults: Iterable<string>): readonly State[] {
    const injected = new Set(faults);
    return (Object.keys(states) as State[]).filter(
      (state) => this.times(state) === 0 && states[state].some((fault) => injected.has(fault)),
    );
  }

  get counts(): Readonly<Record<string, number>> {
    return Object.fromEntries(
      (Object.keys(states) as State[]).map((state) => [state, this.times(state)]),
    );
  }

  /** Takes in a frame of one party. */
  hear(party: string, frame: PassingFrame): void {
    if (frame.direction === 'up') {
      if (frame.verb === 'HPUB' && frame.subject.includes('.evt.') && frame.reply !== '') {
        this.#appends.set(`${party} ${frame.reply}`, messageIdOf(frame));
      }
      return;
    }
    if (!frame.answers.includes('.evt.')) return;
    const text = payloadOf(frame).toString('latin1');
    if (frame.verb === 'HMSG' && text.startsWith('NATS/1.0 503')) {
      this.saw('an append found no leader (503)');
    }
    if (conflict.test(text)) this.saw('two arbiters raced for one place in the log');
    if (isFull.test(text)) this.saw('the log was full');
  }

  /** An acknowledgement is on its way to this party, and will not arrive. */
  losesAcknowledgement(party: string, { subject }: PassingFrame): void {
    const id = this.#appends.get(`${party} ${subject}`);
    if (id !== undefined) this.#lostAcknowledgements.add(id);
  }

  /** An append is on its way from a party, and will not arrive. */
  losesAppend(frame: PassingFrame): void {
    this.#lostAppends.add(messageIdOf(frame));
  }

  /** Looks in the log for what became of what was lost. */
  look({ commits }: Records): void {
    const stored = new Set(commits.map(({ commitId }) => commitId));
    const found = [...this.#lostAcknowledgements].filter((id) => stored.has(id)).length;
    this.saw('an acknowledgement was lost, and its commit was found stored', found);
    this.saw(
      'an append was lost, and a later look found it absent or stored by its repetition',
      this.#lostAppends.size,
    );
    this.#lostAcknowledgements.clear();
    this.#lostAppends.clear();
    this.#appends.clear();
  }
}

/** What the lives of nodes on record have been through. */
export function livesIn(nodes: Records['nodes']): Readonly<Record<'lost' | 'superseded', number>> {
  const last = new Map<string, string>();
  const lives = { lost: 0, superseded: 0 };
  for (const { node, type } of nodes) {
    const before = last.get(node);
    const wasUp = before !== undefined && before !== 'NodeStopped' && before !== 'NodeLost';
    if (type === 'NodeStarted' && wasUp) lives.superseded += 1;
    if (type === 'NodeLost') lives.lost += 1;
    last.set(node, type);
  }
  return lives;
}

const messageIdOf = (frame: PassingFrame): string =>
  /Nats-Msg-Id: ?([^\r]+)/.exec(payloadOf(frame).toString('latin1'))?.[1] ?? '';
