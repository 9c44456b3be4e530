import {
  checkQos,
  err,
  isGroupAddress,
  nodeOf,
  ok,
  socketId,
  unusedUnder,
  winsockPolicy,
  type Refusal,
  type Result,
  type SessionCommand,
  type SocketId,
} from '@joinleaf/multipoint';
import type { CommandSubject, RequestOf, Verb } from '@joinleaf/wire';

/** A request with the verb that it came under. */
export type Request = {
  [V in Exclude<Verb, 'resolve'>]: { readonly verb: V; readonly body: RequestOf<V> };
}[Exclude<Verb, 'resolve'>];

/** The node of the leaf that a root invites; null in any other request. */
export const invitedNode = ({ verb, body }: Request): string | null =>
  verb === 'join' && body.as === 'root' ? nodeOf(body.leaf) : null;

/** What the arbiter knows and the caller cannot say. */
export interface Knowledge {
  readonly now: number;
  /** Whether the node of an invited leaf is there. */
  readonly leafNode: NodeStanding;
}

export type NodeStanding = 'up' | 'unknown' | 'lost';

const refused = (code: Refusal['code'], rule: Refusal['rule'], facts?: Refusal['facts']) =>
  err(facts === undefined ? { code, rule } : { code, rule, facts });

/**
 * Turns a request into the command that is decided and recorded. Who speaks comes from the subject,
 * which the broker vouches for: a body can only name sockets of its own node and incarnation.
 */
export function toCommand(
  { node, session }: CommandSubject,
  { verb, body }: Request,
  knowledge: Knowledge,
): Result<SessionCommand, Refusal> {
  const mine = (serial: string): SocketId =>
    socketId({ node, incarnation: body.incarnation, serial });
  const mineOrNone = (serial: string | null): SocketId | null =>
    serial === null ? null : mine(serial);

  switch (verb) {
    case 'open':
      return openCommand(session, mineOrNone(body.socket), body);
    case 'listen':
      return ok({ type: 'Listen', root: mine(body.socket), backlog: body.backlog });
    case 'policy':
      return ok({ type: 'ChangePolicy', root: mineOrNone(body.socket), changes: body.policy });
    case 'join':
      return joinCommand(node, body, mine, knowledge);
    case 'accept': {
      const { join, calleeData } = body;
      const sockets = { acceptor: mine(body.socket), accepted: mineOrNone(body.accepted) };
      return ok({ type: 'AcceptJoin', join, ...sockets, calleeData });
    }
    case 'reject': {
      const { join, reason } = body;
      return ok({ type: 'RejectJoin', join, acceptor: mineOrNone(body.socket), node, reason });
    }
    case 'defer':
      return ok({ type: 'DeferJoin', join: body.join, acceptor: mine(body.socket) });
    case 'close':
      return body.socket === null
        ? ok({ type: 'CloseGroup' })
        : ok(closeCommand(mine(body.socket), body.abortive === true));
    case 'shutdown':
      return ok({ type: 'ShutdownSession', root: mine(body.socket), how: body.how });
  }
}

const closeCommand = (socket: SocketId, abortive: boolean): SessionCommand =>
  abortive ? { type: 'CloseSocket', socket, abortive } : { type: 'CloseSocket', socket };

// The family and the root's socket say the same: a group has no root (R7), a session has one (R8).
function openCommand(
  address: CommandSubject['session'],
  root: SocketId | null,
  { data, policy }: RequestOf<'open'>,
): Result<SessionCommand, Refusal> {
  const isGroup = isGroupAddress(address);
  if (isGroup !== (root === null)) return refused('WSAEINVAL', isGroup ? 'R7' : 'R8');
  if (isGroup && data === 'rooted') return refused('WSAEINVAL', 'R4');
  return ok({
    type: 'OpenSession',
    address,
    root,
    control: isGroup ? 'nonrooted' : 'rooted',
    data,
    policy: { ...winsockPolicy, ...policy },
  });
}

function joinCommand(
  node: string,
  body: RequestOf<'join'>,
  mine: (serial: string) => SocketId,
  { now, leafNode }: Knowledge,
): Result<SessionCommand, Refusal> {
  const { flags, callerData, qos, deadlineMs } = body;
  const amiss = qos === undefined ? null : checkQos(qos, unusedUnder(flags));
  if (amiss !== null) return err(amiss);
  const asked = qos === undefined ? { flags, callerData } : { flags, callerData, qos };
  const base = { caller: mine(body.socket), ...asked, now, deadlineMs };
  if (body.as === 'root') {
    const link = mine(body.link);
    return ok({ type: 'InviteLeaf', ...base, leafAddress: body.leaf, link, leafNode });
  }
  if (nodeOf(body.local) !== node) {
    return refused('WSAEADDRNOTAVAIL', 'R12', { local: body.local });
  }
  return ok({ type: 'RequestJoin', ...base, leafAddress: body.local });
}
