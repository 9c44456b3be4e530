import {
  nodeAddress,
  socketId,
  type JoinId,
  type SessionAddress,
  type SocketId,
  type WsaCode,
} from '@joinleaf/multipoint';
import type { Basis, History, Input, Operation, Output, Policy } from './history.js';

// Histories in few words, for specs.

export const socketOf = (node: string, serial: number | JoinId, incarnation = 'run1'): SocketId =>
  socketId({ node, incarnation, serial: String(serial) });

/** The c_root of every history here. */
export const root = socketOf('ada', 1);

export const opens = (policy: Partial<Policy> = {}): Input => ({
  type: 'open',
  root,
  policy: { admit: 'ask', capacity: null, ...policy },
});
export const opensGroup = (capacity: number | null = null): Input => ({
  type: 'open',
  root: null,
  policy: { admit: 'auto', capacity },
});
export const listens = (backlog = 5): Input => ({ type: 'listen', root, backlog });
export const asks = (node: string, serial = 1, port = serial): Input => ({
  type: 'join',
  socket: socketOf(node, serial),
  local: nodeAddress(node, port),
});
export const invites = (node: string, link: number): Input => ({
  type: 'invite',
  root,
  leaf: nodeAddress(node, 1),
  link: socketOf('ada', link),
});
/** The root accepts a request. */
export const accepts = (join: JoinId): Input => ({
  type: 'accept',
  join,
  acceptor: root,
  accepted: null,
});
/** The invited node accepts, with its listener 1 and its new socket 2. */
export const agrees = (node: string, join: JoinId): Input => ({
  type: 'accept',
  join,
  acceptor: socketOf(node, 1),
  accepted: socketOf(node, 2),
});
export const rejects = (join: JoinId, node = 'ada'): Input => ({
  type: 'reject',
  join,
  acceptor: socketOf(node, 1),
  node,
});
export const closes = (socket: SocketId | null): Input => ({ type: 'close', socket });
export const query: Input = { type: 'query' };

export const done = (revision: number | null = null, changed = true): Output => ({
  type: 'accepted',
  changed,
  revision,
});
export const nothingChanged = (revision: number | null = null): Output => done(revision, false);
export const started = (join: JoinId, revision: number | null = null): Output => ({
  type: 'started',
  join,
  revision,
});
export const admitted = (join: JoinId, revision: number | null = null): Output => ({
  type: 'admitted',
  join,
  revision,
});
export const refused = (code: WsaCode, revision: number | null = null): Output => {
  const basedOn: Basis | null = revision === null ? null : { revision, decisions: 0 };
  return { type: 'refused', code, basedOn };
};
export const sees = (members: readonly SocketId[], revision: number | null = null): Output => ({
  type: 'members',
  members,
  revision,
});

/** One line of a history: who, from when, until when, what, and what came of it. Without an answer: three parts. */
export type Line =
  | readonly [who: string, call: number, until: number, input: Input, output: Output]
  | readonly [who: string, call: number, input: Input];

export function historyOf(...lines: readonly Line[]): History {
  const operations = lines.map((line, index): Operation => {
    const commandId = `c${String(index + 1)}`;
    const [process, call] = line;
    if (line.length === 3) {
      return { process, commandId, call, return: null, input: line[2], output: null };
    }
    return { process, commandId, call, return: line[2], input: line[3], output: line[4] };
  });
  return { schema: 1, session: 'conf-7' as SessionAddress, operations };
}

/** The same operations, each called when the one before it had its answer. */
export const inTurn = (...lines: readonly (readonly [who: string, Input, Output])[]): History =>
  historyOf(
    ...lines.map(([who, input, output], index): Line => [
      who,
      10 * index,
      10 * index + 5,
      input,
      output,
    ]),
  );
