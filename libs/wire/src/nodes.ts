import { z } from 'zod';
import { incarnationField, nameField, timeField } from './fields.js';
import { boundMsMax, boundMsMin } from './limits.js';
import { bulletinSchema, notificationSchema } from './notifications.js';
import { refusedSchema } from './replies.js';
import type { NodeVerb } from './subjects.js';

const envelope = { v: z.literal(1), incarnation: incarnationField };

export const nodeRequestSchemas = {
  start: z.strictObject({
    ...envelope,
    boundMs: z
      .int()
      .min(boundMsMin)
      .max(boundMsMax)
      .optional()
      .describe(
        'silence after which the node counts as lost, in milliseconds; asked for, and granted in the reply',
      ),
  }),
  beat: z.strictObject(envelope),
  stop: z.strictObject(envelope),
  resume: z.strictObject({
    ...envelope,
    after: z
      .int()
      .min(0)
      .nullable()
      .describe('the number of the last notification heard; null at the start of an incarnation'),
  }),
} as const satisfies Record<NodeVerb, z.ZodType>;

export type NodeRequest<V extends NodeVerb> = z.output<(typeof nodeRequestSchemas)[V]>;

export const startedSchema = z.object({
  v: z.literal(1),
  ok: z.literal(true),
  boundMs: z.int().describe('the granted bound'),
  beatMs: z.int().describe('how often to beat'),
});

export const startReplySchema = z.discriminatedUnion('ok', [startedSchema, refusedSchema]);
export type StartReply = z.output<typeof startReplySchema>;

export const stopReplySchema = z.discriminatedUnion('ok', [
  z.object({ v: z.literal(1), ok: z.literal(true) }),
  refusedSchema,
]);
export type StopReply = z.output<typeof stopReplySchema>;

/** A beat is answered by the arbiter that judges the node, and by whoever knows that its run is over. */
export const beatReplySchema = stopReplySchema;
export type BeatReply = StopReply;

export const resumeReplySchema = z.discriminatedUnion('ok', [
  z.object({
    v: z.literal(1),
    ok: z.literal(true),
    head: z.int().min(0).describe('the number of the last notification ever told to this node'),
    bulletins: z
      .array(bulletinSchema)
      .describe('those after `after`, oldest first; ask again while the last one is below `head`'),
    pending: z
      .array(notificationSchema)
      .describe('with `after: null`: invitations to this node that still wait for an answer'),
  }),
  refusedSchema,
]);
export type ResumeReply = z.output<typeof resumeReplySchema>;

const recordBase = {
  schema: z.literal(1),
  node: nameField,
  incarnation: incarnationField,
  at: timeField,
};

/** What JL_NODES keeps: the lives of nodes. */
export const nodeRecordSchema = z.discriminatedUnion('type', [
  z.object({ ...recordBase, type: z.literal('NodeStarted'), boundMs: z.int() }),
  z.object({ ...recordBase, type: z.literal('NodeStopped') }),
  z.object({
    ...recordBase,
    type: z.literal('NodeSuspected'),
    silentMs: z.int().describe('for how long the arbiter has heard nothing'),
    boundMs: z.int(),
    by: nameField.describe('the arbiter that noticed'),
  }),
  z.object({
    ...recordBase,
    type: z.literal('NodeHeard'),
    by: nameField,
  }),
  z.object({
    ...recordBase,
    type: z.literal('NodeLost'),
    silentMs: z.int(),
    boundMs: z.int(),
    suspectedAt: timeField.nullable().exactOptional(),
    by: nameField.exactOptional().describe('the arbiter that judged'),
  }),
]);
export type NodeRecord = z.output<typeof nodeRecordSchema>;
