import { emptyHead, type Followed, type Head, type StoredCommit } from '@joinleaf/event-log';
import { outstanding, type SessionAddress } from '@joinleaf/multipoint';
import { Sessions, type Stopped, type Told } from '@joinleaf/projection';
import { sessionIn } from '@joinleaf/wire';
import { counted } from '../counted.js';
import { finding, problemOf, type Finding, type Problem } from './finding.js';

interface Checked {
  /** Messages on its subject that were read, whatever they are. */
  messages: number;
  commits: number;
  head: Head;
  readonly commandIds: Set<string>;
  problem: Problem | null;
}

/** Joins may wait so much longer than their deadline before anybody wonders, in milliseconds. */
const overdueMs = 10_000;

/** Follows the log as a whole: each session's chain and fold, and the numbers of the stream. */
export class SessionChecks {
  readonly #sessions = new Sessions();
  readonly #checked = new Map<SessionAddress, Checked>();
  readonly #stray: Problem[] = [];
  readonly #stream: string;
  readonly #allEvents: string;

  constructor({ stream, allEvents }: { readonly stream: string; readonly allEvents: string }) {
    this.#stream = stream;
    this.#allEvents = allEvents;
  }

  /** Takes the next of the stream; what it tells, if it can be trusted. */
  take(followed: Exclude<Followed, { kind: 'caught-up' }>): readonly Told[] {
    if (followed.kind === 'commit') return this.#take(followed.commit);
    const { sequence, subject, reason } = followed;
    const session = sessionIn(subject);
    if (session !== null) {
      const checked = this.#of(session);
      checked.messages += 1;
      const stopped = this.#sessions.skip(sequence, session, reason);
      if (stopped !== null) checked.problem ??= this.#problem(checked, stopped, sequence);
      return [];
    }
    this.#stray.push(
      subject === this.#allEvents
        ? problemOf('missing-messages', `${reason} in ${this.#stream}`, gapNext, sequence)
        : problemOf(
            'stray',
            `message ${String(sequence)} lies on ${subject}, which is no session's: ${reason}`,
            'nothing reads it; look for who may publish there',
            sequence,
          ),
    );
    return [];
  }

  /** How many messages were read on a session's subject. */
  messagesOf(session: SessionAddress): number {
    return this.#checked.get(session)?.messages ?? 0;
  }

  headOf(session: SessionAddress): Head {
    return this.#checked.get(session)?.head ?? emptyHead;
  }

  isDamaged(session: SessionAddress): boolean {
    return (this.#checked.get(session)?.problem ?? null) !== null;
  }

  /** Notes that a session has lost its end: somebody knows of more than the log holds. */
  lostEnd(session: SessionAddress, detail: string): void {
    const checked = this.#of(session);
    checked.problem ??= {
      kind: 'lost-end',
      session,
      revision: checked.head.revision + 1,
      sequence: null,
      detail,
      goodUpTo: checked.head,
      next: sessionNext(session, this.#stream),
    };
  }

  /** What is wrong with the stream and with no session in particular. */
  get streamProblems(): readonly Problem[] {
    return this.#stray;
  }

  /** Every session, sorted by name. */
  findings(now: number): readonly Finding[] {
    const names = [...this.#checked.keys()].sort();
    return names.map((session) => this.#finding(session, this.#of(session), now));
  }

  #take(commit: StoredCommit): readonly Told[] {
    const { session, revision, sequence } = commit;
    const checked = this.#of(session);
    checked.messages += 1;
    if (checked.problem !== null) return [];
    const taken = this.#sessions.take(commit);
    switch (taken.kind) {
      case 'folded': {
        const again = commit.decisions.find(({ commandId }) => checked.commandIds.has(commandId));
        if (again !== undefined) {
          const detail = `command ${again.commandId} was decided before`;
          const stopped = { kind: 'repeated-command', session, revision, detail } as const;
          checked.problem = this.#problem(checked, stopped, sequence);
          return [];
        }
        for (const { commandId } of commit.decisions) checked.commandIds.add(commandId);
        checked.commits += 1;
        checked.head = taken.after.head;
        return taken.told;
      }
      case 'stopped':
        checked.problem = this.#problem(checked, taken.stopped, sequence);
        return [];
      case 'ignored':
        return [];
    }
  }

  #of(session: SessionAddress): Checked {
    const known = this.#checked.get(session);
    if (known !== undefined) return known;
    const commandIds = new Set<string>();
    const made = { messages: 0, commits: 0, head: emptyHead, commandIds, problem: null };
    this.#checked.set(session, made);
    return made;
  }

  #problem({ head }: Checked, stopped: Stopped, sequence: number): Problem {
    const { kind, session, detail } = stopped;
    return {
      kind,
      session,
      revision: 'revision' in stopped ? stopped.revision : null,
      sequence,
      detail,
      goodUpTo: head,
      next: sessionNext(session, this.#stream),
    };
  }

  #finding(session: SessionAddress, checked: Checked, now: number): Finding {
    const { commits, head, problem } = checked;
    const end = commits === 0 ? '' : `, chain ends in ${(head.hash ?? '').slice(0, 12)}`;
    const detail = commits === 0 ? 'no commits' : `${counted(commits, 'commit')}${end}`;
    if (problem !== null) return finding(session, detail, [problem]);
    return finding(session, detail, [], this.#overdue(session, now));
  }

  #overdue(session: SessionAddress, now: number): readonly string[] {
    const { session: state } = this.#sessions.of(session);
    if (state.phase !== 'open') return [];
    return outstanding(state)
      .filter(({ deadlineAt }) => deadlineAt !== null && deadlineAt + overdueMs < now)
      .map(
        ({ id, deadlineAt }) =>
          `${id} should have ended at ${new Date(deadlineAt ?? 0).toISOString()}: no session service keeps deadlines`,
      );
  }
}

const gapNext =
  'the sessions they belong to show it, at the latest when they go on; restore the stream from a backup';

/** What to do about a damaged session. */
export const sessionNext = (session: string, stream: string): string =>
  `its commands are refused with WSAENETDOWN (H14), other sessions go on: restore ${stream} from a backup, or leave ${session} and open another`;
