import { z } from 'zod';
import {
  commandIdField,
  connectDataField,
  deadlineField,
  descriptorField,
  flagsField,
  incarnationField,
  joinField,
  nodeAddressField,
  policyChangesField,
  qosField,
  serialField,
} from './fields.js';
import type { Verb } from './subjects.js';

/** The version of every request and reply. An unknown version is refused, never guessed at. */
export const protocolVersion = 1;

const envelope = {
  v: z.literal(protocolVersion),
  commandId: commandIdField,
  incarnation: incarnationField,
  repeat: z
    .literal(true)
    .exactOptional()
    .describe(
      'an earlier try of this command id may have arrived: then the answer is kept in the log, whatever it is',
    ),
};

const openRequest = z.strictObject({
  ...envelope,
  socket: descriptorField.nullable().describe('the c_root; null sets up a group'),
  data: z
    .enum(['rooted', 'nonrooted'])
    .default('nonrooted')
    .describe('whom session data reaches: everybody, or the root alone; a group is nonrooted'),
  policy: policyChangesField.default({}).describe('where it differs from the default policy'),
});

const listenRequest = z.strictObject({
  ...envelope,
  socket: descriptorField.describe('the c_root'),
  backlog: z
    .int()
    .min(-1_000_000_000)
    .max(1_000_000_000)
    .describe('requests that may wait at once; the nearest of 1 to 4096 is taken'),
});

const policyRequest = z.strictObject({
  ...envelope,
  socket: descriptorField.nullable().describe('the c_root; null for a group'),
  policy: policyChangesField.describe('what is to change; the rest stays as it is'),
});

const joinBase = {
  ...envelope,
  socket: descriptorField.describe('the socket that calls JoinLeaf'),
  flags: flagsField.default('both'),
  callerData: connectDataField.default(null),
  qos: qosField.exactOptional(),
  deadlineMs: deadlineField.default(null),
};

const joinRequest = z.discriminatedUnion('as', [
  z.strictObject({
    ...joinBase,
    as: z.literal('root').describe('the c_root invites'),
    leaf: nodeAddressField.describe('who is invited'),
    link: descriptorField.describe("the caller's new socket for this leaf"),
  }),
  z.strictObject({
    ...joinBase,
    as: z.literal('leaf').describe('a c_leaf asks, or joins a group'),
    local: nodeAddressField.describe('where the socket is bound, on your own node'),
  }),
]);

const acceptRequest = z.strictObject({
  ...envelope,
  join: joinField,
  socket: descriptorField.describe(
    'the listening socket: the c_root, or the listener that was invited',
  ),
  accepted: descriptorField
    .nullable()
    .describe(
      'the new socket that accept returns; null at a c_root lets the arbiter make the link',
    ),
  calleeData: connectDataField.default(null),
});

const rejectRequest = z.strictObject({
  ...envelope,
  join: joinField,
  socket: descriptorField.nullable().describe('the listening socket; null when there is none'),
  reason: z
    .enum(['rejected', 'nobody-listens', 'backlog-full'])
    .default('rejected')
    .describe('who says no: the program, or the provider for want of a listener or of room'),
});

const deferRequest = z.strictObject({
  ...envelope,
  join: joinField,
  socket: descriptorField.describe('the listening socket'),
});

const closeRequest = z.strictObject({
  ...envelope,
  socket: serialField.nullable().describe('any socket of yours in this session; null ends a group'),
  abortive: z
    .boolean()
    .exactOptional()
    .describe('true drops what is unsent, and the other side hears WSAECONNRESET'),
});

const shutdownRequest = z.strictObject({
  ...envelope,
  socket: descriptorField.describe('the c_root'),
  how: z.enum(['receive', 'send', 'both']).describe('SD_RECEIVE, SD_SEND or SD_BOTH'),
});

const resolveRequest = z.strictObject({
  v: z.literal(protocolVersion),
  incarnation: incarnationField,
  commandId: commandIdField.describe('the command whose outcome is asked for'),
});

/** The schema of each verb's request; the message, its type and its documentation. */
export const requestSchemas = {
  open: openRequest,
  listen: listenRequest,
  policy: policyRequest,
  join: joinRequest,
  accept: acceptRequest,
  reject: rejectRequest,
  defer: deferRequest,
  close: closeRequest,
  shutdown: shutdownRequest,
  resolve: resolveRequest,
} as const satisfies Record<Verb, z.ZodType>;

/** What a handler receives: validated, defaults filled in. */
export type RequestOf<V extends Verb> = z.output<(typeof requestSchemas)[V]>;
/** What a caller may send: defaults left out. */
export type RequestInput<V extends Verb> = z.input<(typeof requestSchemas)[V]>;
