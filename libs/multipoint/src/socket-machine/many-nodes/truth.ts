import type { SessionAddress } from '../../address.js';
import type { SessionCommand } from '../../command.js';
import type { DataPlane, Departure, EventOf, JoinId, JoinKind, SessionEvent } from '../../event.js';
import type { Result } from '../../result.js';
import { linkMadeFor, type SocketId } from '../../socket-id.js';
import type { Refusal, WsaCode } from '../../wsa.js';
import { hold } from './hold.js';

// What is on record, kept as Winsock speaks of it: joins that were started, and memberships. No socket
// may hear anything that is not here, and each hears of it once.

/** A join on record. */
export interface JoinOnRecord {
  readonly session: SessionAddress;
  readonly id: JoinId;
  readonly kind: JoinKind;
  readonly caller: SocketId;
  readonly link: SocketId | null;
  readonly at: string;
  outcome: 'waits' | 'success' | 'cancelled' | WsaCode;
  /** How often its caller has heard FD_CONNECT. */
  connects: number;
}

/** One end of a membership, and how it is to hear of its end. */
export interface MembershipEnd {
  /** The how-manieth session at its address. */
  readonly incarnation: number;
  readonly session: SessionAddress;
  readonly socket: SocketId;
  readonly join: JoinId;
  /** `nothing`: it ended it itself. */
  owed: 'member' | 'nothing' | { readonly code: WsaCode | null };
  closes: number;
}

interface Membership {
  readonly leaf: MembershipEnd;
  link: MembershipEnd | null;
}

const codes: Readonly<Record<Departure, WsaCode | null>> = {
  'leaf-closed': null,
  'link-closed': null,
  'leaf-reset': 'WSAECONNRESET',
  'link-reset': 'WSAECONNRESET',
  replaced: 'WSAECONNRESET',
  'node-lost': 'WSAECONNABORTED',
};

export class Truth {
  readonly joins: JoinOnRecord[] = [];
  readonly ends: MembershipEnd[] = [];
  readonly #present: Membership[] = [];
  readonly #everLinked: { readonly leaf: MembershipEnd; readonly link: MembershipEnd }[] = [];
  readonly #rootless = new Set<string>();
  readonly #planes = new Map<string, { readonly incarnation: number; readonly data: DataPlane }>();

  /** How the data of a session travels, or of the last one at its address. */
  planeOf(session: string): DataPlane {
    return this.#planes.get(session)?.data ?? 'nonrooted';
  }

  incarnationOf(session: string): number {
    return this.#planes.get(session)?.incarnation ?? 0;
  }

  /** Whom a socket's link leads to, or has led to: a leaf may not know of its next root yet. */
  otherEnds(session: string, socket: string): readonly SocketId[] {
    return this.#everLinked
      .filter(
        ({ leaf, link }) =>
          leaf.session === session && [leaf, link].some((end) => end.socket === socket),
      )
      .map(({ leaf, link }) => (leaf.socket === socket ? link.socket : leaf.socket));
  }

  /** Whether the session that is at an address has ever lost its root. */
  hasLostRoot(session: string): boolean {
    return this.#rootless.has(`${session} ${String(this.incarnationOf(session))}`);
  }

  join(session: SessionAddress, id: JoinId): JoinOnRecord | undefined {
    return this.joins.find((join) => join.session === session && join.id === id);
  }

  /** The part that a socket plays in a session, last of all. */
  end(session: SessionAddress, socket: SocketId): MembershipEnd | undefined {
    return this.ends.findLast((end) => end.session === session && end.socket === socket);
  }

  decided(
    session: SessionAddress,
    command: SessionCommand,
    decided: Result<readonly SessionEvent[], Refusal>,
  ): void {
    if (command.type === 'InviteLeaf') this.#oneInvitation(session, command.caller, decided);
    for (const event of decided.ok ? decided.value : []) this.#happened(session, event);
  }

