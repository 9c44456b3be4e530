import { isWsaCode, type Rule, type WsaCode } from '@joinleaf/multipoint';
import { z } from 'zod';
import { stepSchema } from './scenario.js';

// The player and its actors speak in lines of JSON, over an actor's standard input and output. An order
// is answered by one report with its number.

const credentials = z.object({
  servers: z.array(z.string()),
  user: z.string().optional(),
  pass: z.string().optional(),
});
export type Credentials = z.output<typeof credentials>;

export const orderSchema = z.discriminatedUnion('kind', [
  z.object({
    id: z.int(),
    kind: z.literal('enter'),
    node: z.string(),
    realm: z.string(),
    credentials,
    boundMs: z.int().nullable(),
  }),
  z.object({ id: z.int(), kind: z.literal('act'), session: z.string(), step: stepSchema }),
]);
export type Order = z.output<typeof orderSchema>;

const code = z.custom<WsaCode>((text) => typeof text === 'string' && isWsaCode(text));
const rule = z.custom<Rule>((text) => typeof text === 'string');

const no = { code, number: z.int(), rule, message: z.string() };

export const outcomeSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('done') }),
  z.object({ kind: z.literal('waiting'), deadlineAt: z.number().nullable() }),
  z.object({ kind: z.literal('connected'), data: z.string().nullable() }),
  /** FD_CLOSE; code null for a graceful end. */
  z.object({ kind: z.literal('closed'), code: code.nullable() }),
  z.object({ kind: z.literal('refused'), ...no }),
  z.object({ kind: z.literal('failed'), ...no }),
  /** The call did not come to an answer. */
  z.object({ kind: z.literal('broken'), message: z.string() }),
]);
/** How an action ended, as the program that did it was told. */
export type Outcome = z.output<typeof outcomeSchema>;

export const reportSchema = z.object({ id: z.int(), outcome: outcomeSchema });
export type Report = z.output<typeof reportSchema>;
