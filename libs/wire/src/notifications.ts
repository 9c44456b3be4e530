import type { NodeAddress, SessionAddress, SocketId } from '@joinleaf/multipoint';
import { z } from 'zod';
import { leavesUnchanged } from './as-it-stands.js';
import {
  codeField,
  flowField,
  planeField,
  qosField,
  connectDataField,
  flagsField,
  joinField,
  nameField,
  nodeAddressField,
  revisionField,
  sessionField,
  socketField,
  timeField,
} from './fields.js';

const told = {
  id: z
    .string()
    .max(128)
    .describe('`conf-7.12.0`: session, revision, index; the same however often it is told'),
  session: sessionField,
  revision: revisionField.describe('the commit that it comes from'),
  join: joinField,
};

const target = z.union([socketField, nodeAddressField]);
const toEither = target.describe('a socket of yours, or an endpoint of your node');
const toSocket = socketField.describe('a socket of yours');

/** One FD_*, or one of our own news beside them, as a node is told it. */
export const notificationSchema = z.discriminatedUnion('kind', [
  z.object({
    ...told,
    kind: z.literal('FD_ACCEPT'),
    to: toEither,
    from: target.describe("who calls: the asking leaf's endpoint, or the root's socket"),
    flags: flagsField,
    callerData: connectDataField,
    qos: qosField.exactOptional().describe('what the caller asks for'),
    deadlineAt: timeField.nullable().describe('until when an answer counts'),
    plane: planeField.exactOptional(),
  }),
  z.object({
    ...told,
    kind: z.literal('FD_CONNECT'),
    to: toSocket,
    code: codeField.nullable().describe('null for success'),
    link: socketField.nullable().describe('at a c_root, the link that its `join` named'),
    calleeData: connectDataField,
    plane: planeField.exactOptional().describe('on success: where session data goes'),
    peer: socketField
      .exactOptional()
      .describe('on success, in a session with a root: the socket at the other end'),
    flow: flowField.exactOptional().describe('on success, when the join asked for one'),
  }),
  z.object({
    id: told.id,
    session: told.session,
    revision: told.revision,
    kind: z.literal('FD_CLOSE'),
    to: toSocket,
    code: codeField.nullable().describe('null for an orderly end'),
  }),
  z.object({ ...told, kind: z.literal('WITHDRAWN'), to: toEither }),
  z.object({
    ...told,
    kind: z.literal('LINKED'),
    to: toSocket,
    link: socketField.describe('the link that the arbiter made'),
    leafAddress: nodeAddressField.describe("the member's endpoint"),
    flags: flagsField,
    callerData: connectDataField,
    peer: socketField.exactOptional().describe("the member's socket"),
    plane: planeField.exactOptional().describe('at a root that has succeeded another one'),
  }),
  z.object({
    id: told.id,
    session: told.session,
    revision: told.revision,
    kind: z.literal('FD_QOS'),
    to: toSocket,
    flow: flowField,
  }),
  z.object({
    id: told.id,
    session: told.session,
    revision: told.revision,
    kind: z.literal('ROOT_LOST'),
    to: toSocket,
    heir: z.boolean().describe('whether your node may open the session now'),
    until: timeField.describe('when the session ends if nobody has opened it'),
    plane: planeField,
  }),
  z.object({
    id: told.id,
    session: told.session,
    revision: told.revision,
    kind: z.literal('ROOT_REPLACED'),
    to: toSocket,
    root: socketField,
    peer: socketField.describe('its link to you'),
    plane: planeField,
  }),
]);
export type KnownNotification = z.output<typeof notificationSchema>;

/** One that a newer service tells, and this version knows nothing of but its place (H24). */
export interface UnknownNotification {
  readonly kind: 'UNKNOWN';
  readonly of: string;
  readonly id: string;
  readonly session: SessionAddress;
  readonly revision: number;
  readonly to: SocketId | NodeAddress;
}

const unknownSchema = z.object({
  id: told.id,
  session: told.session,
  revision: told.revision,
  kind: z.string().max(64),
  to: target,
});

const knownKinds: ReadonlySet<unknown> = new Set(
  notificationSchema.options.map(({ shape }) => shape.kind.value),
);

const kindOf = (value: unknown): unknown =>
  typeof value === 'object' && value !== null && 'kind' in value ? value.kind : undefined;

// What is of a known kind has to be right; what is not must not take its neighbours with it.
const toldSchema = z.unknown().transform((value, context): ToldNotification => {
  const kind = kindOf(value);
  const isUnknown = typeof kind === 'string' && !knownKinds.has(kind);
  const read = isUnknown ? unknownSchema.safeParse(value) : notificationSchema.safeParse(value);
  if (!read.success) {
    for (const { path, message } of read.error.issues) {
      context.issues.push({ code: 'custom', path: [...path], message, input: value });
    }
    return z.NEVER;
  }
  return isUnknown ? { ...read.data, kind: 'UNKNOWN', of: kind } : (read.data as KnownNotification);
});

leavesUnchanged(toldSchema, notificationSchema);

/** A notification as it is read. */
export type ToldNotification = KnownNotification | UnknownNotification;

/**
 * One message on a node's subject: the next of its notifications. They are numbered from 1 without gaps,
 * and where one bulletin ends and the next begins means nothing.
 */
export const bulletinSchema = z.object({
  v: z.literal(1),
  node: nameField.describe('yours'),
  first: z.int().min(1).describe('the number of the first notification in here'),
  // How a notifier finds its place again.
  sequence: z.int().min(1).describe("the position in the event log of the last one's commit"),
  notifications: z.array(toldSchema).min(1).describe('oldest first'),
});
export type Bulletin = z.output<typeof bulletinSchema>;
