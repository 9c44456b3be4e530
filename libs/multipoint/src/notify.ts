import type { NodeAddress } from './address.js';
import { evolve } from './evolve.js';
import { flowChanges, flowOf, isReserved } from './flows.js';
import type { Base64, DataPlane, EventOf, JoinFlags, JoinId, SessionEvent } from './event.js';
import { joinById, type Join, type Member, type OpenSession, type Session } from './session.js';
import { mirrored, type Flow, type Qos } from './qos.js';
import type { SocketId } from './socket-id.js';
import type { WsaCode } from './wsa.js';

/** Where the data of a session goes: what a provider has to know to send and to hear it. */
export interface Plane {
  /** The how-manieth session at its address. */
  readonly incarnation: number;
  readonly data: DataPlane;
  /** null in a group, and while a lost root has no successor. */
  readonly root: SocketId | null;
}

/**
 * What one socket is told. FD_ACCEPT, FD_CONNECT, FD_CLOSE and FD_QOS are Winsock's. The others are ours and
 * no network events: `WITHDRAWN`, a request waiting here is gone; `LINKED`, the session has a member over a
 * link that the root's program has not seen yet; `ROOT_LOST` and `ROOT_REPLACED`, the members' session waits
 * for another root, and has one.
 */
export type Notification =
  | {
      readonly kind: 'FD_ACCEPT';
      /** The c_root that is asked, or the endpoint that is invited. */
      readonly to: SocketId | NodeAddress;
      readonly join: JoinId;
      /** Who calls: the asking leaf's endpoint, or the session's root. */
      readonly from: NodeAddress | SocketId;
      readonly flags: JoinFlags;
      readonly callerData: Base64 | null;
      readonly qos?: Qos;
      readonly deadlineAt: number | null;
      /** Absent in what was told before there was session data; so is `peer` below. */
      readonly plane?: Plane;
    }
  | {
      readonly kind: 'FD_CONNECT';
      readonly to: SocketId;
      readonly join: JoinId;
      readonly code: WsaCode | null;
      /** At a c_root, the link that JoinLeaf returned: usable on success, dead otherwise. */
      readonly link: SocketId | null;
      readonly calleeData: Base64 | null;
      /** On success. */
      readonly plane?: Plane;
      /** On success: the socket at the other end, in a rooted session. */
      readonly peer?: SocketId;
      /** On success, when the join asked for a flow: what it is given. */
      readonly flow?: Flow;
    }
  | {
      readonly kind: 'FD_CLOSE';
      readonly to: SocketId;
      /** null for a graceful end. */
      readonly code: WsaCode | null;
    }
  | { readonly kind: 'WITHDRAWN'; readonly to: SocketId | NodeAddress; readonly join: JoinId }
  | {
      readonly kind: 'LINKED';
      readonly to: SocketId;
      readonly join: JoinId;
      readonly link: SocketId;
      readonly leafAddress: NodeAddress;
      readonly flags: JoinFlags;
      readonly callerData: Base64 | null;
      /** The member's socket. */
      readonly peer?: SocketId;
      /** At a root that has succeeded another one. */
      readonly plane?: Plane;
    }
  | {
      readonly kind: 'ROOT_LOST';
      readonly to: SocketId;
      /** Whether it is this member's node that may open the session now (H21). */
      readonly heir: boolean;
      /** When the session ends if nobody has come; milliseconds since the Unix epoch. */
      readonly until: number;
      readonly plane: Plane;
    }
  | {
      readonly kind: 'ROOT_REPLACED';
      readonly to: SocketId;
      readonly root: SocketId;
      /** The link at the new root: the other end from now on. */
      readonly peer: SocketId;
      readonly plane: Plane;
    }
  | {
      /** What the network gives this socket has changed (R107). */
      readonly kind: 'FD_QOS';
      readonly to: SocketId;
      readonly flow: Flow;
    };

/**
 * Projects an event onto the sockets that hear about it, in a fixed order. `before` is the session the
 * event fell on: an FD_CLOSE is addressed to members, and afterwards they are members no more.
 */
