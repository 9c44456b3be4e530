import { z } from 'zod';
import { nameField } from './fields.js';

/** What an arbiter says to the others, several times a second. */
export const arbiterBeatSchema = z.object({
  v: z.literal(1),
  name: nameField,
  instance: z.string().min(1).max(64).describe('of this one process, new at every start'),
  state: z
    .enum(['coming', 'serving', 'leaving'])
    .describe('reading the log, deciding commands, or finishing; only who serves owns partitions'),
  decider: z.string().max(64).describe('the version of the law it decides by'),
  config: z.string().max(64).describe('equal for equal settings, where these bear on decisions'),
  partitions: z
    .string()
    .regex(/^[0-9a-f]{16}$/)
    .describe('those it hears commands of, one bit each, the last digit holding 0 to 3'),
});
export type ArbiterBeat = z.output<typeof arbiterBeatSchema>;
