import {
  isIncarnation,
  isName,
  isNodeAddress,
  isSerial,
  isSessionAddress,
  isSocketId,
  isWsaCode,
  winsockPolicy,
  type JoinId,
  type NodeAddress,
  type Rule,
  type SessionAddress,
  type SocketId,
  type WsaCode,
} from '@joinleaf/multipoint';
import { z } from 'zod';
import {
  connectDataBytesMax,
  deadlineMsMax,
  lingerMsMax,
  lingerMsMin,
  policyNamesMax,
} from './limits.js';

// The fields that messages are made of. A description here becomes a line of docs/PROTOCOL.md.

export const nameField = z
  .string()
  .refine(isName, 'is not a name')
  .describe('1 to 64 of A-Z a-z 0-9 _ -');

export const sessionField = z
  .custom<SessionAddress>(
    (value) => typeof value === 'string' && isSessionAddress(value),
    'is not a session address',
  )
  .describe('`conf-7`, or `@news` for a group');

export const nodeAddressField = z
  .custom<NodeAddress>(
    (value) => typeof value === 'string' && isNodeAddress(value),
    'is not an address such as ada:7',
  )
  .describe('`ada:7`: a node and a port from 1 to 65535');

export const socketField = z
  .custom<SocketId>((value) => typeof value === 'string' && isSocketId(value), 'is not a socket')
  .describe('`ada/1k3f9x/7`: node, incarnation, serial');

export const serialField = z
  .string()
  .refine(isSerial, 'is not a socket serial')
  .describe(
    'the last part of a socket: your own number for it, or `J7` for a link that the arbiter made',
  );

// A node numbers its own sockets. Serials with a J are the arbiter's to give, and good for `close` alone.
export const descriptorField = z
  .string()
  .regex(/^[1-9]\d{0,8}$/, 'is not a socket number')
  .describe('your own number for the socket, such as `7`, new within your incarnation');

export const joinField = z
  .custom<JoinId>(
    (value) => typeof value === 'string' && /^J[1-9]\d{0,8}$/.test(value),
    'is not a join',
  )
  .describe('`J7`: the seventh join of the session');

export const incarnationField = z
  .string()
  .refine(isIncarnation, 'is not an incarnation')
  .describe('4 to 32 of a-z 0-9, new at every start of the node');

export const commandIdField = z
  .string()
  .regex(/^[A-Za-z0-9_-]{8,64}$/, 'is not a command id')
  .describe(
    '8 to 64 of A-Z a-z 0-9 _ -, yours, new for every command and the same for its repetition',
  );

export const codeField = z
  .custom<WsaCode>((value) => typeof value === 'string' && isWsaCode(value), 'is not an error name')
  .describe('a Windows Sockets error name, such as `WSAEALREADY`');

export const ruleField = z
  .custom<Rule>(
    (value) => typeof value === 'string' && /^[REAH]\d{1,3}$/.test(value),
    'is not a rule',
  )
  .describe('the line of docs/SPEC.md that was applied');

export const factsField = z.record(
  z.string().max(64),
  z.union([z.string().max(256), z.number(), z.boolean(), z.null()]),
);

export const flagsField = z
  .enum(['sender-only', 'receiver-only', 'both'])
  .describe('what the joining socket will do with session data');

const decodedLength = (base64: string): number =>
  (base64.length / 4) * 3 - (base64.endsWith('==') ? 2 : base64.endsWith('=') ? 1 : 0);

export const connectDataField = z
  .base64('is not base64')
  .refine(
    (base64) => decodedLength(base64) <= connectDataBytesMax,
    `is longer than ${String(connectDataBytesMax)} bytes (rule R97)`,
  )
  .nullable()
  .describe(`at most ${String(connectDataBytesMax)} bytes, in base64; null for none`);

export const deadlineField = z
  .int()
  .min(1)
  .max(deadlineMsMax)
  .nullable()
  .describe("how long the join may wait, in milliseconds; never longer than the policy's");

const word32 = z.int().min(0).max(0xffff_ffff);

