import { isGroupAddress, nodeOf, type SessionAddress } from '../../address.js';
import type { SessionCommand } from '../../command.js';
import { winsockPolicy } from '../../policy.js';
import { socketId } from '../../socket-id.js';
import type { NodeCommand } from '../effect.js';
import type { NodeSockets } from '../node-sockets.js';

export interface Asking {
  readonly from: Pick<NodeSockets, 'node' | 'incarnation'>;
  readonly session: SessionAddress;
  readonly command: NodeCommand;
  readonly now: number;
  /** Whether a node of this name is there. */
  readonly isUp: (node: string) => boolean;
}

/** What a node asks, as the arbiter decides it: the edge between the two, without the wire. */
export function toCommand({ from, session, command, now, isUp }: Asking): SessionCommand {
  const { node, incarnation } = from;
  const mine = (serial: string) => socketId({ node, incarnation, serial });
  switch (command.verb) {
    case 'open': {
      const control = isGroupAddress(session) ? 'nonrooted' : 'rooted';
      const policy = { ...winsockPolicy, ...command.policy };
      const planes = { control, data: command.data } as const;
      return {
        type: 'OpenSession',
        address: session,
        root: mine(command.socket),
        ...planes,
        policy,
      };
    }
    case 'listen':
      return { type: 'Listen', root: mine(command.socket), backlog: command.backlog };
    case 'join': {
      const { flags, callerData, deadlineMs } = command;
      const asked = { flags, callerData, deadlineMs, now, caller: mine(command.socket) };
      if (command.as === 'leaf')
        return { type: 'RequestJoin', ...asked, leafAddress: command.local };
      const leafNode = isUp(nodeOf(command.leaf)) ? 'up' : 'unknown';
      const link = mine(command.link);
      return { type: 'InviteLeaf', ...asked, leafAddress: command.leaf, link, leafNode };
    }
    case 'accept': {
      const { join, calleeData } = command;
      const sockets = { acceptor: mine(command.socket), accepted: mine(command.accepted) };
      return { type: 'AcceptJoin', join, ...sockets, calleeData };
    }
    case 'reject': {
      const { join, reason } = command;
      const acceptor = command.socket === null ? null : mine(command.socket);
      return { type: 'RejectJoin', join, acceptor, node, reason };
    }
    case 'defer':
      return { type: 'DeferJoin', join: command.join, acceptor: mine(command.socket) };
    case 'close': {
      const socket = mine(command.socket);
      return command.abortive === undefined
        ? { type: 'CloseSocket', socket }
        : { type: 'CloseSocket', socket, abortive: command.abortive };
    }
    case 'shutdown':
      return { type: 'ShutdownSession', root: mine(command.socket), how: command.how };
  }
}
