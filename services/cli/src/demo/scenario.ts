import { isName, isSessionAddress, isWsaCode, portMax } from '@joinleaf/multipoint';
import type { Rule, SessionAddress, WsaCode } from '@joinleaf/multipoint';
import { deadlineMsMax, policyField } from '@joinleaf/wire';
import { z } from 'zod';

// What a scenario file may say; scenarios/README.md tells it by example.

/** How a step is meant to end. */
export type Expectation =
  | { readonly kind: 'done' | 'waiting' | 'connected' }
  | {
      /** `refused` answers the call and leaves no event; `failed` ends a join that was on record. */
      readonly kind: 'refused' | 'failed';
      readonly code: WsaCode;
      readonly rule: Rule | null;
    };

export const policyChanges = policyField.partial();
export type PolicyChanges = z.output<typeof policyChanges>;

const shortText = z
  .string('is not a text')
  .min(1, 'is empty')
  .max(400, 'is longer than 400 characters');
const node = z.string('is not a name').refine(isName, 'is not a name: 1 to 64 of A-Z a-z 0-9 _ -');
const endpoint = z
  .string('is not an address')
  .regex(/^[A-Za-z0-9_-]{1,64}:[1-9]\d{0,4}$/, 'is not an address such as agent-1:1');
const port = z.int('is not a port').min(1, 'is not a port').max(portMax, 'is not a port');
const milliseconds = z
  .int('is not a number of milliseconds')
  .min(1, 'is below 1 ms')
  .max(deadlineMsMax, 'is longer than a day');

const expectation = z.string('is not a text').transform((text, context): Expectation => {
  const read = readExpectation(text);
  if (read !== null) return read;
  context.addIssue({
    code: 'custom',
    message: 'is none of: done, waiting, connected, refused CODE [RULE], failed CODE [RULE]',
  });
  return z.NEVER;
});

const base = { actor: node, line: z.int(), expect: expectation.optional() };
const joining = { callerData: shortText.optional(), deadlineMs: milliseconds.optional() };

export const stepSchema = z.discriminatedUnion('action', [
  // The root opens its session and listens; for a group, somebody sets it up.
  z.strictObject({ ...base, action: z.literal('open'), policy: policyChanges.optional() }),
  z.strictObject({ ...base, action: z.literal('policy'), changes: policyChanges }),
  // A leaf asks to join; the root answers.
  z.strictObject({ ...base, action: z.literal('ask'), ...joining, port: port.default(1) }),
  z.strictObject({
    ...base,
    action: z.literal('accept'),
    from: node,
    calleeData: shortText.optional(),
  }),
  z.strictObject({ ...base, action: z.literal('reject'), from: node }),
  z.strictObject({ ...base, action: z.literal('defer'), from: node }),
  // The root invites an endpoint. A program of the cast has one where it listens, and answers with
  // accept, reject or defer, as the root does.
  z.strictObject({ ...base, action: z.literal('listen'), port }),
  z.strictObject({ ...base, action: z.literal('invite'), leaf: endpoint, ...joining }),
  // How a join ended: the leaf's own, or at the root the invitation of `leaf`.
  z.strictObject({ ...base, action: z.literal('await'), leaf: endpoint.optional() }),
  z.strictObject({ ...base, action: z.literal('cancel'), leaf: endpoint.optional() }),
  // FD_CLOSE: at a leaf of its own membership, at the root of the link of the node `leaf`.
  z.strictObject({
    ...base,
    action: z.literal('hear'),
    event: z.literal('FD_CLOSE', 'is not FD_CLOSE'),
    leaf: node.optional(),
    code: z
      .custom<WsaCode>(
        (text) => typeof text === 'string' && isWsaCode(text),
        'is not an error name',
      )
      .optional(),
  }),
  z.strictObject({ ...base, action: z.literal('leave') }),
  // The root closes the link of one member.
  z.strictObject({ ...base, action: z.literal('drop'), leaf: node }),
  z.strictObject({ ...base, action: z.literal('close') }),
  // The program is killed, as a crash would.
  z.strictObject({ ...base, action: z.literal('kill') }),
]);

export type Step = z.output<typeof stepSchema>;
export type Action = Step['action'];
export type StepOf<A extends Action> = Extract<Step, { action: A }>;

export const actions: readonly string[] = stepSchema.options.map(
  ({ shape }) => shape.action.values.values().next().value ?? '',
);

const agentEndpoints = z
  .record(z.string().regex(/^[1-9]\d{0,4}$/, 'is not a port'), z.enum(agentAnswers()))
  .refine((ports) => Object.keys(ports).length > 0, 'names no port');

/** What an agent answers whoever invites one of its endpoints. */
export type AgentAnswer = 'accept' | 'reject' | 'defer';

function agentAnswers() {
  return ['accept', 'reject', 'defer'] as const satisfies readonly AgentAnswer[];
}

export const scenarioSchema = z.strictObject({
  title: shortText,
  description: shortText,
  session: z.custom<SessionAddress>(
    (text) => typeof text === 'string' && isSessionAddress(text),
    'is not a session (conf-7) or a group (@news)',
  ),
  policy: policyChanges.default({}),
  /** Programs, each a process of its own and a node by its name; and what they are there for. */
  cast: z.record(node, shortText).refine((cast) => Object.keys(cast).length > 0, 'names nobody'),
  /** Leaf agents, and what each does at which port. */
  agents: z.record(node, agentEndpoints).default({}),
  /** Silence after which a program counts as lost. */
  boundMs: z.int().min(1_000, 'is below 1000').max(60_000, 'is above 60000').optional(),
  steps: z.array(stepSchema).min(1, 'is empty'),
});

export type Scenario = z.output<typeof scenarioSchema>;

/** What is expected where a step says nothing. */
export function expected(step: Step): Expectation {
  if (step.expect !== undefined) return step.expect;
  switch (step.action) {
    case 'ask':
    case 'invite':
      return { kind: 'waiting' };
    case 'accept':
    case 'await':
      return { kind: 'connected' };
    case 'open':
    case 'policy':
    case 'listen':
    case 'reject':
    case 'defer':
    case 'cancel':
    case 'hear':
    case 'leave':
    case 'drop':
    case 'close':
    case 'kill':
      return { kind: 'done' };
  }
}

function readExpectation(text: string): Expectation | null {
  const [kind, code = '', rule, ...rest] = text.trim().split(/\s+/);
  if (kind === 'done' || kind === 'waiting' || kind === 'connected') {
    return code === '' ? { kind } : null;
  }
  if ((kind !== 'refused' && kind !== 'failed') || !isWsaCode(code) || rest.length > 0) return null;
  if (rule !== undefined && !isRule(rule)) return null;
  return { kind, code, rule: rule ?? null };
}

const isRule = (text: string): text is Rule => /^[REAH]\d{1,3}$/.test(text);
