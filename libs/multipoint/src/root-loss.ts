import type { CommandOf } from './command.js';
import { emit, refuse, type Decision } from './decision.js';
import { dismantled } from './dismantle.js';
import type { SessionEvent } from './event.js';
import { evolve } from './evolve.js';
import { unlisted } from './policy.js';
import { assert } from './result.js';
import { isTaken, type OpenSession, type Session } from './session.js';
import { socketParts, type SocketId } from './socket-id.js';

// What becomes of a session whose root is lost, as its policy says (H18 to H22).

/**
 * The root's run is lost, and with it go `gone`: requests and members of the same run.
 *
 * @param now - Milliseconds since the Unix epoch; null in a command of before there was a choice.
 */
export function rootLost(
  session: OpenSession,
  gone: readonly SessionEvent[],
  now: number | null,
): Decision {
  const { policy, root, invitation } = session;
  assert(root !== null, 'a root that is lost was there');
  if (policy.rootLoss === 'close-all' || now === null) {
    return emit('R135', ...dismantled(session, 'root-lost'));
  }
  const withdrawn: SessionEvent[] =
    invitation === null
      ? []
      : [{ type: 'JoinCancelled', join: invitation.id, reason: 'node-lost' }];
  const before = [...withdrawn, ...gone];
  const isElected = policy.rootLoss === 'elect-oldest';
  const heir = isElected ? oldestMember(afterEvents(session, before)) : null;
  if (isElected && heir === null) return emit('H22', ...dismantled(session, 'root-lost'));
  return emit('H18', ...before, { type: 'RootLost', root, heir, until: now + policy.lingerMs });
}

/**
 * What follows for a session that waits for its heir when members have left: the next oldest is elected, and
 * with nobody left the session ends (H21, H22).
 */
export function succession(session: OpenSession, left: readonly SessionEvent[]): SessionEvent[] {
  const heir = session.vacancy?.heir ?? null;
  if (heir === null) return [];
  const after = afterEvents(session, left);
  if (after.members.has(heir)) return [];
  const next = oldestMember(after);
  return next === null ? dismantled(after, 'root-lost') : [{ type: 'HeirElected', heir: next }];
}

/**
 * Somebody opens the address of a session that has lost its root, and keeps it from now on (H20). The session
 * stays as it is, with its policy: what the command says of one is not looked at.
 */
export function succeedRoot(command: CommandOf<'OpenSession'>, session: OpenSession): Decision {
  const { root, data } = command;
  const { vacancy, incarnation } = session;
  assert(root !== null && vacancy !== null, 'a root succeeds one that is lost');
  const { lost, heir, until } = vacancy;
  const node = nodeOf(root);
  if (heir !== null && nodeOf(heir) !== node) {
    return refuse('WSAEADDRINUSE', 'H21', { heir, until });
  }
  // Its own node need not be on the lists, which are about members; and an heir is one already.
  const unwelcome = heir === null && node !== nodeOf(lost) ? unlisted(session.policy, node) : null;
  if (unwelcome !== null) return refuse('WSAEACCES', 'H20', unwelcome);
  if (isTaken(session, root)) return refuse('WSAEINVAL', 'H20', { root });
  if (data !== session.data) return refuse('WSAEINVAL', 'H20', { data: session.data });
  return emit('H20', { type: 'RootReplaced', root, incarnation });
}

/** An open session after events that do not end it. */
export function afterEvents(session: OpenSession, events: readonly SessionEvent[]): OpenSession {
  const after = events.reduce<Session>(evolve, session);
  assert(after.phase === 'open', 'neither a departure nor an outcome ends a session');
  return after;
}

// Members come in the order of their admission.
const oldestMember = ({ members }: OpenSession): SocketId | null => {
  const [oldest] = members.values();
  return oldest?.leaf ?? null;
};

const nodeOf = (socket: SocketId): string => socketParts(socket).node;
