import { UnreadableCommit, type RefusalRecord } from '@joinleaf/event-log';
import { storedCommit, type StoredMessage } from '@joinleaf/jetstream-log';
import type { SessionAddress } from '@joinleaf/multipoint';
import { Redeciding, type Decider } from '@joinleaf/replay';
import { troubleOf } from '../sources.js';
import type { Said } from './session-report.js';

// The log has the sessions' messages all mixed. What a decision needs of one is out of the processor's caches by the time that
// its next message comes, so some are kept, as bytes, and decided one after the other.

/** So many messages of one session wait for one another, */
const ofOneMax = 64;
/** and so many in all. */
const waitingMax = 16_384;

/** Sessions that are decided again while they are read. */
export class SessionsDeciding {
  readonly #begun = new Map<SessionAddress, SessionDeciding>();
  #waiting = 0;

  constructor(private readonly decider: Decider) {}

  /** @param refusals - All that there are of the session. */
  begin(session: SessionAddress, refusals: readonly RefusalRecord[]): void {
    this.#begun.set(session, new SessionDeciding(session, refusals, this.decider));
  }

  /** Takes the next message on the subject of a session. What is no commit is trouble, and the session ends there. */
  take(session: SessionAddress, message: StoredMessage): void {
    const deciding = this.#of(session);
    const waiting = deciding.add(message);
    this.#waiting += 1;
    if (waiting >= ofOneMax) this.#waiting -= deciding.decide();
    if (this.#waiting < waitingMax) return;
    for (const one of this.#begun.values()) one.decide();
    this.#waiting = 0;
  }

  /** What came of a session, of which nothing is kept then. Throws what a law threw beyond its decision. */
  finish(session: SessionAddress): Said {
    const deciding = this.#of(session);
    this.#waiting -= deciding.decide();
    this.#begun.delete(session);
    return deciding.said();
  }

  #of(session: SessionAddress): SessionDeciding {
    const begun = this.#begun.get(session);
    if (begun === undefined) throw new Error(`${session} has not begun`);
    return begun;
  }
}

class SessionDeciding {
  readonly #redeciding: Redeciding;
  #messages: StoredMessage[] = [];
  #trouble: string | null = null;
  #failure: { readonly error: unknown } | null = null;

  constructor(session: SessionAddress, refusals: readonly RefusalRecord[], decider: Decider) {
    this.#redeciding = new Redeciding(session, refusals, decider);
  }

  /** How many wait now. */
  add(message: StoredMessage): number {
    return this.#messages.push(message);
  }

  /** How many did wait. */
  decide(): number {
    const messages = this.#messages;
    this.#messages = [];
    try {
      for (const message of messages) {
        if (this.#trouble !== null || this.#failure !== null) break;
        this.#redeciding.take(storedCommit(message));
      }
    } catch (error) {
      if (error instanceof UnreadableCommit) this.#trouble = troubleOf(error);
      else this.#failure = { error };
    }
    return messages.length;
  }

  said(): Said {
    if (this.#failure !== null) throw this.#failure.error;
    return { replay: this.#redeciding.finish(), trouble: this.#trouble };
  }
}
