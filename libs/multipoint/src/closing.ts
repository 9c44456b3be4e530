import type { CommandOf } from './command.js';
import { emit, refuse, type Decision } from './decision.js';
import { dismantled, waitingEnd } from './dismantle.js';
import type { Departure, SessionEvent } from './event.js';
import { afterEvents, rootLost, succession } from './root-loss.js';
import { outstanding, type OpenSession, type Session } from './session.js';
import { livesOnRun, type SocketId } from './socket-id.js';

/**
 * Closes a socket, in whatever role the session knows it: c_root, link, member, or the caller or link
 * of a waiting join, which is thereby cancelled. Closing what the session does not know changes nothing.
 */
export function closeSocket(
  { socket, abortive = false }: CommandOf<'CloseSocket'>,
  session: Session,
): Decision {
  if (session.phase === 'shut' && session.root === socket) {
    return emit('R132', { type: 'SessionClosed', ending: 'root-closed' });
  }
  if (session.phase !== 'open') return emit('R140');
  if (session.root === socket) {
    return abortive
      ? emit('R142', ...dismantled(session, 'root-reset'))
      : emit('R131', ...dismantled(session, 'root-closed'));
  }
  if (session.invitation?.link === socket) {
    return emit('R145', { type: 'JoinCancelled', join: session.invitation.id, reason: 'closed' });
  }
  const request = session.requestsByCaller.get(socket);
  if (request !== undefined) {
    return emit('R146', { type: 'JoinCancelled', join: request, reason: 'closed' });
  }
  const leaf = session.leafByLink.get(socket);
  if (leaf !== undefined) {
    return abortive
      ? emit('R142', ...leaving(session, leaf, 'link-reset'))
      : emit('R137', ...leaving(session, leaf, 'link-closed'));
  }
  if (!session.members.has(socket)) return emit('R140');
  if (abortive) return emit('R142', ...leaving(session, socket, 'leaf-reset'));
  const rule = session.control === 'rooted' ? 'R136' : 'R48';
  return emit(rule, ...leaving(session, socket, 'leaf-closed'));
}

function leaving(session: OpenSession, leaf: SocketId, departure: Departure): SessionEvent[] {
  const left: SessionEvent = { type: 'MemberLeft', leaf, departure };
  return [left, ...succession(session, [left])];
}

/** Shutdown of the c_root dismantles the session and keeps the descriptor (R132, R144). */
export function shutdown({ root, how }: CommandOf<'ShutdownSession'>, session: Session): Decision {
  if (session.phase === 'shut' && session.root === root) return emit('R132');
  if (session.phase !== 'open' || session.root !== root) return refuse('WSAENOTCONN', 'R143');
  if (how === 'receive') return emit('R144');
  return emit('R132', ...waitingEnd(session), { type: 'SessionShutDown' });
}

export function closeGroup(session: Session): Decision {
  if (session.phase !== 'open') return emit('H7');
  if (session.control === 'rooted') return refuse('WSAEINVAL', 'H7', { control: session.control });
  return emit('H7', ...dismantled(session, 'group-closed'));
}

/** Ends the joins whose deadline has come (E16), and a session that nobody has come to keep (H22). */
export function expireJoins({ now }: CommandOf<'ExpireJoins'>, session: Session): Decision {
  if (session.phase !== 'open') return emit('E16');
  const expired = outstanding(session).filter(
    ({ deadlineAt }) => deadlineAt !== null && deadlineAt <= now,
  );
  const failed = expired.map(
    ({ id }) =>
      ({ type: 'JoinFailed', join: id, code: 'WSAETIMEDOUT', reason: 'timed-out' }) as const,
  );
  const { vacancy } = session;
  if (vacancy === null || vacancy.until > now) return emit('E16', ...failed);
  return emit('H22', ...failed, ...dismantled(afterEvents(session, failed), 'root-lost'));
}

/**
 * Takes a lost run of a node out of the session. A lost root breaks the session up (R135), unless the policy
 * lets it wait for another one (H18). An invitation to the node waits on: its next run may listen there
 * before the deadline.
 */
export function loseNode(command: CommandOf<'LoseNode'>, session: Session): Decision {
  const isLost = livesOnRun(command.node, command.incarnation);
  if (session.phase === 'unopened' || session.phase === 'closed') return emit('R135');
  const isRootLost = session.root !== null && isLost(session.root);
  if (session.phase === 'shut') {
    return isRootLost ? emit('R135', { type: 'SessionClosed', ending: 'root-lost' }) : emit('R135');
  }
  const gone = [...lostCallers(session, isLost), ...lostMembers(session, isLost)];
  if (isRootLost) return rootLost(session, gone, command.now ?? null);
  return emit('H8', ...gone, ...succession(session, gone));
}

function lostCallers(session: OpenSession, isLost: (s: SocketId) => boolean): SessionEvent[] {
  return session.requests
    .filter(({ caller }) => isLost(caller))
    .map(({ id }) => ({ type: 'JoinCancelled', join: id, reason: 'node-lost' }));
}

function lostMembers(session: OpenSession, isLost: (s: SocketId) => boolean): SessionEvent[] {
  return session.members
    .filter(({ leaf }) => isLost(leaf))
    .map(({ leaf }) => ({ type: 'MemberLeft', leaf, departure: 'node-lost' }));
}
