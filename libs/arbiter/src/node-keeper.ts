import type { LossEvidence, Refusal } from '@joinleaf/multipoint';
import {
  boundMsDefault,
  decode,
  nodeRequestSchemas,
  requestBytesMax,
  type NodeRecord,
  type BeatReply,
  type StartReply,
  type StopReply,
} from '@joinleaf/wire';
import { isUp, NodeLives, type EndedRun, type Verdict } from './node-lives.js';
import { NotKnownYet, type NodeBook, type World } from './ports.js';
import type { NodeStanding } from './to-command.js';
import { refusalReply } from './to-reply.js';
import { WorkQueue } from './work-queue.js';

/** Beats in one bound: two may be lost on the way before silence counts. */
const beatsPerBound = 4;
const attemptsMax = 8;
/** Verdicts on their way to the record at once: thousands of nodes may fall silent together. */
const inFlightMax = 64;
/** How long the silence of a node is left to the arbiter that is to judge it. */
const graceMs = 1_000;

export interface NodeKeeperParts {
  /** The arbiter's name, for the record. */
  readonly name: string;
  readonly book: NodeBook;
  readonly world: World;
  /** Called for each run that is over, by every arbiter that learns of it. */
  readonly ended: (run: EndedRun, evidence: LossEvidence) => void;
  /** Whether a node's silence is ours to judge; without it every node's is. */
  readonly owns?: (node: string) => boolean;
}

/**
 * Keeps the lives of nodes: starts and stops on record, beats in memory, and loss by silence. Several
 * arbiters do this side by side; a record is written under the sequence of the one before, so they
 * cannot contradict each other.
 */
export class NodeKeeper {
  readonly #lives = new NodeLives();
  readonly #recorded = new Map<string, number>();
  readonly #queue = new WorkQueue(inFlightMax);
  readonly #judging = new Set<string>();

  constructor(private readonly parts: NodeKeeperParts) {}

