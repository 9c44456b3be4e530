import { createHash } from 'node:crypto';
import { portField, serviceConfig, wholeField } from '@joinleaf/nest-kit';
import { z } from 'zod';

const rateField = wholeField(0, 10_000_000);

/** What the session service is configured by: JOINLEAF_* variables, flags, or a file. */
export const sessionConfig = z.strictObject({
  ...serviceConfig,
  httpPort: portField.default(8081),
  replicas: wholeField(1, 5).default(1).describe('copies of each stream; 3 on a cluster'),
  batchMax: wholeField(1, 1_024).default(128).describe('decisions in one commit at most'),
  mailboxMax: wholeField(1, 100_000)
    .default(4_096)
    .describe('commands that may wait for one session'),
  inFlightMax: wholeField(1, 1_000_000)
    .default(16_384)
    .describe('requests that may be in hand at once'),
  sessionsMax: wholeField(1, 10_000_000)
    .default(250_000)
    .describe('sessions kept in memory, at some 2 KB each'),
  appendDeadlineMs: wholeField(100, 60_000)
    .default(4_000)
    .describe('the longest an append is waited for, in milliseconds'),
  hears: z
    .enum(['owned', 'all'])
    .default('owned')
    .describe('the commands of the partitions it owns, or, with the others, of all'),
  nodeRatePerS: rateField
    .default(30_000)
    .describe('commands that one node may ask in a second; 0 for no limit'),
  nodeBurst: rateField.default(60_000).describe('commands that it may ask at once'),
  rootRatePerS: rateField
    .default(30_000)
    .describe('commands that one session takes in a second; 0 for no limit'),
  rootBurst: rateField.default(60_000).describe('commands that it takes at once'),
});
export type SessionConfig = z.output<typeof sessionConfig>;

/** Equal for arbiters that are configured alike, whatever they are called and wherever they listen. */
export function arbitrationHash(config: SessionConfig): string {
  const own = Object.entries(config).filter(([key]) => !(key in serviceConfig));
  const sorted = own.sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256').update(JSON.stringify(sorted)).digest('hex').slice(0, 12);
}
