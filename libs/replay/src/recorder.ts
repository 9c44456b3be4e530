import {
  emptyHead,
  foldDecisions,
  sealCommit,
  type Decided,
  type Head,
  type RefusalRecord,
  type Sha256,
  type StoredCommit,
} from '@joinleaf/event-log';
import {
  decide,
  unopened,
  type Session,
  type SessionAddress,
  type SessionCommand,
} from '@joinleaf/multipoint';
import type { History } from './history.js';
import type { Decider } from './redecide.js';

export interface RecorderOptions {
  readonly session: SessionAddress;
  readonly sha256: Sha256;
  /** Milliseconds since the Unix epoch. */
  readonly startAt: number;
  readonly decider?: Decider;
}

/** Writes a history the way an arbiter would, from commands alone: for what-if, examples and tests. */
export class Recorder {
  readonly #options: RecorderOptions;
  readonly #commits: StoredCommit[] = [];
  readonly #refusals: RefusalRecord[] = [];
  #head: Head = emptyHead;
  #session: Session = unopened;
  #now: number;
  #commands = 0;

  constructor(options: RecorderOptions) {
    this.#options = options;
    this.#now = options.startAt;
  }

  get history(): History {
    const { session } = this.#options;
    return { session, commits: [...this.#commits], refusals: [...this.#refusals] };
  }

  get session(): Session {
    return this.#session;
  }

  /** Milliseconds since the Unix epoch, for the command that comes next. */
  get now(): number {
    return this.#now;
  }

  /** Lets time pass. */
  wait(ms: number): this {
    this.#now += ms;
    return this;
  }

  /** Decides commands in their order on what came before them, and stores the accepted ones as one commit. */
  decide(...commands: readonly SessionCommand[]): this {
    const accepted: Decided[] = [];
    const revision = this.#head.revision;
    let session = this.#session;
    for (const command of commands) {
      this.#commands += 1;
      const commandId = this.#id('command', this.#commands);
      const decision = (this.#options.decider ?? decide)(command, session);
      if (!decision.ok) {
        const { code, rule, facts = null } = decision.error;
        const basedOn = { revision, decisions: accepted.length };
        this.#refuse({ commandId, command, basedOn, code, rule, facts });
      } else if (decision.value.events.length > 0) {
        const decided = { commandId, command, ...decision.value };
        accepted.push(decided);
        session = foldDecisions(session, [decided]);
      }
    }
    if (accepted.length > 0) this.#append(accepted);
    this.#session = session;
    return this;
  }

  // Unique over all sessions: the broker recognises a repetition by it.
  #id(what: string, count: number): string {
    return `${this.#options.session.replace('@', '')}-${what}-${String(count).padStart(4, '0')}`;
  }

  #append(decisions: readonly Decided[]): void {
    const { session, sha256 } = this.#options;
    const commit = sealCommit(session, this.#head, {
      commitId: this.#id('commit', this.#head.revision + 1),
      arbiter: 'arb-a',
      decider: 'multipoint/1',
      decidedAt: this.#now,
      decisions,
    });
    const hash = sha256(new TextEncoder().encode(JSON.stringify(commit)));
    const sequence = this.#head.sequence + 1;
    this.#commits.push({ ...commit, hash, sequence, storedAt: this.#now + 1 });
    this.#head = { revision: commit.revision, hash, sequence };
  }

  #refuse(
    refused: Pick<RefusalRecord, 'commandId' | 'command' | 'basedOn' | 'code' | 'rule' | 'facts'>,
  ): void {
    const { session } = this.#options;
    const by = { arbiter: 'arb-a', decider: 'multipoint/1', decidedAt: this.#now };
    this.#refusals.push({ schema: 1, session, ...refused, ...by });
  }
}
