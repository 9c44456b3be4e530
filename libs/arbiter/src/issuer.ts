import { socketParts, type SessionCommand } from '@joinleaf/multipoint';

/** The node that a command speaks for; null for what the arbiter or an operator says. */
export function issuerOf(command: SessionCommand): string | null {
  switch (command.type) {
    case 'OpenSession':
    case 'Listen':
    case 'ChangePolicy':
    case 'ShutdownSession':
      return command.root && socketParts(command.root).node;
    case 'InviteLeaf':
    case 'RequestJoin':
      return socketParts(command.caller).node;
    case 'AcceptJoin':
    case 'DeferJoin':
      return socketParts(command.acceptor).node;
    case 'RejectJoin':
    case 'SettleCommand':
      return command.node;
    case 'CloseSocket':
      return socketParts(command.socket).node;
    case 'CloseGroup':
    case 'ExpireJoins':
    case 'LoseNode':
      return null;
  }
}
