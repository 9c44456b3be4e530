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

/** What a caller is told at once; the answers of `@joinleaf/multipoint`. */
export const answerSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('opened'), incarnation: z.int().min(1) }),
  z.strictObject({
    type: z.literal('started'),
    join: joinField,
    link: socketField.nullable(),
    deadlineAt: timeField.nullable(),
  }),
  z.strictObject({ type: z.literal('joined'), join: joinField, link: socketField.nullable() }),
  z.strictObject({
    type: z.literal('accepted'),
    join: joinField,
    leaf: socketField,
    link: socketField.nullable(),
  }),
  z.strictObject({ type: z.literal('done'), changed: z.boolean() }),
]);

const basisSchema = z
  .strictObject({ revision: revisionField, decisions: z.int().min(0) })
  .describe('the state that was decided on: so many decisions of the commit after this revision');

// A reader of replies skips what it does not know: a newer service may say more.
const accepted = z.object({
  v: z.literal(protocolVersion),
  ok: z.literal(true),
  session: sessionField,
  commandId: commandIdField,
  /** The commit that holds the decision; the session's revision when nothing had to change. */
  revision: revisionField,
  rule: ruleField,
  answer: answerSchema,
});

export const refusedSchema = z.object({
  v: z.literal(protocolVersion),
  ok: z.literal(false),
  session: sessionField.nullable(),
  commandId: commandIdField.nullable(),
  code: codeField,
  number: z.int().describe('the value of `code` in Winsock2.h'),
  rule: ruleField,
  retry: z.enum(['same-socket', 'wait', 'later', 'new-socket', 'never', 'unknown']),
  basedOn: basisSchema.nullable(),
  facts: factsField.nullable(),
  message: z.string().max(1_024),
});

/**
 * The reply to every command. `retry: "unknown"` with WSAEINPROGRESS means that the outcome is not
 * known: repeat the same command id, or ask with `resolve`.
 */
export const replySchema = z.discriminatedUnion('ok', [accepted, refusedSchema]);
export type Reply = z.output<typeof replySchema>;
export type RefusedReply = z.output<typeof refusedSchema>;
export type AcceptedReply = z.output<typeof accepted>;
