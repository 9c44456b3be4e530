import { nodeOf, type NodeAddress } from './address.js';
import type { CommandOf } from './command.js';
import { emit, refuse, type Decision } from './decision.js';
import type { JoinId, JoinKind, SessionEvent } from './event.js';
import { lacking, withoutReserved, withReserved, type Asking } from './flows.js';
import { unlisted, type AdmissionPolicy } from './policy.js';
import type { Reservations } from './reservations.js';
import { isTaken, type Join, type OpenSession, type Session } from './session.js';
import { linkMadeFor, type SocketId } from './socket-id.js';

/** JoinLeaf on a c_root: invites one leaf (R27). */
export function inviteLeaf(command: CommandOf<'InviteLeaf'>, session: Session): Decision {
  const { caller, leafAddress, now } = command;
  if (session.phase === 'shut' && session.root === caller) return refuse('WSAESHUTDOWN', 'R143');
  if (session.phase !== 'open' || session.root !== caller) return refuse('WSAENOTSOCK', 'E13');
  const waiting = session.invitation;
  if (waiting !== null) {
    return refuse('WSAEALREADY', 'R50', {
      outstanding: waiting.id,
      leaf: waiting.leafAddress,
      deadlineAt: waiting.deadlineAt,
    });
  }
  if (isTaken(session, command.link)) return refuse('WSAEINVAL', 'R33', { link: command.link });
  const { link, flags, callerData, qos } = command;
  const asked = qos === undefined ? { flags, callerData } : { flags, callerData, qos };
  const unwelcome = turnedAway(session, leafAddress, askingOf('invitation', command));
  if (unwelcome !== null) return unwelcome;
  if (command.leafNode !== 'up') {
    return refuse('WSAENETUNREACH', 'E11', { node: nodeOf(leafAddress), known: command.leafNode });
  }
  const deadlineAt = now + allowedMs(session.policy, command.deadlineMs);
  const join = nextJoin(session);
  const base = { join, kind: 'invitation', caller, leafAddress, link } as const;
  return emit('R32', { type: 'JoinRequested', ...base, ...asked, deadlineAt });
}

/** JoinLeaf on a c_leaf: asks a rooted session (R35), or joins a group (R41). */
export function requestJoin(command: CommandOf<'RequestJoin'>, session: Session): Decision {
  if (session.phase !== 'open') return nobodyThere(session);
  const { caller, leafAddress } = command;
  const waiting = session.requestsByCaller.get(caller);
  if (waiting !== undefined) return refuse('WSAEALREADY', 'R50', { outstanding: waiting });
  const member = session.members.get(caller);
  if (member !== undefined) return refuse('WSAEISCONN', 'R57', { join: member.join });
  // What is left of the taken ones is the root and its links: no c_leaf that may ask.
  if (isTaken(session, caller)) return refuse('WSAEINVAL', 'E17', { caller });
  const { vacancy } = session;
  if (vacancy !== null) {
    return refuse('WSAECONNREFUSED', 'H19', { lost: vacancy.lost, until: vacancy.until });
  }
  if (session.control === 'rooted' && session.backlog === null) {
    return refuse('WSAECONNREFUSED', 'R35', { listening: false });
  }
  const unwelcome = turnedAway(session, leafAddress, askingOf('request', command));
  if (unwelcome !== null) return unwelcome;

  if (session.control === 'nonrooted') return admitAtOnce(command, session, 'group');
  if (session.policy.admit === 'auto') return admitAtOnce(command, session, 'request');
  if (session.requests.size >= (session.backlog ?? 0)) {
    return refuse('WSAECONNREFUSED', 'R23', { backlog: session.backlog });
  }
  const deadlineAt = command.now + allowedMs(session.policy, command.deadlineMs);
  return emit('R35', requested(command, session, 'request', deadlineAt));
}

function nobodyThere(session: Exclude<Session, OpenSession>): Decision {
  return session.phase === 'unopened'
    ? refuse('WSAECONNREFUSED', 'R35', { session: 'unopened' })
    : refuse('WSAECONNREFUSED', 'R35', { session: session.phase });
}

// One decision for request and admission: there is nobody to ask.
function admitAtOnce(
  command: CommandOf<'RequestJoin'>,
  session: OpenSession,
  kind: JoinKind,
): Decision {
  const request = requested(command, session, kind, null);
  const { join } = request;
  const link = session.root === null ? null : linkMadeFor(session.root, join);
  return emit(kind === 'group' ? 'R43' : 'H2', request, ...replaced(session, command.leafAddress), {
    type: 'LeafAdmitted',
    join,
    leaf: command.caller,
    link,
    calleeData: null,
  });
}

