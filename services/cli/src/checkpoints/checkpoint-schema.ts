import {
  connectDataField,
  fitsAsItStands,
  flagsField,
  joinField,
  nodeAddressField,
  policyField,
  qosField,
  revisionField,
  sessionField,
  socketField,
  timeField,
} from '@joinleaf/wire';
import { z } from 'zod';

// What a checkpoint looks like as JSON. Its checksum says that it is what was written; this, that what was written is a session.

const kind = z.enum(['invitation', 'request', 'group']);
const plane = z.enum(['rooted', 'nonrooted']);
const ending = z.enum(['root-closed', 'root-reset', 'root-lost', 'group-closed']);
const count = z.int().min(0);

const join = z.strictObject({
  id: joinField,
  kind,
  caller: socketField,
  leafAddress: nodeAddressField,
  link: socketField.nullable(),
  flags: flagsField,
  callerData: connectDataField,
  qos: qosField.exactOptional(),
  deadlineAt: timeField.nullable(),
  deferred: z.boolean(),
});

const member = z.strictObject({
  leaf: socketField,
  link: socketField.nullable(),
  address: nodeAddressField,
  join: joinField,
  flags: flagsField,
  kind,
  qos: qosField.exactOptional(),
});

const mapOf = (key: z.ZodType, value: z.ZodType) =>
  z.array(
    z.custom(
      (entry) =>
        Array.isArray(entry) &&
        entry.length === 2 &&
        fitsAsItStands(key, entry[0]) &&
        fitsAsItStands(value, entry[1]),
    ),
  );

const reserved = z.strictObject({ bytesPerSecond: count, flows: count });
const some = { address: sessionField, incarnation: z.int().min(1), joinCount: count };

const state = z.discriminatedUnion('phase', [
  z.strictObject({ phase: z.literal('unopened') }),
  z.strictObject({
    phase: z.literal('open'),
    ...some,
    control: plane,
    data: plane,
    root: socketField.nullable(),
    vacancy: z
      .strictObject({ lost: socketField, heir: socketField.nullable(), until: timeField })
      .nullable(),
    policy: policyField,
    backlog: count.nullable(),
    invitation: join.nullable(),
    requests: mapOf(joinField, join),
    requestsByCaller: mapOf(socketField, joinField),
    members: mapOf(socketField, member),
    leafByLink: mapOf(socketField, socketField),
    leavesByAddress: mapOf(nodeAddressField, z.array(socketField)),
    reserved: z.strictObject({ sending: reserved, receiving: reserved }),
  }),
  z.strictObject({ phase: z.literal('shut'), ...some, root: socketField.nullable() }),
  z.strictObject({ phase: z.literal('closed'), ...some, ending }),
]);

export const checkpointSchema = z.strictObject({
  schema: z.string(),
  fold: z.string(),
  session: sessionField,
  head: z.strictObject({
    revision: revisionField.min(1),
    hash: z.string(),
    sequence: count,
  }),
  decisions: count,
  state,
});
