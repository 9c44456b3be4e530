import type { LossEvidence, SessionAddress, SessionCommand, SocketId } from '@joinleaf/multipoint';
import type { Actor, Cast } from './cast.js';
import { span, timeOfDay } from './clock.js';

/** Who acts, in words: `the root`, `bob:1`, `an operator`. */
export function actorWords(actor: Actor): string {
  switch (actor.kind) {
    case 'root':
      return 'the root';
    case 'leaf':
      return actor.endpoint;
    case 'stranger':
      return actor.name;
    case 'operator':
      return 'an operator';
    case 'timer':
      return 'the deadline timer';
    case 'detector':
      return 'the failure detector';
  }
}

/** A command as a sentence: `bob:1 asks to join conf-7`. */
export function commandWords(command: SessionCommand, session: SessionAddress, cast: Cast): string {
  const who = actorWords(cast.actorOf(command));
  switch (command.type) {
    case 'OpenSession':
      return command.root === null
        ? `${who} sets up ${session}`
        : `${command.root} opens ${session}`;
    case 'Listen':
      return `${who} listens, with a backlog of ${String(command.backlog)}`;
    case 'ChangePolicy':
      return `${who} changes the admission policy of ${session}`;
    case 'InviteLeaf':
      return `${who} invites ${command.leafAddress} to ${session}`;
    case 'RequestJoin':
      return `${who} asks to join ${session}`;
    case 'AcceptJoin':
      return `${who} accepts ${command.join}`;
    case 'RejectJoin':
      return `${who} ${rejecting[command.reason]} ${command.join}`;
    case 'DeferJoin':
      return `${who} puts ${command.join} off`;
    case 'CloseSocket':
      return closing(command.socket, who, cast);
    case 'ShutdownSession':
      return `${who} shuts ${session} down (${command.how})`;
    case 'CloseGroup':
      return `${who} ends ${session}`;
    case 'ExpireJoins':
      return `${who} looks for what was due by ${timeOfDay(command.now)}`;
    case 'LoseNode':
      return `node ${command.node} is lost: ${evidenceWords(command.evidence)}`;
    case 'SettleCommand':
      return `${who} asks what became of a command`;
  }
}

const rejecting = {
  rejected: 'rejects',
  'nobody-listens': 'has nobody listening for',
  'backlog-full': 'has no place in its backlog for',
} as const;

function closing(socket: SocketId, who: string, cast: Cast): string {
  const part = cast.partOf(socket);
  if (part?.role === 'link') return `${who} closes its link to ${part.endpoint}`;
  return part === null ? `${socket} is closed` : `${who} closes its socket`;
}

/** Why a node counts as lost. */
export function evidenceWords(evidence: LossEvidence): string {
  switch (evidence.kind) {
    case 'silent':
      return `silent for ${span(evidence.silentMs)}, allowed are ${span(evidence.boundMs)}`;
    case 'superseded':
      return `it was started again, as ${evidence.by}`;
    case 'stopped':
      return 'it said goodbye';
  }
}
