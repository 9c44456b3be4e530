import {
  damageAfter,
  emptyHead,
  headOf,
  type ChainedCommit,
  type EventLog,
  type Head,
  type StoredCommit,
} from '@joinleaf/event-log';
import type { LossEvidence, SessionAddress, SessionCommand } from '@joinleaf/multipoint';
import type { Arbiter } from './arbiter.js';
import { Census, nodeRun, type NodeRun } from './census.js';
import { Deadlines } from './deadlines.js';
import { Losses, type Loss } from './losses.js';
import type { EndedRun } from './node-lives.js';
import type { ReportBug, World } from './ports.js';
import { WorkQueue } from './work-queue.js';

/** Sessions that are told at once of deadlines, and as many of losses: thousands of nodes may vanish together. */
const inFlightMax = 64;
const againMs = 1_000;
const attemptsMax = 60;
/** How long another arbiter's deadlines and losses are left to it. */
const graceMs = 1_000;

export interface HousekeepingParts {
  readonly log: EventLog;
  readonly arbiter: Arbiter;
  readonly world: World;
  readonly reportBug: ReportBug;
  /** Named once for every stored message that is no commit, or not the next one of its session. */
  readonly unreadable: (sequence: number, reason: string) => void;
  /** Whether a session is ours to look after; without it all are. */
  readonly owns?: (session: SessionAddress) => boolean;
}

/**
 * What an arbiter does unasked: it reads the log, ends joins whose deadline passed, and takes lost
 * nodes out of their sessions. All of it through commands, so that doing it twice changes nothing. What
 * another arbiter owns is left to it for a second, and done then if it is still due.
 */
export class Housekeeping {
  readonly #census = new Census();
  readonly #deadlines = new Deadlines();
  readonly #losses = new Losses(graceMs);
  readonly #expiring = new WorkQueue(inFlightMax);
  readonly #losing = new WorkQueue(inFlightMax);
  /** Sessions whose deadlines are left to somebody else for now. */
  readonly #left = new Set<SessionAddress>();
  /** How far each session was heard. */
  readonly #heads = new Map<SessionAddress, Head>();
  /** Sessions whose commits are no chain: they are looked after no longer. */
  readonly #damaged = new Set<SessionAddress>();

  constructor(private readonly parts: HousekeepingParts) {}

  /** Sessions that are still to be told of deadlines and losses. */
  get backlog(): number {
    return this.#expiring.size + this.#losing.size + this.#losses.waiting;
  }

  /** Reads the log from its beginning, and goes on until the signal. `caughtUp` is called once. */
  async follow(signal: AbortSignal, caughtUp: () => void): Promise<void> {
    const known = (session: SessionAddress, sequence: number) =>
      sequence <= (this.#heads.get(session)?.sequence ?? 0);
    for await (const item of this.parts.log.follow({ signal, known })) {
      switch (item.kind) {
        case 'commit':
          this.#take(item.commit);
          break;
        case 'caught-up':
          caughtUp();
          break;
        case 'unreadable':
          this.parts.unreadable(item.sequence, item.reason);
          break;
      }
    }
  }

  #take(commit: StoredCommit): void {
    const { session, sequence } = commit;
    this.parts.arbiter.hear(commit);
    const head = this.#heads.get(session) ?? emptyHead;
    if (sequence <= head.sequence || this.#damaged.has(session)) return;
    const damage = damageAfter(head, commit);
    if (damage === null) {
      this.hear(commit);
      return;
    }
    this.#damaged.add(session);
    const { kind, revision, detail } = damage;
    this.parts.unreadable(sequence, `${kind} at revision ${String(revision)}: ${detail}`);
  }

  /** Takes in the next commit of a session, from the log or as we wrote it; once, whoever is first. */
  hear(commit: ChainedCommit): void {
    const { session, revision } = commit;
    if (revision <= (this.#heads.get(session)?.revision ?? 0)) return;
    this.#heads.set(session, headOf(commit));
    for (const { command } of commit.decisions) {
      if (command.type !== 'LoseNode') continue;
      this.#losses.done(session, nodeRun(command.node, command.incarnation));
    }
    const arrived = this.#census.apply(commit);
    const earliest = this.#census.earliestDeadline(session);
    if (earliest !== null) this.#deadlines.note(session, earliest);
    const lost = [...arrived].filter((run) => this.#note(session, run));
    if (lost.length > 0) void this.takeOut();
  }

  /** Milliseconds until a join may expire; null when none is waiting. */
  untilDeadlineMs(): number | null {
    const { earliest } = this.#deadlines;
    return earliest === null ? null : Math.max(0, earliest - this.parts.world.now());
  }

  /** We own other sessions than before: what was left to somebody else is looked at again. */
  ownershipChanged(): void {
    for (const session of this.#left) {
      const earliest = this.#census.earliestDeadline(session);
      if (earliest !== null) this.#deadlines.note(session, earliest);
    }
    this.#left.clear();
  }

  /** Ends the joins whose deadline has passed. */
  async expire(): Promise<void> {
    const now = this.parts.world.now();
    const due = [...this.#deadlines.takeDue(now)].filter((session) => this.#isDue(session, now));
    await Promise.all(due.map((session) => this.#expiring.run(() => this.#expireIn(session, now))));
  }

  /** Takes runs of nodes that are over out of their sessions. */
  async takeOut(): Promise<void> {
    const due = this.#losses.takeDue(this.parts.world.monotonicMs(), (each) => this.#owns(each));
    await Promise.all(due.map((loss) => this.#losing.run(() => this.#loseIn(loss))));
  }

  /** A run of a node is over: it is to be taken out of every session. */
  lose(ended: EndedRun, evidence: LossEvidence): void {
    this.#losses.add(ended, evidence);
    const run = nodeRun(ended.node, ended.incarnation);
    for (const session of this.#census.sessionsOf(run)) this.#note(session, run);
    void this.takeOut();
  }

  #owns(session: SessionAddress): boolean {
    return this.parts.owns?.(session) ?? true;
  }

  #note(session: SessionAddress, run: NodeRun): boolean {
    return this.#losses.note(session, run, this.parts.world.monotonicMs());
  }

  #isDue(session: SessionAddress, now: number): boolean {
    const earliest = this.#census.earliestDeadline(session);
    if (earliest === null) return false;
    const isOurs = this.#owns(session);
    const dueAt = isOurs ? earliest : earliest + graceMs;
    if (dueAt <= now) return true;
    if (!isOurs) this.#left.add(session);
    this.#deadlines.note(session, dueAt);
    return false;
  }

  async #expireIn(session: SessionAddress, now: number): Promise<void> {
    const done = await this.#command(session, 'expire', { type: 'ExpireJoins', now });
    if (!done) this.#deadlines.note(session, now + againMs);
  }

  async #loseIn(loss: Loss): Promise<void> {
    const [node = '', incarnation = ''] = loss.run.split('/');
    const { session, evidence } = loss;
    const now = this.parts.world.now();
    const command = { type: 'LoseNode', node, incarnation, evidence, now } as const;
    const done = await this.#command(session, 'lose', command);
    if (done) return;
    if (loss.attempts >= attemptsMax) {
      this.parts.reportBug('a lost node could not be taken out of a session', null);
      return;
    }
    this.#losses.again(loss, this.parts.world.monotonicMs() + againMs);
  }

  async #command(session: SessionAddress, what: string, command: SessionCommand): Promise<boolean> {
    const commandId = `${what}-${this.parts.world.newId()}`;
    const outcome = await this.parts.arbiter.submit(session, { commandId, command });
    return outcome.kind === 'accepted' || outcome.kind === 'refused';
  }
}
