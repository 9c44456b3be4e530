import type { Commit, RefusalRecord } from '@joinleaf/event-log';
import type { SessionCommand, SessionEvent } from '@joinleaf/multipoint';
import { z } from 'zod';
import {
  codeField,
  commandIdField,
  connectDataField,
  factsField,
  flagsField,
  hashField,
  incarnationField,
  joinField,
  nameField,
  nodeAddressField,
  policyChangesField,
  policyField,
  qosField,
  revisionField,
  ruleField,
  sessionField,
  socketField,
  timeField,
} from './fields.js';

const plane = z.enum(['rooted', 'nonrooted']);
const basisField = z.strictObject({ revision: revisionField, decisions: z.int().min(0) });
const type = <T extends string>(name: T) => z.literal(name);

export const eventSchema = z.discriminatedUnion('type', [
  z.strictObject({
    type: type('SessionOpened'),
    address: sessionField,
    incarnation: z.int().min(1),
    control: plane,
    data: plane,
    root: socketField.nullable(),
    policy: policyField,
  }),
  z.strictObject({ type: type('ListenStarted'), backlog: z.int().min(1) }),
  z.strictObject({ type: type('PolicyChanged'), policy: policyField }),
  z.strictObject({
    type: type('JoinRequested'),
    join: joinField,
    kind: z.enum(['invitation', 'request', 'group']),
    caller: socketField,
    leafAddress: nodeAddressField,
    link: socketField.nullable(),
    flags: flagsField,
    callerData: connectDataField,
    qos: qosField.exactOptional(),
    deadlineAt: timeField.nullable(),
  }),
  z.strictObject({ type: type('JoinDeferred'), join: joinField }),
  z.strictObject({
    type: type('LeafAdmitted'),
    join: joinField,
    leaf: socketField,
    link: socketField.nullable(),
    calleeData: connectDataField,
  }),
  z.strictObject({
    type: type('JoinFailed'),
    join: joinField,
    code: codeField,
    reason: z.enum([
      'rejected',
      'nobody-listens',
      'backlog-full',
      'backlog-trimmed',
      'timed-out',
      'session-over',
    ]),
  }),
  z.strictObject({
    type: type('JoinCancelled'),
    join: joinField,
    reason: z.enum(['closed', 'node-lost', 'session-over']),
  }),
  z.strictObject({
    type: type('MemberLeft'),
    leaf: socketField,
    departure: z.enum([
      'leaf-closed',
      'link-closed',
      'leaf-reset',
      'link-reset',
      'replaced',
      'node-lost',
    ]),
  }),
  z.strictObject({
    type: type('RootLost'),
    root: socketField,
    heir: socketField.nullable(),
    until: timeField,
  }),
  z.strictObject({ type: type('HeirElected'), heir: socketField }),
  z.strictObject({
    type: type('RootReplaced'),
    root: socketField,
    incarnation: z.int().min(1),
  }),
  z.strictObject({
    type: type('CommandSettled'),
    code: codeField.nullable(),
    facts: factsField.nullable(),
    basedOn: basisField,
  }),
  z.strictObject({ type: type('SessionShutDown') }),
  z.strictObject({
    type: type('SessionClosed'),
    ending: z.enum(['root-closed', 'root-reset', 'root-lost', 'group-closed']),
  }),
]) satisfies z.ZodType<SessionEvent>;

const joining = {
  caller: socketField,
  leafAddress: nodeAddressField,
  flags: flagsField,
  callerData: connectDataField,
  qos: qosField.exactOptional(),
  now: timeField,
  deadlineMs: z.int().nullable(),
};

export const commandSchema = z.discriminatedUnion('type', [
  z.strictObject({
    type: type('OpenSession'),
    address: sessionField,
    root: socketField.nullable(),
    control: plane,
    data: plane,
    policy: policyField,
  }),
  z.strictObject({ type: type('Listen'), root: socketField, backlog: z.int() }),
  z.strictObject({
    type: type('ChangePolicy'),
    root: socketField.nullable(),
    changes: policyChangesField,
  }),
  z.strictObject({
    type: type('InviteLeaf'),
    ...joining,
    link: socketField,
    leafNode: z.enum(['up', 'unknown', 'lost']),
  }),
  z.strictObject({ type: type('RequestJoin'), ...joining }),
  z.strictObject({
    type: type('AcceptJoin'),
    join: joinField,
    acceptor: socketField,
    accepted: socketField.nullable(),
    calleeData: connectDataField,
  }),
  z.strictObject({
    type: type('RejectJoin'),
    join: joinField,
    acceptor: socketField.nullable(),
    node: nameField,
    reason: z.enum(['rejected', 'nobody-listens', 'backlog-full']),
  }),
  z.strictObject({ type: type('DeferJoin'), join: joinField, acceptor: socketField }),
  z.strictObject({
    type: type('CloseSocket'),
    socket: socketField,
    abortive: z.boolean().exactOptional(),
  }),
  z.strictObject({
    type: type('ShutdownSession'),
    root: socketField,
    how: z.enum(['receive', 'send', 'both']),
  }),
  z.strictObject({ type: type('CloseGroup') }),
  z.strictObject({ type: type('ExpireJoins'), now: timeField }),
  z.strictObject({
    type: type('LoseNode'),
    node: nameField,
    incarnation: incarnationField,
    evidence: z.discriminatedUnion('kind', [
      z.strictObject({ kind: type('silent'), silentMs: z.int(), boundMs: z.int() }),
      z.strictObject({ kind: type('superseded'), by: incarnationField }),
      z.strictObject({ kind: type('stopped') }),
    ]),
    now: timeField.exactOptional(),
  }),
  z.strictObject({ type: type('SettleCommand'), node: nameField }),
]) satisfies z.ZodType<SessionCommand>;

/** A commit, as JL_EVENTS stores it. Strict: an unknown field or event needs a newer reader. */
export const commitSchema = z.strictObject({
  schema: z.literal(1),
  session: sessionField,
  revision: revisionField.min(1),
  prevHash: hashField.nullable(),
  commitId: commandIdField,
  arbiter: nameField,
  decider: z.string().max(64),
  decidedAt: timeField,
  decisions: z
    .array(
      z.strictObject({
        commandId: commandIdField,
        command: commandSchema,
        rule: ruleField,
        events: z.array(eventSchema).min(1),
      }),
    )
    .min(1),
}) satisfies z.ZodType<Commit>;

/** A refusal, as JL_DECISIONS stores it. */
export const refusalRecordSchema = z.strictObject({
  schema: z.literal(1),
  session: sessionField,
  commandId: commandIdField,
  command: commandSchema,
  basedOn: basisField,
  code: codeField,
  rule: ruleField,
  facts: factsField.nullable(),
  arbiter: nameField,
  decider: z.string().max(64),
  decidedAt: timeField,
}) satisfies z.ZodType<RefusalRecord>;
