import { UnreadableCommit, type RefusalRecord, type StoredCommit } from '@joinleaf/event-log';
import { storedCommit, type StoredMessage } from '@joinleaf/jetstream-log';
import type { SessionAddress } from '@joinleaf/multipoint';
import type { History } from '@joinleaf/replay';
import { troubleOf } from '../sources.js';

/** What was read of one session so far. */
export class Gathered {
  readonly #commits: StoredCommit[] = [];
  #trouble: string | null = null;

  constructor(readonly session: SessionAddress) {}

  /** Takes the next message on the session's subject. What is no commit is trouble, and the session ends there. */
  take(message: StoredMessage): void {
    if (this.#trouble !== null) return;
    try {
      this.#commits.push(storedCommit(message));
    } catch (error) {
      if (!(error instanceof UnreadableCommit)) throw error;
      this.#trouble = troubleOf(error);
    }
  }

  /** Takes commits that were read elsewhere. */
  add(commits: readonly StoredCommit[]): void {
    for (const commit of commits) this.#commits.push(commit);
  }

  whole(refusals: readonly RefusalRecord[]): {
    readonly history: History;
    readonly trouble: string | null;
  } {
    const history = { session: this.session, commits: this.#commits, refusals };
    return { history, trouble: this.#trouble };
  }
}
