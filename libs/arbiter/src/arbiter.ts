import type { StoredCommit } from '@joinleaf/event-log';
import type { SessionAddress } from '@joinleaf/multipoint';
import type { Asked, Verdict } from './decide-batch.js';
import {
  SessionMailbox,
  type MailboxOptions,
  type MailboxParts,
  type Outcome,
} from './session-mailbox.js';

export interface ArbiterOptions extends MailboxOptions {
  /** Sessions kept in memory; beyond it the longest unused ones are folded again when needed. */
  readonly sessionsMax: number;
}

/** Arbitrates sessions: one mailbox for each that is in use. */
export class Arbiter {
  // In the order of their last use, longest ago first.
  readonly #mailboxes = new Map<SessionAddress, SessionMailbox>();

  constructor(
    private readonly parts: MailboxParts,
    private readonly options: ArbiterOptions,
  ) {}

  get sessionsInMemory(): number {
    return this.#mailboxes.size;
  }

  /** Decides a command on a session. Never rejects. */
  submit(session: SessionAddress, asked: Asked): Promise<Outcome> {
    return this.#mailbox(session).submit(asked);
  }

  /** What a node's command was told before; null when nothing is known of it. Rejects when the log is out of reach. */
  recall(session: SessionAddress, commandId: string, node: string): Promise<Verdict | null> {
    return this.#mailbox(session).recall(commandId, node);
  }

  /** The revision that this arbiter has folded of a session; 0 when it holds none. */
  revisionOf(session: SessionAddress): number {
    return this.#mailboxes.get(session)?.revision ?? 0;
  }

  /** Takes in a commit that was read from the log. */
  hear(commit: StoredCommit): void {
    this.#mailboxes.get(commit.session)?.hear(commit);
  }

  /** Waits until every command taken so far has its outcome. */
  async settled(): Promise<void> {
    await Promise.all([...this.#mailboxes.values()].map((mailbox) => mailbox.settled()));
  }

  #mailbox(session: SessionAddress): SessionMailbox {
    const mailbox =
      this.#mailboxes.get(session) ?? new SessionMailbox(session, this.parts, this.options);
    this.#mailboxes.delete(session);
    this.#mailboxes.set(session, mailbox);
    if (this.#mailboxes.size > this.options.sessionsMax) this.#evict();
    return mailbox;
  }

  #evict(): void {
    for (const [session, mailbox] of this.#mailboxes) {
      if (this.#mailboxes.size <= this.options.sessionsMax) return;
      if (mailbox.idle) this.#mailboxes.delete(session);
    }
  }
}
