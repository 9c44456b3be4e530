import { headOf, type ChainedCommit, type EventLog, type Head } from '@joinleaf/event-log';
import type { LossEvidence, SessionAddress, SessionCommand } from '@joinleaf/multipoint';
import type { Arbiter } from './arbiter.js';
import { Census, nodeRun, type NodeRun } from './census.js';
import { Deadlines } from './deadlines.js';
import type { EndedRun } from './node-lives.js';
import type { ReportBug, World } from './ports.js';

/** Lost runs whose evidence is kept, for sessions in which they turn up later. */
const evidenceMax = 10_000;

export interface HousekeepingParts {
  readonly log: EventLog;
  readonly arbiter: Arbiter;
  readonly world: World;
  readonly reportBug: ReportBug;
  /** Named once for every stored message that is no commit. */
  readonly unreadable: (sequence: number, reason: string) => void;
}

/**
 * What an arbiter does unasked: it reads the log, ends joins whose deadline passed, and takes lost
 * nodes out of their sessions. All of it through commands, so that doing it twice changes nothing.
 */
export class Housekeeping {
  readonly #census = new Census();
  readonly #deadlines = new Deadlines();
  readonly #evidence = new Map<NodeRun, LossEvidence>();
  /** How far each session was heard. */
  readonly #heads = new Map<SessionAddress, Head>();

  constructor(private readonly parts: HousekeepingParts) {}

  /** Reads the log from its beginning, and goes on until the signal. `caughtUp` is called once. */
  async follow(signal: AbortSignal, caughtUp: () => void): Promise<void> {
    const known = (session: SessionAddress, sequence: number) =>
      sequence <= (this.#heads.get(session)?.sequence ?? 0);
    for await (const item of this.parts.log.follow({ signal, known })) {
      switch (item.kind) {
        case 'commit':
          this.parts.arbiter.hear(item.commit);
          this.hear(item.commit);
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

  /** Takes in the next commit of a session, from the log or as we wrote it; once, whoever is first. */
  hear(commit: ChainedCommit): void {
    const { session, revision } = commit;
    if (revision <= (this.#heads.get(session)?.revision ?? 0)) return;
    this.#heads.set(session, headOf(commit));
    const arrived = this.#census.apply(commit);
    const earliest = this.#census.earliestDeadline(session);
    if (earliest !== null) this.#deadlines.note(session, earliest);
    for (const run of arrived) if (this.#evidence.has(run)) this.#loseIn(session, run);
  }

  /** Milliseconds until a join may expire; null when none is waiting. */
  untilDeadlineMs(): number | null {
    const { earliest } = this.#deadlines;
    return earliest === null ? null : Math.max(0, earliest - this.parts.world.now());
  }

  /** Ends the joins whose deadline has passed. */
  async expire(): Promise<void> {
    const now = this.parts.world.now();
    const due = [...this.#deadlines.takeDue(now)].filter((session) => {
      const earliest = this.#census.earliestDeadline(session);
      if (earliest === null) return false;
      if (earliest > now) this.#deadlines.note(session, earliest);
      return earliest <= now;
    });
    await Promise.all(due.map((session) => this.#expireIn(session, now)));
  }

  /** Takes a run of a node that is over out of every session. */
  lose({ node, incarnation }: EndedRun, evidence: LossEvidence): void {
    const run = nodeRun(node, incarnation);
    this.#evidence.set(run, evidence);
    const [oldest] = this.#evidence.keys();
    if (this.#evidence.size > evidenceMax && oldest !== undefined) this.#evidence.delete(oldest);
    for (const session of this.#census.sessionsOf(run)) this.#loseIn(session, run);
  }

  async #expireIn(session: SessionAddress, now: number): Promise<void> {
    const done = await this.#command(session, 'expire', { type: 'ExpireJoins', now });
    if (!done) this.#deadlines.note(session, now + 1_000);
  }

  #loseIn(session: SessionAddress, run: NodeRun): void {
    const [node = '', incarnation = ''] = run.split('/');
    const evidence = this.#evidence.get(run);
    if (evidence === undefined) return;
    const command = { type: 'LoseNode', node, incarnation, evidence } as const;
    void this.#insist(session, 'lose', command);
  }

  async #insist(session: SessionAddress, what: string, command: SessionCommand): Promise<void> {
    for (let attempt = 1; attempt <= 60; attempt += 1) {
      if (await this.#command(session, what, command)) return;
      await this.parts.world.sleep(1_000);
    }
    this.parts.reportBug(`a lost node could not be taken out of a session`, null);
  }

  async #command(session: SessionAddress, what: string, command: SessionCommand): Promise<boolean> {
    const commandId = `${what}-${this.parts.world.newId()}`;
    const outcome = await this.parts.arbiter.submit(session, { commandId, command });
    return outcome.kind === 'accepted' || outcome.kind === 'refused';
  }
}
