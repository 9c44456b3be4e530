import { nodeOf } from './address.js';
import type { CommandOf } from './command.js';
import { emit, refuse, type Decision } from './decision.js';
import type { JoinId } from './event.js';
import { replaced, turnedAway } from './join-leaf.js';
import { err, ok, type Result } from './result.js';
import { joinById, isTaken, type Join, type OpenSession, type Session } from './session.js';
import { linkMadeFor, socketParts, type SocketId } from './socket-id.js';
import type { Refusal } from './wsa.js';

/**
 * Lets the leaf of a waiting join in: the root admits who asked, or the invited leaf agrees. The policy
 * that is in force now decides, and a refusal leaves the join waiting.
 */
export function acceptJoin(command: CommandOf<'AcceptJoin'>, session: Session): Decision {
  const { acceptor, accepted, calleeData } = command;
  const found = waitingJoin(session, command.join, acceptor, socketParts(acceptor).node);
  if (!found.ok) return found;
  const { join, session: open } = found.value;
  const rule = join.kind === 'invitation' ? 'H6' : 'R33';
  if (accepted !== null && isTaken(open, accepted)) return refuse('WSAEINVAL', rule, { accepted });
  const sockets = memberSockets(join, open, accepted);
  if (sockets === null) return refuse('WSAEINVAL', 'H6', { accepted: null });
  const unwelcome = turnedAway(open, join.leafAddress, join);
  if (unwelcome !== null) return unwelcome;
  return emit(join.kind === 'invitation' ? 'R30' : 'R37', ...replaced(open, join.leafAddress), {
    type: 'LeafAdmitted',
    join: join.id,
    ...sockets,
    calleeData,
  });
}

// The invited leaf's member socket is the one its accept returned; the asking leaf's is its own (R39).
function memberSockets(
  join: Join,
  session: OpenSession,
  accepted: SocketId | null,
): { readonly leaf: SocketId; readonly link: SocketId | null } | null {
  if (join.kind === 'invitation') return accepted && { leaf: accepted, link: join.link };
  const link = accepted ?? (session.root && linkMadeFor(session.root, join.id));
  return { leaf: join.caller, link };
}

/** Turns a waiting join down: its caller hears FD_CONNECT with WSAECONNREFUSED (R82). */
export function rejectJoin(command: CommandOf<'RejectJoin'>, session: Session): Decision {
  const found = waitingJoin(session, command.join, command.acceptor, command.node);
  if (!found.ok) return found;
  const { reason } = command;
  const rule = { rejected: 'R82', 'nobody-listens': 'R26', 'backlog-full': 'R23' } as const;
  const { id } = found.value.join;
  return emit(rule[reason], { type: 'JoinFailed', join: id, code: 'WSAECONNREFUSED', reason });
}

/** Leaves a waiting join where it is, undecided (R83). Deferring it twice changes nothing. */
export function deferJoin(
  { join: id, acceptor }: CommandOf<'DeferJoin'>,
  session: Session,
): Decision {
  const found = waitingJoin(session, id, acceptor, socketParts(acceptor).node);
  if (!found.ok) return found;
  return found.value.join.deferred ? emit('R83') : emit('R83', { type: 'JoinDeferred', join: id });
}

interface Waiting {
  readonly session: OpenSession;
  readonly join: Join;
}

// The join that may be answered by this side: requests by the root, an invitation by the invited node.
function waitingJoin(
  session: Session,
  id: JoinId,
  acceptor: SocketId | null,
  node: string,
): Result<Waiting, Refusal> {
  if (session.phase !== 'open') return err({ code: 'WSAEACCES', rule: 'R87', facts: { join: id } });
  const join = joinById(session, id);
  if (join === undefined) return err({ code: 'WSAEACCES', rule: 'R87', facts: { join: id } });
  const mayAnswer =
    join.kind === 'invitation'
      ? nodeOf(join.leafAddress) === node
      : session.root !== null && acceptor === session.root;
  if (!mayAnswer) return err({ code: 'WSAEINVAL', rule: 'R86', facts: { join: id } });
  return ok({ session, join });
}
