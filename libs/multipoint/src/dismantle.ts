import type { Ending, SessionEvent } from './event.js';
import { outstanding, type OpenSession } from './session.js';

/** The end of a session: nobody is left waiting, and it is closed. */
export const dismantled = (session: OpenSession, ending: Ending): SessionEvent[] => [
  ...waitingEnd(session),
  { type: 'SessionClosed', ending },
];

/** Nobody is left waiting: requests are refused, and the root's own invitation is withdrawn (R139). */
export function waitingEnd(session: OpenSession): SessionEvent[] {
  return outstanding(session).map(({ id, kind }) =>
    kind === 'invitation'
      ? { type: 'JoinCancelled', join: id, reason: 'session-over' }
      : { type: 'JoinFailed', join: id, code: 'WSAECONNREFUSED', reason: 'session-over' },
  );
}
