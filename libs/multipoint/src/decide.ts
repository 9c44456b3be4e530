import { closeGroup, closeSocket, expireJoins, loseNode, shutdown } from './closing.js';
import type { SessionCommand } from './command.js';
import { refuse, type Decision } from './decision.js';
import { inviteLeaf, requestJoin } from './join-leaf.js';
import { changePolicy, listen, openSession } from './opening.js';
import { acceptJoin, deferJoin, rejectJoin } from './accept.js';
import type { Session } from './session.js';

/**
 * Arbitrates one command. Pure: the same command and session always give the same decision. Checks run
 * in the order of docs/SPEC.md, so a caller who breaks two rules hears the first.
 */
export function decide(command: SessionCommand, session: Session): Decision {
  switch (command.type) {
    case 'OpenSession':
      return openSession(command, session);
    case 'Listen':
      return listen(command, session);
    case 'ChangePolicy':
      return changePolicy(command, session);
    case 'InviteLeaf':
      return inviteLeaf(command, session);
    case 'RequestJoin':
      return requestJoin(command, session);
    case 'AcceptJoin':
      return acceptJoin(command, session);
    case 'RejectJoin':
      return rejectJoin(command, session);
    case 'DeferJoin':
      return deferJoin(command, session);
    case 'CloseSocket':
      return closeSocket(command, session);
    case 'ShutdownSession':
      return shutdown(command, session);
    case 'CloseGroup':
      return closeGroup(session);
    case 'ExpireJoins':
      return expireJoins(command, session);
    case 'LoseNode':
      return loseNode(command, session);
    case 'SettleCommand':
      return refuse('WSAENETDOWN', 'H12', { recorded: false });
  }
}