  // R49, R50, R54: a root has one invitation outstanding, and hears WSAEALREADY exactly while it has.
  #oneInvitation(
    session: SessionAddress,
    caller: SocketId,
    decided: Result<readonly SessionEvent[], Refusal>,
  ): void {
    const waits = this.joins.some(
      (join) => join.session === session && join.caller === caller && join.outcome === 'waits',
    );
    if (waits) hold(!decided.ok && decided.error.code === 'WSAEALREADY', 'R50: one at a time');
    else hold(decided.ok || decided.error.rule !== 'R50', 'R54: free as soon as it has ended');
  }

  #happened(session: SessionAddress, event: SessionEvent): void {
    switch (event.type) {
      case 'JoinRequested': {
        const { join: id, kind, caller, link, leafAddress: at } = event;
        const asked = { session, id, kind, caller, link, at } as const;
        this.joins.push({ ...asked, outcome: 'waits', connects: 0 });
        return;
      }
      case 'LeafAdmitted':
        this.#admitted(session, event);
        return;
      case 'JoinFailed':
        this.#ended(session, event.join, event.code);
        return;
      case 'JoinCancelled':
        this.#ended(session, event.join, 'cancelled');
        return;
      case 'MemberLeft':
        this.#left(session, event);
        return;
      case 'SessionShutDown':
        this.#everybodyOut(session, null);
        return;
      case 'SessionClosed': {
        const code = event.ending === 'root-lost' ? 'WSAECONNABORTED' : null;
        this.#everybodyOut(session, event.ending === 'root-reset' ? 'WSAECONNRESET' : code);
        return;
      }
      case 'SessionOpened': {
        const { incarnation, data } = event;
        this.#planes.set(session, { incarnation, data });
        return;
      }
      case 'RootLost':
        this.#linksGone(session);
        return;
      case 'RootReplaced':
        this.#linksMade(session, event.root);
        return;
      case 'HeirElected':
      case 'ListenStarted':
      case 'PolicyChanged':
      case 'JoinDeferred':
      case 'CommandSettled':
        return;
    }
  }

  #ended(session: SessionAddress, id: JoinId, outcome: JoinOnRecord['outcome']): void {
    const join = this.join(session, id);
    if (join === undefined) throw new Error(`${session} ${id} was never asked for`);
    hold(join.outcome === 'waits', 'R125: a join has one outcome');
    join.outcome = outcome;
  }

  #admitted(session: SessionAddress, { join, leaf, link }: EventOf<'LeafAdmitted'>): void {
    this.#ended(session, join, 'success');
    const member: Membership = {
      leaf: this.#end(session, leaf, join),
      link: link === null ? null : this.#end(session, link, join),
    };
    this.#present.push(member);
    if (member.link !== null) this.#everLinked.push({ leaf: member.leaf, link: member.link });
  }

  #end(session: SessionAddress, socket: SocketId, join: JoinId): MembershipEnd {
    const incarnation = this.incarnationOf(session);
    const end: MembershipEnd = { session, incarnation, socket, join, owed: 'member', closes: 0 };
    this.ends.push(end);
    return end;
  }

  // The run that held them is lost: nobody is there to hear.
  #linksGone(session: SessionAddress): void {
    this.#rootless.add(`${session} ${String(this.incarnationOf(session))}`);
    for (const member of this.#take(session)) {
      if (member.link !== null) member.link.owed = 'nothing';
      member.link = null;
    }
  }

  #linksMade(session: SessionAddress, root: SocketId): void {
    for (const member of this.#take(session)) {
      const link = linkMadeFor(root, member.leaf.join);
      member.link = this.#end(session, link, member.leaf.join);
      this.#everLinked.push({ leaf: member.leaf, link: member.link });
    }
  }

  #left(session: SessionAddress, { leaf, departure }: EventOf<'MemberLeft'>): void {
    const member = this.#take(session).find((one) => one.leaf.socket === leaf);
    if (member === undefined) throw new Error(`${leaf} was no member`);
    this.#present.splice(this.#present.indexOf(member), 1);
    const owed = { code: codes[departure] };
    const byLeaf = departure === 'leaf-closed' || departure === 'leaf-reset';
    const byLink = departure === 'link-closed' || departure === 'link-reset';
    member.leaf.owed = byLeaf ? 'nothing' : owed;
    if (member.link !== null) member.link.owed = byLink ? 'nothing' : owed;
  }

  #everybodyOut(session: SessionAddress, code: WsaCode | null): void {
    for (const member of this.#take(session)) {
      this.#present.splice(this.#present.indexOf(member), 1);
      member.leaf.owed = { code };
      if (member.link !== null) member.link.owed = { code };
    }
  }

  #take(session: SessionAddress): readonly Membership[] {
    return this.#present.filter(({ leaf }) => leaf.session === session);
  }
}