function requested(
  { caller, leafAddress, flags, callerData, qos }: CommandOf<'RequestJoin'>,
  session: OpenSession,
  kind: JoinKind,
  deadlineAt: number | null,
) {
  const join = nextJoin(session);
  const base = { join, kind, caller, leafAddress, link: null } as const;
  const asked = qos === undefined ? { flags, callerData } : { flags, callerData, qos };
  return { type: 'JoinRequested', ...base, ...asked, deadlineAt } as const;
}

const nextJoin = (session: OpenSession): JoinId => `J${String(session.joinCount + 1)}` as JoinId;

const allowedMs = ({ joinDeadlineMs }: AdmissionPolicy, askedMs: number | null): number =>
  askedMs === null ? joinDeadlineMs : Math.min(askedMs, joinDeadlineMs);

const askingOf = (kind: JoinKind, { flags, qos }: Omit<Asking, 'kind'>): Asking =>
  qos === undefined ? { kind, flags } : { kind, flags, qos };

/**
 * What the policy in force says against an endpoint: when JoinLeaf is called, and again when the join
 * itself is to end in a membership, because the policy may have changed while it waited.
 */
export function turnedAway(
  session: OpenSession,
  address: NodeAddress,
  asking: Asking | Join,
): Decision | null {
  const admitting = 'id' in asking ? asking : null;
  const { identity, capacity } = session.policy;
  const sameEndpoint = session.leavesByAddress.get(address)?.length ?? 0;
  const waiting = admitting === null ? waitingAt(session, address) : null;
  if (identity.kind === 'reject-new' && sameEndpoint > 0) {
    return refuse('WSAEISCONN', 'R59', { leaf: address });
  }
  if (identity.kind !== 'allow' && waiting !== null) {
    return refuse('WSAEALREADY', 'H3', { leaf: address, outstanding: waiting });
  }
  if (identity.kind === 'allow' && sameEndpoint >= identity.max) {
    return refuse('WSAEISCONN', 'H3', { leaf: address, max: identity.max });
  }
  const unwelcome = unlisted(session.policy, nodeOf(address));
  if (unwelcome !== null) return refuse('WSAECONNREFUSED', 'H4', unwelcome);
  const makesRoom = identity.kind === 'replace-old' && sameEndpoint > 0;
  if (!makesRoom && !hasRoom(session, admitting)) {
    return refuse('WSAENOBUFS', 'H5', { capacity, members: session.members.size });
  }
  if (asking.qos === undefined) return null;
  const lack = lacking(session.policy.budget, heldAgainst(session, address, admitting), asking);
  return lack === null ? null : refuse('WSAEOPNOTSUPP', 'R102', lack);
}

// What is reserved already: by members, but for those that make way, and by the invitation on its way.
function heldAgainst(
  session: OpenSession,
  address: NodeAddress,
  admitting: Join | null,
): Reservations {
  const { invitation, members, policy, leavesByAddress } = session;
  let held = session.reserved;
  if (invitation !== null && invitation !== admitting) held = withReserved(held, invitation);
  if (policy.identity.kind !== 'replace-old') return held;
  for (const leaf of leavesByAddress.get(address) ?? []) {
    const member = members.get(leaf);
    if (member !== undefined) held = withoutReserved(held, member);
  }
  return held;
}

// An invitation on its way holds a place, and may take it; a request in the waiting room does not.
function hasRoom({ policy, members, invitation }: OpenSession, admitting: Join | null): boolean {
  const promised = invitation === null || invitation === admitting ? 0 : 1;
  return policy.capacity === null || members.size + promised < policy.capacity;
}

/** Members that must go when this endpoint is admitted under `replace-old`. */
export function replaced(session: OpenSession, address: NodeAddress): readonly SessionEvent[] {
  if (session.policy.identity.kind !== 'replace-old') return [];
  const old: readonly SocketId[] = session.leavesByAddress.get(address) ?? [];
  return old.map((leaf) => ({ type: 'MemberLeft', leaf, departure: 'replaced' }));
}

function waitingAt(session: OpenSession, address: NodeAddress): JoinId | null {
  if (session.invitation?.leafAddress === address) return session.invitation.id;
  const [oldest] = session.requests.filter((join) => join.leafAddress === address);
  return oldest?.id ?? null;
}
