import { z } from 'zod';
import {
  codeField,
  commandIdField,
  factsField,
  joinField,
  revisionField,
  ruleField,
  sessionField,
  socketField,
  timeField,
} from './fields.js';
import { protocolVersion } from './requests.js';

// A reader of replies skips what it does not know: a newer service may say more.

const linkField = socketField
  .nullable()
  .describe("the root's link; null where there is none, or none yet");

/** What a caller is told at once; the answers of `@joinleaf/multipoint`. */
export const answerSchema = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('opened'),
    incarnation: z.int().min(1).describe('the how-manieth session at this address'),
  }),
  z.object({
    type: z.literal('started'),
    join: joinField,
    link: linkField,
    deadlineAt: timeField.nullable().describe('when the join will have timed out'),
  }),
  z.object({ type: z.literal('joined'), join: joinField, link: linkField }),
  z.object({
    type: z.literal('accepted'),
    join: joinField,
    leaf: socketField.describe("the member's socket"),
    link: linkField,
  }),
  z.object({
    type: z.literal('done'),
    changed: z.boolean().describe('whether anything was recorded'),
  }),
]);

const basisSchema = z
  .object({ revision: revisionField, decisions: z.int().min(0) })
  .describe('the state that was decided on: so many decisions of the commit after this revision');

const accepted = z.object({
  v: z.literal(protocolVersion),
  ok: z.literal(true),
  session: sessionField,
  commandId: commandIdField.describe('the one you gave'),
  revision: revisionField.describe(
    "the commit that holds the decision; the session's revision when nothing had to change",
  ),
  rule: ruleField,
  answer: answerSchema.describe('what you get; see below'),
});

export const refusedSchema = z.object({
  v: z.literal(protocolVersion),
  ok: z.literal(false),
  session: sessionField.nullable().describe('null when it could not be read'),
  commandId: commandIdField.nullable().describe('the one you gave; null when it could not be read'),
  code: codeField,
  number: z.int().describe('the value of `code` in Winsock2.h'),
  rule: ruleField,
  retry: z
    .enum(['same-socket', 'wait', 'later', 'new-socket', 'never', 'unknown'])
    .describe('whether asking again can help'),
  basedOn: basisSchema.nullable(),
  facts: factsField.nullable().describe('what the rule looked at'),
  message: z.string().max(1_024).describe('the same for people, in a sentence'),
});

/**
 * The reply to every command. `retry: "unknown"` with WSAEINPROGRESS means that the outcome is not
 * known: repeat the same command id, or ask with `resolve`.
 */
export const replySchema = z.discriminatedUnion('ok', [accepted, refusedSchema]);
export type Reply = z.output<typeof replySchema>;
export type RefusedReply = z.output<typeof refusedSchema>;
export type AcceptedReply = z.output<typeof accepted>;