/** A FLOWSPEC. It has a table of its own in docs/PROTOCOL.md, found by this title. */
export const flowSpecField = z
  .strictObject({
    tokenRate: word32.describe('bytes per second'),
    tokenBucketSize: word32.describe('bytes'),
    peakBandwidth: word32.describe('bytes per second'),
    latency: word32.describe('microseconds'),
    delayVariation: word32.describe('microseconds'),
    serviceType: word32.describe('SERVICETYPE_*: 0 for a direction that is not used'),
    maxSduSize: word32.describe('bytes'),
    minimumPolicedSize: word32.describe('bytes'),
  })
  .meta({ title: 'flow spec' });

export const qosField = z
  .strictObject({
    sending: flowSpecField.describe("what the caller's socket will send"),
    receiving: flowSpecField.describe('and what it will receive'),
    providerSpecific: connectDataField,
  })
  .describe('the flow that is asked for, seen from the caller');

export const flowField = z
  .object({ sending: flowSpecField, receiving: flowSpecField })
  .describe('what the network gives now, as the socket that is told sees it');

export const planeField = z
  .object({
    incarnation: z.int().min(1).describe('the how-manieth session at its address'),
    data: z.enum(['rooted', 'nonrooted']),
    root: socketField.nullable(),
  })
  .describe('where session data goes');

const directionBudgetField = z.strictObject({
  bytesPerSecond: z.int().min(0).max(Number.MAX_SAFE_INTEGER).nullable(),
  members: z.int().min(0).max(10_000_000).nullable(),
});

const budgetField = z
  .strictObject({ sending: directionBudgetField, receiving: directionBudgetField })
  .nullable()
  .describe(
    'what flow specs may reserve in all, as members see it: bytes per second and flows; null honours every one',
  );

export const identityField = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('reject-new') }),
  z.strictObject({ kind: z.literal('replace-old') }),
  z.strictObject({ kind: z.literal('allow'), max: z.int().min(1).max(1_000) }),
]);

const policyFields = {
  admit: z.enum(['ask', 'auto']).describe("who admits: the root's program, or the arbiter at once"),
  capacity: z
    .int()
    .min(1)
    .max(10_000_000)
    .nullable()
    .describe('members at most; null for no bound'),
  identity: identityField.describe('how many members one node and port may have'),
  allow: z
    .array(nameField)
    .max(policyNamesMax)
    .nullable()
    .describe('nodes that may be members; null for everybody'),
  deny: z
    .array(nameField)
    .max(policyNamesMax)
    .describe('nodes that may not, whatever `allow` says'),
  joinDeadlineMs: z
    .int()
    .min(1)
    .max(deadlineMsMax)
    .describe('the longest a join may wait, in milliseconds, and the default'),
  budget: budgetField,
  rootLoss: z
    .enum(['close-all', 'linger', 'elect-oldest'])
    .describe(
      'what becomes of the session when its root is lost: it ends, it waits for whoever opens it next, or for its oldest member to do so',
    ),
  lingerMs: z
    .int()
    .min(lingerMsMin)
    .max(lingerMsMax)
    .describe('how long it waits, in milliseconds'),
};

// A policy that was recorded before there were budgets, or another end than the session's, says so by silence.
export const policyField = z.strictObject({
  ...policyFields,
  budget: budgetField.default(null),
  rootLoss: policyFields.rootLoss.default(winsockPolicy.rootLoss),
  lingerMs: policyFields.lingerMs.default(winsockPolicy.lingerMs),
});

/** Some of a policy; what is left out stays as it is. */
export const policyChangesField = z.strictObject({
  admit: policyFields.admit.exactOptional(),
  capacity: policyFields.capacity.exactOptional(),
  identity: policyFields.identity.exactOptional(),
  allow: policyFields.allow.exactOptional(),
  deny: policyFields.deny.exactOptional(),
  joinDeadlineMs: policyFields.joinDeadlineMs.exactOptional(),
  budget: policyFields.budget.exactOptional(),
  rootLoss: policyFields.rootLoss.exactOptional(),
  lingerMs: policyFields.lingerMs.exactOptional(),
});

export const timeField = z.int().min(0).describe('milliseconds since the Unix epoch');
export const revisionField = z.int().min(0);
export const hashField = z.string().regex(/^[0-9a-f]{64}$/, 'is not a SHA-256 in hexadecimal');
