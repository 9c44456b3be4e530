import type { LossEvidence, SessionAddress } from '@joinleaf/multipoint';
import { nodeRun, type NodeRun } from './census.js';
import type { EndedRun } from './node-lives.js';

/** Lost runs whose evidence is kept, for sessions in which they turn up later. */
const evidenceMax = 10_000;

/** A run of a node that is to be taken out of a session. */
export interface Loss {
  readonly session: SessionAddress;
  readonly run: NodeRun;
  readonly evidence: LossEvidence;
  /** How often it was tried before. */
  readonly attempts: number;
}

interface Waiting extends Loss {
  /** When its owner shall do it, on the monotonic clock, in milliseconds. */
  readonly at: number;
}

/**
 * Which runs that are over have to be taken out of which sessions: at once where we own the session, after a grace
 * elsewhere, unless its owner has done it by then.
 */
export class Losses {
  readonly #evidence = new Map<NodeRun, LossEvidence>();
  readonly #waiting = new Map<string, Waiting>();

  constructor(private readonly graceMs: number) {}

  get waiting(): number {
    return this.#waiting.size;
  }

  /** A run is over. */
  add({ node, incarnation }: EndedRun, evidence: LossEvidence): void {
    const run = nodeRun(node, incarnation);
    this.#evidence.set(run, evidence);
    const [oldest] = this.#evidence.keys();
    if (this.#evidence.size > evidenceMax && oldest !== undefined) this.#evidence.delete(oldest);
  }

  /** A run is in a session; answers whether it has to leave, because it is over. */
  note(session: SessionAddress, run: NodeRun, now: number): boolean {
    const evidence = this.#evidence.get(run);
    if (evidence === undefined) return false;
    this.#waiting.set(keyOf(session, run), { session, run, evidence, attempts: 0, at: now });
    return true;
  }

  /** It could not be done: it is to be tried again at this time. */
  again(loss: Loss, at: number): void {
    const { session, run, attempts } = loss;
    this.#waiting.set(keyOf(session, run), { ...loss, attempts: attempts + 1, at });
  }

  /** Somebody has taken it out. */
  done(session: SessionAddress, run: NodeRun): void {
    this.#waiting.delete(keyOf(session, run));
  }

  /** Takes out what is to be done now. */
  takeDue(now: number, isOurs: (session: SessionAddress) => boolean): readonly Loss[] {
    const due: Loss[] = [];
    for (const [key, loss] of this.#waiting) {
      const isDue = now >= loss.at + this.graceMs || (now >= loss.at && isOurs(loss.session));
      if (!isDue) continue;
      this.#waiting.delete(key);
      due.push(loss);
    }
    return due;
  }
}

const keyOf = (session: SessionAddress, run: NodeRun): string => `${session} ${run}`;
