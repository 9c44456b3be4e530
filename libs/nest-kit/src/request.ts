import {
  parseCommandSubject,
  parseNodeSubject,
  type CommandSubject,
  type NodeVerb,
} from '@joinleaf/wire';
import type { Msg } from '@nats-io/transport-node';

/** A command as it arrived: who speaks to which session is the subject, which the broker enforces. */
export interface CommandRequest extends CommandSubject {
  readonly kind: 'command';
  readonly subject: string;
  /** The body as received; the handler decodes it against its own schema. */
  readonly data: Uint8Array;
}

/** What a node says about itself. */
export interface NodeMessage {
  readonly kind: 'node';
  readonly realm: string;
  readonly node: string;
  readonly verb: NodeVerb;
  readonly subject: string;
  readonly data: Uint8Array;
  /** Otherwise whatever the handler returns is dropped. A beat may go without a reply. */
  readonly wantsReply: boolean;
}

export type NatsRequest = CommandRequest | NodeMessage;

/** The pattern that routes a request to its handler: `cmd.join`, `node.start`. */
export const patternOf = ({ kind, verb }: NatsRequest): string =>
  kind === 'command' ? `cmd.${verb}` : `node.${verb}`;

/** Reads a message's subject; null when any token does not fit the grammar. */
export function requestIn(message: Msg): NatsRequest | null {
  const { subject } = message;
  const command = parseCommandSubject(subject);
  if (command !== null) return { kind: 'command', ...command, subject, data: message.data };
  const node = parseNodeSubject(subject);
  if (node === null) return null;
  const wantsReply = message.reply !== undefined && message.reply !== '';
  return { kind: 'node', ...node, subject, data: message.data, wantsReply };
}
