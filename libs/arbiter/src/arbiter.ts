import type { StoredCommit } from '@joinleaf/event-log';
import type { SessionAddress } from '@joinleaf/multipoint';
import type { Asked, Verdict } from './decide-batch.js';
import {
  SessionMailbox,
  type MailboxOptions,
  type MailboxParts,
  type Outcome,
} from './session-mailbox.js';
import { ToldBefore } from './told-before.js';

export interface ArbiterOptions extends MailboxOptions {
  /** Sessions kept in memory; beyond it those that were quiet longest are read again when needed. */
  readonly sessionsMax: number;
  /** Decisions that are kept whole, of all sessions together; 16 384 when nobody says. */
  readonly decisionsMax?: number;
}

/** This share of the sessions is let go at once: to look for one after the other takes longer. */
const evictedShare = 1 / 16;

/**
 * Arbitrates sessions: one mailbox for each that it has heard of, as far as memory goes. It hears every commit of every arbiter,
 * and so it can decide for a session that another one looked after until now without reading it.
 */
export class Arbiter {
  // Roughly in the order of their last use, longest ago first.
  readonly #mailboxes = new Map<SessionAddress, SessionMailbox>();
  readonly #told: ToldBefore;

  constructor(
    private readonly parts: MailboxParts,
    private readonly options: ArbiterOptions,
  ) {
    this.#told = new ToldBefore(parts.log, options.decisionsMax);
  }

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
    const { session, revision } = commit;
    const isHeld = revision === 1 || this.#mailboxes.has(session);
    if (isHeld) this.#mailbox(session).hear(commit);
  }

  /** Waits until every command taken so far has its outcome. */
  async settled(): Promise<void> {
    await Promise.all([...this.#mailboxes.values()].map((mailbox) => mailbox.settled()));
  }

  #mailbox(session: SessionAddress): SessionMailbox {
    const held = this.#mailboxes.get(session);
    const mailbox = held ?? new SessionMailbox(session, this.parts, this.options, this.#told);
    mailbox.wasUsed = true;
    if (held === undefined) {
      this.#mailboxes.set(session, mailbox);
      if (this.#mailboxes.size > this.options.sessionsMax) this.#evict(session);
    }
    return mailbox;
  }

  // Who was used since the last look goes to the end of the line. To put it there at every use would cost more with every use:
  // a map keeps the place of what was deleted, and looks at all of them for a key that comes and goes.
  #evict(inUse: SessionAddress): void {
    const most = Math.floor(this.options.sessionsMax * (1 - evictedShare));
    let looks = 2 * this.#mailboxes.size;
    for (const [session, mailbox] of this.#mailboxes) {
      if (this.#mailboxes.size <= most || looks === 0) return;
      looks -= 1;
      const stays = mailbox.wasUsed || !mailbox.idle || session === inUse;
      mailbox.wasUsed = false;
      this.#mailboxes.delete(session);
      if (stays) this.#mailboxes.set(session, mailbox);
    }
  }
}
