import type { NodeVerb, Verb } from '@joinleaf/wire';
import { MessagePattern } from '@nestjs/microservices';

/**
 * Marks the method that answers commands of these verbs: it receives a `CommandRequest` and returns
 * the reply, as bytes or as an object.
 */
export const Command = (...verbs: readonly Verb[]): MethodDecorator =>
  MessagePattern(verbs.map((verb) => `cmd.${verb}`));

/** Marks the method that hears what nodes say about themselves: it receives a `NodeMessage`. */
export const NodeRequest = (...verbs: readonly NodeVerb[]): MethodDecorator =>
  MessagePattern(verbs.map((verb) => `node.${verb}`));