  /** Nodes that are up, and how many of them are suspected. */
  get figures(): { readonly up: number; readonly suspected: number } {
    const suspected = this.#lives.count('suspected');
    return { up: this.#lives.count('up') + suspected, suspected };
  }

  /** Takes in a record that was read from JL_NODES. */
  hear(record: NodeRecord, sequence: number): void {
    if ((this.#recorded.get(record.node) ?? 0) >= sequence) return;
    this.#recorded.set(record.node, sequence);
    const run = this.#lives.apply(record, this.parts.world.monotonicMs());
    if (run !== null) this.parts.ended(run, evidenceOf(run));
  }

  isOver(node: string, incarnation: string): boolean {
    return this.#lives.isOver(node, incarnation);
  }

  /** What a root that invites has to know of a node. Rejects with NotKnownYet while the records may be behind. */
  async status(node: string): Promise<NodeStanding> {
    const known = this.#lives.get(node);
    if (known === undefined || !isUp(known)) await this.#refresh(node);
    const life = this.#lives.get(node);
    if (life !== undefined && isUp(life)) return 'up';
    if (this.parts.book.readsMayLag()) throw new NotKnownYet(`node ${node}`);
    return life === undefined ? 'unknown' : 'lost';
  }

  /** Why this run of a node may not speak; null when it may (H10). Rejects with NotKnownYet as `status` does. */
  async fence(node: string, incarnation: string): Promise<Refusal | null> {
    if (!this.speaks(node, incarnation)) await this.#refresh(node);
    if (this.speaks(node, incarnation)) return null;
    const current = this.#lives.get(node);
    const isOver = current?.incarnation === incarnation || this.isOver(node, incarnation);
    if (current !== undefined && isOver) {
      return { code: 'WSAENETRESET', rule: 'H10', facts: { status: current.status } };
    }
    if (this.parts.book.readsMayLag()) throw new NotKnownYet(`this run of node ${node}`);
    return { code: 'WSANOTINITIALISED', rule: 'E18' };
  }

  /** A node says that it has started. Saying so again changes nothing. */
  async start(node: string, bytes: Uint8Array): Promise<StartReply> {
    const decoded = decode(nodeRequestSchemas.start, bytes, requestBytesMax);
    if (!decoded.ok) return refusalReply(nobody, malformed(decoded.error), null);
    const { incarnation, boundMs = boundMsDefault } = decoded.value;
    const written = await this.#write(node, (lives) => {
      const current = lives.get(node);
      if (lives.isOver(node, incarnation)) return { refusal: fenced };
      if (current?.incarnation === incarnation) return { refusal: null };
      const at = this.parts.world.now();
      return { record: { schema: 1, type: 'NodeStarted', node, incarnation, boundMs, at } };
    });
    if (written !== null) return refusalReply(nobody, written, null);
    this.#lives.heard(node, incarnation, this.parts.world.monotonicMs());
    return { v: 1, ok: true, boundMs, beatMs: Math.floor(boundMs / beatsPerBound) };
  }

  /** A node says that it stops; its sockets leave their sessions. */
  async stop(node: string, bytes: Uint8Array): Promise<StopReply> {
    const decoded = decode(nodeRequestSchemas.stop, bytes, requestBytesMax);
    if (!decoded.ok) return refusalReply(nobody, malformed(decoded.error), null);
    const { incarnation } = decoded.value;
    const written = await this.#write(node, (lives) => {
      if (lives.get(node)?.incarnation !== incarnation || lives.isOver(node, incarnation)) {
        return { refusal: null };
      }
      const at = this.parts.world.now();
      return { record: { schema: 1, type: 'NodeStopped', node, incarnation, at } };
    });
    return written === null ? { v: 1, ok: true } : refusalReply(nobody, written, null);
  }

  /**
   * Hears that a node lives. Answers a run that is known to be over (H10), and one that lives where its silence is ours to judge: then
   * the node knows that it is heard.
   */
  beat(node: string, bytes: Uint8Array): BeatReply | undefined {
    const decoded = decode(nodeRequestSchemas.beat, bytes, requestBytesMax);
    if (!decoded.ok) return undefined;
    const { incarnation } = decoded.value;
    this.#lives.heard(node, incarnation, this.parts.world.monotonicMs());
    if (this.#lives.isOver(node, incarnation)) return refusalReply(nobody, fenced, null);
    const { owns = () => true } = this.parts;
    return this.speaks(node, incarnation) && owns(node) ? { v: 1, ok: true } : undefined;
  }

  /** Gives every node a whole window again, after a pause or a disconnect of our own. */
  rearm(): void {
    this.#lives.rearm(this.parts.world.monotonicMs());
  }

  /** Records what the silence of nodes says: suspected, heard again, lost. */
  async judge(): Promise<void> {
    const silent = this.#lives
      .verdicts(this.parts.world.monotonicMs(), this.#graceMs)
      .filter(({ life }) => !this.#judging.has(life.node));
    await Promise.all(
      silent.map(async ({ life: { node }, is }) => {
        this.#judging.add(node);
        try {
          await this.#queue.run(() => this.#record(node, is));
        } finally {
          this.#judging.delete(node);
        }
      }),
    );
  }

  readonly #graceMs = (node: string): number => {
    const { owns } = this.parts;
    return owns === undefined || owns(node) ? 0 : graceMs;
  };

  // A beat that came meanwhile, or another arbiter's record, makes the verdict void.
  async #record(node: string, is: Verdict['is']): Promise<void> {
    await this.#write(node, (lives) => {
      const verdict = lives.verdict(node, this.parts.world.monotonicMs(), this.#graceMs);
      return verdict?.is === is ? { record: this.#recordOf(verdict) } : { refusal: null };
    });
  }

  #recordOf({ life, is, silentMs }: Verdict): NodeRecord {
    const { node, incarnation, boundMs, suspicion } = life;
    const { world, name: by } = this.parts;
    const base = { schema: 1, node, incarnation, at: world.now(), by } as const;
    switch (is) {
      case 'suspected':
        return { ...base, type: 'NodeSuspected', silentMs, boundMs };
      case 'heard':
        return { ...base, type: 'NodeHeard' };
      case 'lost':
        return { ...base, type: 'NodeLost', silentMs, boundMs, suspectedAt: suspicion?.at ?? null };
    }
  }

  /** Whether this is known to be the run of the node that may speak. */
  speaks(node: string, incarnation: string): boolean {
    const current = this.#lives.get(node);
    return current?.incarnation === incarnation && isUp(current);
  }

  async #refresh(node: string): Promise<void> {
    const last = await this.parts.book.last(node);
    if (last !== null) this.hear(last.record, last.sequence);
  }

  // Writes what `choose` says after the last record; answers the refusal, or null when all is well.
  async #write(node: string, choose: (lives: NodeLives) => Choice): Promise<Refusal | null> {
    for (let attempt = 1; attempt <= attemptsMax; attempt += 1) {
      await this.#refresh(node);
      const choice = choose(this.#lives);
      if ('refusal' in choice) return choice.refusal;
      const afterSequence = this.#recorded.get(node) ?? 0;
      const outcome = await this.parts.book.append(choice.record, { afterSequence });
      if (outcome.kind === 'ok') {
        this.hear(choice.record, outcome.sequence);
        return null;
      }
      await this.parts.world.sleep(this.parts.world.random() * 20 * attempt);
    }
    return { code: 'WSAENETDOWN', rule: 'E2', facts: { attempts: attemptsMax } };
  }
}

type Choice = { readonly record: NodeRecord } | { readonly refusal: Refusal | null };

const nobody = { session: null, commandId: null };
const fenced: Refusal = { code: 'WSAENETRESET', rule: 'H10' };

const malformed = ({
  field,
  problem,
}: {
  readonly field: string;
  readonly problem: string;
}): Refusal => ({
  code: 'WSAEFAULT',
  rule: 'H11',
  facts: { field, problem },
});

function evidenceOf({ record, supersededBy }: EndedRun): LossEvidence {
  if (record.type === 'NodeLost') {
    return { kind: 'silent', silentMs: record.silentMs, boundMs: record.boundMs };
  }
  return supersededBy === null ? { kind: 'stopped' } : { kind: 'superseded', by: supersededBy };
}
