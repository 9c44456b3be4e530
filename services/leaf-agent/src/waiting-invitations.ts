import type { Invitation } from '@joinleaf/client';
import type { Base64, JoinFlags } from '@joinleaf/multipoint';
import { base64 } from './agent-events.js';
import { idOf } from './memberships.js';

/** An invitation that waits for an answer, as a local program sees it. */
export interface InvitationTold {
  /** `conf-7.J3`: the session and the join. */
  readonly id: string;
  readonly endpoint: string;
  readonly session: string;
  readonly join: string;
  readonly from: string;
  readonly flags: JoinFlags;
  readonly callerData: Base64 | null;
  readonly deadlineAt: number | null;
}

interface Waiting {
  readonly invitation: Invitation;
  /** An answer is on its way. */
  answering: boolean;
}

/** The invitations of one endpoint that wait for an answer. */
export class WaitingInvitations {
  readonly #waiting = new Map<string, Waiting>();

  constructor(private readonly endpoint: string) {}

  get size(): number {
    return this.#waiting.size;
  }

  /** Null when it is waiting already. */
  add(invitation: Invitation): InvitationTold | null {
    const told = this.#told(invitation);
    if (this.#waiting.has(told.id)) return null;
    this.#waiting.set(told.id, { invitation, answering: false });
    return told;
  }

  find(id: string): Invitation | undefined {
    return this.#waiting.get(id)?.invitation;
  }

  list(): readonly InvitationTold[] {
    return [...this.#waiting.values()].map(({ invitation }) => this.#told(invitation));
  }

  /** Answers one; when the answer was taken, it waits no longer. */
  async answering<T extends { readonly ok: boolean }>(
    invitation: Invitation,
    answer: () => Promise<T>,
  ): Promise<T> {
    const id = idOf(invitation);
    const waiting = this.#waiting.get(id);
    if (waiting !== undefined) waiting.answering = true;
    try {
      const done = await answer();
      if (done.ok) this.#waiting.delete(id);
      return done;
    } finally {
      if (waiting !== undefined) waiting.answering = false;
    }
  }

  /** Takes out those that are over though nobody here answered them. */
  takeExpired(): readonly InvitationTold[] {
    const expired = [...this.#waiting.values()].filter(
      ({ invitation, answering }) => invitation.expired && !answering,
    );
    for (const { invitation } of expired) this.#waiting.delete(idOf(invitation));
    return expired.map(({ invitation }) => this.#told(invitation));
  }

  #told(invitation: Invitation): InvitationTold {
    const { session, join, from, flags, callerData, deadlineAt } = invitation;
    const { endpoint } = this;
    const data = base64(callerData);
    return {
      id: idOf(invitation),
      endpoint,
      session,
      join,
      from,
      flags,
      callerData: data,
      deadlineAt,
    };
  }
}
