import type { EventOf, JoinId, SessionEvent } from './event.js';
import { withoutReserved, withReserved } from './flows.js';
import { PersistentMap } from './persistent-map.js';
import { nothingReserved } from './reservations.js';
import { joinById, type Join, type Member, type OpenSession, type Session } from './session.js';
import { linkMadeFor, type SocketId } from './socket-id.js';

/** Folds one event into the session. Total: it accepts every event and judges none. */
export function evolve(session: Session, event: SessionEvent): Session {
  if (event.type === 'SessionOpened') return opened(session, event);
  if (event.type === 'SessionClosed') return closed(session, event);
  if (session.phase !== 'open') return session;

  switch (event.type) {
    case 'ListenStarted':
      return { ...session, backlog: event.backlog };
    case 'PolicyChanged':
      return { ...session, policy: event.policy };
    case 'JoinRequested':
      return requested(session, event);
    case 'JoinDeferred':
      return deferred(session, event.join);
    case 'LeafAdmitted':
      return admitted(session, event);
    case 'JoinFailed':
    case 'JoinCancelled':
      return withoutJoin(session, event.join);
    case 'CommandSettled':
      return session;
    case 'MemberLeft':
      return withoutMember(session, event.leaf);
    case 'RootLost':
      return rootLost(session, event);
    case 'HeirElected':
      return session.vacancy === null
        ? session
        : { ...session, vacancy: { ...session.vacancy, heir: event.heir } };
    case 'RootReplaced':
      return rootReplaced(session, event);
    case 'SessionShutDown': {
      const { address, incarnation, root, joinCount } = session;
      return { phase: 'shut', address, incarnation, root, joinCount };
    }
  }
}

function opened(before: Session, event: EventOf<'SessionOpened'>): OpenSession {
  const { address, incarnation, control, data, root, policy } = event;
  return {
    phase: 'open',
    address,
    incarnation,
    control,
    data,
    root,
    vacancy: null,
    policy,
    backlog: null,
    joinCount: before.phase === 'unopened' ? 0 : before.joinCount,
    invitation: null,
    requests: PersistentMap.empty(),
    requestsByCaller: PersistentMap.empty(),
    members: PersistentMap.empty(),
    leafByLink: PersistentMap.empty(),
    leavesByAddress: PersistentMap.empty(),
    reserved: nothingReserved,
  };
}

function closed(before: Session, { ending }: EventOf<'SessionClosed'>): Session {
  if (before.phase === 'unopened') return before;
  const { address, incarnation, joinCount } = before;
  return { phase: 'closed', address, incarnation, joinCount, ending };
}

function requested(session: OpenSession, event: EventOf<'JoinRequested'>): OpenSession {
  const { join: id, kind, caller, leafAddress, link, flags, callerData, qos, deadlineAt } = event;
  const asked = { id, kind, caller, leafAddress, link, flags, callerData, deadlineAt };
  const base = qos === undefined ? asked : { ...asked, qos };
  const join: Join = { ...base, deferred: false };
  const joinCount = Math.max(session.joinCount, Number(id.slice(1)));
  if (kind === 'invitation') return { ...session, joinCount, invitation: join };
  return {
    ...session,
    joinCount,
    requests: session.requests.set(id, join),
    requestsByCaller: session.requestsByCaller.set(caller, id),
  };
}

function deferred(session: OpenSession, id: JoinId): OpenSession {
  const join = joinById(session, id);
  if (join === undefined) return session;
  const after = { ...join, deferred: true };
  return join === session.invitation
    ? { ...session, invitation: after }
    : { ...session, requests: session.requests.set(id, after) };
}

function admitted(session: OpenSession, event: EventOf<'LeafAdmitted'>): OpenSession {
  const join = joinById(session, event.join);
  if (join === undefined) return session;
  const { leaf, link } = event;
  const address = join.leafAddress;
  const { id, flags, kind, qos } = join;
  const seat = { leaf, link, address, join: id, flags, kind };
  const member: Member = qos === undefined ? seat : { ...seat, qos };
  const neighbours = session.leavesByAddress.get(address) ?? [];
  return {
    ...withoutJoin(session, join.id),
    members: session.members.set(leaf, member),
    leafByLink: link === null ? session.leafByLink : session.leafByLink.set(link, leaf),
    leavesByAddress: session.leavesByAddress.set(address, [...neighbours, leaf]),
    reserved: withReserved(session.reserved, member),
  };
}

function rootLost(session: OpenSession, { root, heir, until }: EventOf<'RootLost'>): OpenSession {
  const vacant = { ...session, root: null, vacancy: { lost: root, heir, until }, backlog: null };
  return withLinks(vacant, () => null);
}

function rootReplaced(session: OpenSession, { root }: EventOf<'RootReplaced'>): OpenSession {
  let { requests } = session;
  for (const [id, join] of requests) {
    if (join.deferred) requests = requests.set(id, { ...join, deferred: false });
  }
  const replaced = { ...session, root, vacancy: null, backlog: null, requests };
  return withLinks(replaced, ({ join }) => linkMadeFor(root, join));
}

// Gives every member another link, or takes it away.
function withLinks(session: OpenSession, linkOf: (member: Member) => SocketId | null): OpenSession {
  let { members } = session;
  let leafByLink = PersistentMap.empty<SocketId>();
  for (const member of session.members.values()) {
    const link = linkOf(member);
    members = members.set(member.leaf, { ...member, link });
    if (link !== null) leafByLink = leafByLink.set(link, member.leaf);
  }
  return { ...session, members, leafByLink };
}

function withoutJoin(session: OpenSession, id: JoinId): OpenSession {
  if (session.invitation?.id === id) return { ...session, invitation: null };
  const join = session.requests.get(id);
  if (join === undefined) return session;
  return {
    ...session,
    requests: session.requests.delete(id),
    requestsByCaller: session.requestsByCaller.delete(join.caller),
  };
}

function withoutMember(session: OpenSession, leaf: SocketId): OpenSession {
  const member = session.members.get(leaf);
  if (member === undefined) return session;
  const { link, address } = member;
  const rest = (session.leavesByAddress.get(address) ?? []).filter((other) => other !== leaf);
  return {
    ...session,
    members: session.members.delete(leaf),
    leafByLink: link === null ? session.leafByLink : session.leafByLink.delete(link),
    leavesByAddress:
      rest.length === 0
        ? session.leavesByAddress.delete(address)
        : session.leavesByAddress.set(address, rest),
    reserved: withoutReserved(session.reserved, member),
  };
}
