import { nodeOf, type Join, type Session, type SessionAddress } from '@joinleaf/multipoint';
import type { Taken, Told } from '@joinleaf/projection';

type Folded = Extract<Taken, { kind: 'folded' }>;

/**
 * The invitations that wait for an answer, by the node they are addressed to. A node that starts again
 * has forgotten them. A root invites one leaf at a time, so a session has one of them at most.
 */
export class PendingInvitations {
  readonly #bySession = new Map<SessionAddress, { readonly node: string; readonly told: Told }>();
  readonly #sessionsOf = new Map<string, Set<SessionAddress>>();

  take(session: SessionAddress, { before, after, told }: Folded): void {
    const was = invitationOf(before.session);
    const is = invitationOf(after.session);
    if (was?.id === is?.id && was?.leafAddress === is?.leafAddress) return;
    this.drop(session);
    if (is === null) return;
    const asked = told.find(
      ({ notification }) => notification.kind === 'FD_ACCEPT' && notification.join === is.id,
    );
    if (asked !== undefined) this.#add(session, nodeOf(is.leafAddress), asked);
  }

  /** Forgets a session's invitation. */
  drop(session: SessionAddress): void {
    const pending = this.#bySession.get(session);
    if (pending === undefined) return;
    this.#bySession.delete(session);
    const sessions = this.#sessionsOf.get(pending.node);
    sessions?.delete(session);
    if (sessions?.size === 0) this.#sessionsOf.delete(pending.node);
  }

  /** A node's invitations, in the order in which it was told of them. */
  of(node: string): readonly Told[] {
    const sessions = [...(this.#sessionsOf.get(node) ?? [])];
    return sessions
      .flatMap((session) => this.#bySession.get(session)?.told ?? [])
      .sort((a, b) => a.place.sequence - b.place.sequence || a.place.index - b.place.index);
  }

  #add(session: SessionAddress, node: string, told: Told): void {
    this.#bySession.set(session, { node, told });
    const sessions = this.#sessionsOf.get(node);
    if (sessions === undefined) this.#sessionsOf.set(node, new Set([session]));
    else sessions.add(session);
  }
}

const invitationOf = (session: Session): Join | null =>
  session.phase === 'open' ? session.invitation : null;
