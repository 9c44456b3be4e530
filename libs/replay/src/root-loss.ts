import type { RefusalRecord } from '@joinleaf/event-log';
import {
  isTaken,
  socketParts,
  type OpenSession,
  type Session,
  type SessionCommand,
  type SessionEvent,
  type SocketId,
} from '@joinleaf/multipoint';
import { timeOfDay } from './clock.js';
import type { Idea } from './idea.js';

// A session that has lost its root, in words.

/** Why nobody is let in meanwhile (H19). */
export function vacancyWords({ vacancy, address }: OpenSession): string {
  if (vacancy === null) return `${address} has a root`;
  const who = vacancy.heir === null ? 'another root' : `its heir ${vacancy.heir}`;
  return `${address} has lost its root ${vacancy.lost}, and waits for ${who} until ${timeOfDay(vacancy.until)}`;
}

/** Why a socket cannot be the next root (H20). */
export function notTheSuccessor(
  { command, code }: Pick<RefusalRecord, 'command' | 'code'>,
  before: Session,
): string {
  if (before.phase !== 'open' || command.type !== 'OpenSession') return 'no root is waited for';
  const { root } = command;
  if (root !== null && code === 'WSAEACCES') {
    return `node ${socketParts(root).node} is turned away by the lists of the policy`;
  }
  return root !== null && isTaken(before, root)
    ? `${root} plays a part in the session already`
    : `the data plane of ${before.address} is ${before.data}, and not ${command.data}`;
}

/** Ways to pass once there is a root again. */
export function anotherRoot(open: OpenSession): readonly Idea[] {
  const { vacancy, address } = open;
  if (vacancy === null) return [];
  const root = freshSocket(vacancy.heir ?? vacancy.lost);
  const events: SessionEvent[] = [
    { type: 'RootReplaced', root, incarnation: open.incarnation },
    { type: 'ListenStarted', backlog: open.requests.size + 1 },
  ];
  return [{ words: `another root opens ${address}, and listens`, events }];
}

/** Ways to be the root that a session waits for. */
export function rightSuccessor(
  { command, code }: Pick<RefusalRecord, 'command' | 'code'>,
  before: Session,
): readonly Idea[] {
  if (before.phase !== 'open' || command.type !== 'OpenSession' || command.root === null) return [];
  if (code === 'WSAEACCES') {
    const { node } = socketParts(before.vacancy?.lost ?? command.root);
    const root = freshSocket(before.vacancy?.lost ?? command.root);
    return [
      { words: `node ${node} opens it, which has kept it before`, command: { ...command, root } },
    ];
  }
  if (isTaken(before, command.root)) {
    const words = 'a new socket opens the session';
    return [{ words, command: { ...command, root: freshSocket(command.root) } }];
  }
  const words = `the session is opened with the data plane that it has (${before.data})`;
  return [{ words, command: { ...command, data: before.data } }];
}

/** Who may open a session that waits for its heir. */
export function heirOpens(command: SessionCommand, before: Session): readonly Idea[] {
  const vacancy = before.phase === 'open' ? before.vacancy : null;
  if (vacancy?.heir == null || command.type !== 'OpenSession') return [];
  const { node } = socketParts(vacancy.heir);
  const heirs: SessionCommand = { ...command, root: freshSocket(vacancy.heir) };
  const closed: SessionEvent = { type: 'SessionClosed', ending: 'root-lost' };
  return [
    { words: `node ${node} opens it, which has the oldest member`, command: heirs },
    { words: `nobody has come by ${timeOfDay(vacancy.until)}`, events: [closed] },
  ];
}

const freshSocket = (socket: SocketId): SocketId =>
  socket.replace(/[^/]*$/, '999999999') as SocketId;