export function notify(before: Session, event: SessionEvent): readonly Notification[] {
  if (before.phase !== 'open') return [];

  switch (event.type) {
    case 'SessionOpened':
    case 'JoinDeferred':
    case 'CommandSettled':
      return [];
    case 'ListenStarted':
      return askedBefore(before, event);
    case 'PolicyChanged':
      return otherFlows(before, event);
    case 'JoinRequested':
      return asked(before, event);
    case 'LeafAdmitted':
      return admitted(before, event);
    case 'JoinFailed':
      return failed(before, event);
    case 'JoinCancelled':
      return withdrawn(before, joinById(before, event.join));
    case 'MemberLeft':
      return [...left(before, event), ...otherFlows(before, event)];
    case 'RootLost':
      return rootLost(before, event);
    case 'HeirElected':
      return before.vacancy === null ? [] : [newsOfLoss(before, event.heir, before.vacancy, true)];
    case 'RootReplaced':
      return rootReplaced(before, event);
    case 'SessionShutDown':
      return everybodyOut(before, null);
    case 'SessionClosed':
      return everybodyOut(before, codeOfEnding[event.ending]);
  }
}

// What the caller's socket is given: the root's end of an invitation sees it the other way round.
function callersFlow(
  before: OpenSession,
  event: EventOf<'LeafAdmitted'>,
  { kind }: Join,
): Flow | null {
  const after = evolve(before, event);
  const member = after.phase === 'open' ? after.members.get(event.leaf) : undefined;
  if (after.phase !== 'open' || member === undefined) return null;
  const flow = flowOf(after, member);
  return flow !== null && kind === 'invitation' ? mirrored(flow) : flow;
}

// Both ends of a membership hear that its flow is another one (R107).
function otherFlows(before: OpenSession, event: SessionEvent): readonly Notification[] {
  if (!isReserved(before.reserved)) return [];
  const after = evolve(before, event);
  if (after.phase !== 'open') return [];
  return flowChanges(before, after).flatMap(({ member: { leaf, link }, flow }) => {
    const told: Notification = { kind: 'FD_QOS', to: leaf, flow };
    return link === null ? [told] : [told, { kind: 'FD_QOS', to: link, flow: mirrored(flow) }];
  });
}

const planeOf = ({ incarnation, data, root }: OpenSession): Plane => ({ incarnation, data, root });

const withQos = (qos: Qos | undefined) => (qos === undefined ? {} : { qos });

// The side that did not call JoinLeaf is the side that accepts. With no deadline nobody is asked.
function asked(before: OpenSession, event: EventOf<'JoinRequested'>): readonly Notification[] {
  const { join, kind, caller, leafAddress, flags, callerData, deadlineAt } = event;
  if (deadlineAt === null || before.root === null) return [];
  const [to, from] = kind === 'invitation' ? [leafAddress, caller] : [before.root, leafAddress];
  const asking = { join, from, flags, callerData, ...withQos(event.qos), deadlineAt };
  return [{ kind: 'FD_ACCEPT', to, ...asking, plane: planeOf(before) }];
}

// Requests that have waited since before there was somebody to listen: since another root was lost (H20).
function askedBefore(
  before: OpenSession,
  { backlog }: EventOf<'ListenStarted'>,
): readonly Notification[] {
  const { root } = before;
  if (before.backlog !== null || root === null) return [];
  const waiting = [...before.requests.values()].slice(0, backlog);
  return waiting.map(({ id: join, leafAddress: from, flags, callerData, qos, deadlineAt }) => {
    const asking = { join, from, flags, callerData, ...withQos(qos), deadlineAt };
    return { kind: 'FD_ACCEPT', to: root, ...asking, plane: planeOf(before) };
  });
}

const newsOfLoss = (
  session: OpenSession,
  to: SocketId,
  { until }: { readonly until: number },
  heir: boolean,
): Notification => ({
  kind: 'ROOT_LOST',
  to,
  heir,
  until,
  plane: { ...planeOf(session), root: null },
});

const rootLost = (before: OpenSession, event: EventOf<'RootLost'>): readonly Notification[] =>
  [...before.members.values()].map(({ leaf }) =>
    newsOfLoss(before, leaf, event, leaf === event.heir),
  );

