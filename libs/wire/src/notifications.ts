import { z } from 'zod';
import {
  codeField,
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
  revision: revisionField,
  join: joinField,
};

const target = z.union([socketField, nodeAddressField]);

/** One FD_* (or one of the two provider notes) as a node is told it. */
export const notificationSchema = z.discriminatedUnion('kind', [
  z.object({
    ...told,
    kind: z.literal('FD_ACCEPT'),
    to: target,
    from: target,
    flags: flagsField,
    callerData: connectDataField,
    deadlineAt: timeField.nullable(),
  }),
  z.object({
    ...told,
    kind: z.literal('FD_CONNECT'),
    to: socketField,
    code: codeField.nullable(),
    link: socketField.nullable(),
    calleeData: connectDataField,
  }),
  z.object({
    id: told.id,
    session: told.session,
    revision: told.revision,
    kind: z.literal('FD_CLOSE'),
    to: socketField,
    code: codeField.nullable(),
  }),
  z.object({ ...told, kind: z.literal('WITHDRAWN'), to: target }),
  z.object({
    ...told,
    kind: z.literal('LINKED'),
    to: socketField,
    link: socketField,
    leafAddress: nodeAddressField,
    flags: flagsField,
    callerData: connectDataField,
  }),
]);
export type ToldNotification = z.output<typeof notificationSchema>;

/**
 * One message on a node's subject: what one commit has to say to this node. The notifications of a
 * node are numbered from 1 without gaps; `first` is the number of the first one in here.
 */
export const bulletinSchema = z.object({
  v: z.literal(1),
  node: nameField,
  first: z.int().min(1),
  /** The stream position of the commit; how a notifier finds its place again. */
  sequence: z.int().min(1),
  notifications: z.array(notificationSchema).min(1),
});
export type Bulletin = z.output<typeof bulletinSchema>;
