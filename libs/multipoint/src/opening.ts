import type { CommandOf } from './command.js';
import { emit, refuse, type Decision } from './decision.js';
import type { JoinFailure, SessionEvent } from './event.js';
import { samePolicy } from './policy.js';
import { succeedRoot } from './root-loss.js';
import type { OpenSession, Session } from './session.js';
import type { SocketId } from './socket-id.js';

/** Requests that may wait at once, whatever a program asks for (R22: silently replaced). */
export const backlogMax = 4_096;

export function openSession(command: CommandOf<'OpenSession'>, session: Session): Decision {
  if (session.phase === 'open' && session.vacancy !== null && command.root !== null) {
    return succeedRoot(command, session);
  }
  if (session.phase === 'open' || session.phase === 'shut') {
    const alreadyThere =
      command.root === null &&
      session.phase === 'open' &&
      samePolicy(session.policy, command.policy);
    return alreadyThere && session.control === 'nonrooted'
      ? emit('R42')
      : refuse('WSAEADDRINUSE', 'R12', { heldBy: session.root });
  }
  const { address, control, data, root, policy } = command;
  const incarnation = session.phase === 'unopened' ? 1 : session.incarnation + 1;
  const rule = root === null ? 'R42' : 'R8';
  return emit(rule, { type: 'SessionOpened', address, incarnation, control, data, root, policy });
}

export function listen({ root, backlog }: CommandOf<'Listen'>, session: Session): Decision {
  if (session.phase === 'shut' && session.root === root) return refuse('WSAESHUTDOWN', 'R143');
  if (session.phase !== 'open' || session.root !== root) return refuse('WSAENOTSOCK', 'E13');
  const places = Math.min(Math.max(Math.trunc(backlog), 1), backlogMax);
  if (session.backlog === places) return emit('R22');
  return emit('R22', { type: 'ListenStarted', backlog: places }, ...excess(session, places));
}

// A shorter backlog resets the youngest requests beyond it.
function excess(session: OpenSession, places: number): SessionEvent[] {
  const reason: JoinFailure = 'backlog-trimmed';
  return [...session.requests.keys()].slice(places).map((join) => ({
    type: 'JoinFailed',
    join: join as `J${number}`,
    code: 'WSAECONNREFUSED',
    reason,
  }));
}

// A group's policy is anybody's; that of a session is its root's, and nobody's while it has none.
const governs = (session: OpenSession, root: SocketId | null): boolean =>
  root === null ? session.control === 'nonrooted' : session.root === root;

export function changePolicy(command: CommandOf<'ChangePolicy'>, session: Session): Decision {
  const { root, changes } = command;
  if (session.phase === 'shut' && session.root === root) return refuse('WSAESHUTDOWN', 'R143');
  if (session.phase !== 'open' || !governs(session, root)) return refuse('WSAENOTSOCK', 'E13');
  const policy = { ...session.policy, ...changes };
  if (samePolicy(session.policy, policy)) return emit('H1');
  return emit('H1', { type: 'PolicyChanged', policy });
}