// The new root hears of its links, and each member of its new other end.
function rootReplaced(
  before: OpenSession,
  event: EventOf<'RootReplaced'>,
): readonly Notification[] {
  const after = evolve(before, event);
  if (after.phase !== 'open') return [];
  const plane = planeOf(after);
  return [...after.members.values()].flatMap(
    ({ leaf, link, join, address: leafAddress, flags, kind }): readonly Notification[] => {
      if (link === null) return [];
      // An invitation says nothing about what its leaf does (R113); what a leaf sent along was read before.
      const said = {
        leafAddress,
        flags: kind === 'invitation' ? 'both' : flags,
        callerData: null,
      } as const;
      return [
        { kind: 'LINKED', to: event.root, join, link, ...said, peer: leaf, plane },
        { kind: 'ROOT_REPLACED', to: leaf, root: event.root, peer: link, plane },
      ];
    },
  );
}

function admitted(before: OpenSession, event: EventOf<'LeafAdmitted'>): readonly Notification[] {
  const join = joinById(before, event.join);
  if (join === undefined) return [];
  const { id, caller, leafAddress, flags, callerData } = join;
  const { link, calleeData } = event;
  const atRoot = join.kind === 'invitation' ? link : null;
  const peer = join.kind === 'invitation' ? event.leaf : link;
  const connected = { join: id, code: null, link: atRoot, calleeData } as const;
  const flow = join.qos === undefined ? null : callersFlow(before, event, join);
  const seat = {
    plane: planeOf(before),
    ...(peer === null ? {} : { peer }),
    ...(flow === null ? {} : { flow }),
  };
  const told: Notification[] = [{ kind: 'FD_CONNECT', to: caller, ...connected, ...seat }];
  // A link named after its join was made by the arbiter: the root's provider has yet to learn of it.
  if (before.root !== null && link?.endsWith(`/${id}`)) {
    const linked = { join: id, link, leafAddress, flags, callerData, peer: event.leaf } as const;
    told.push({ kind: 'LINKED', to: before.root, ...linked });
  }
  return told;
}

function failed(before: OpenSession, event: EventOf<'JoinFailed'>): readonly Notification[] {
  const join = joinById(before, event.join);
  if (join === undefined) return [];
  const outcome = { join: join.id, code: event.code, link: join.link, calleeData: null } as const;
  const told: Notification = { kind: 'FD_CONNECT', to: join.caller, ...outcome };
  const answered = event.reason !== 'timed-out' && event.reason !== 'backlog-trimmed';
  return answered ? [told] : [told, ...withdrawn(before, join)];
}

function withdrawn(before: OpenSession, join: Join | undefined): readonly Notification[] {
  if (join === undefined || before.root === null) return [];
  const to = join.kind === 'invitation' ? join.leafAddress : before.root;
  return [{ kind: 'WITHDRAWN', to, join: join.id }];
}

const codeOfEnding = {
  'root-closed': null,
  'root-reset': 'WSAECONNRESET',
  'root-lost': 'WSAECONNABORTED',
  'group-closed': null,
} as const;

// The side that did not close is the side that hears; a loss or a replacement is news to both.
function left(before: OpenSession, event: EventOf<'MemberLeft'>): readonly Notification[] {
  const member = before.members.get(event.leaf);
  if (member === undefined) return [];
  switch (event.departure) {
    case 'leaf-closed':
      return closing(member.link, null);
    case 'link-closed':
      return closing(member.leaf, null);
    case 'leaf-reset':
      return closing(member.link, 'WSAECONNRESET');
    case 'link-reset':
      return closing(member.leaf, 'WSAECONNRESET');
    case 'replaced':
      return bothEnds(member, 'WSAECONNRESET');
    case 'node-lost':
      return bothEnds(member, 'WSAECONNABORTED');
  }
}

const everybodyOut = (before: OpenSession, code: WsaCode | null): readonly Notification[] =>
  [...before.members.values()].flatMap((member) => bothEnds(member, code));

const bothEnds = ({ leaf, link }: Member, code: WsaCode | null): readonly Notification[] => [
  ...closing(link, code),
  ...closing(leaf, code),
];

const closing = (to: SocketId | null, code: WsaCode | null): readonly Notification[] =>
  to === null ? [] : [{ kind: 'FD_CLOSE', to, code }];
