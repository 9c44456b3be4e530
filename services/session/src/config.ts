import { portField, serviceConfig, wholeField } from '@joinleaf/nest-kit';
import { z } from 'zod';

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
  sessionsMax: wholeField(1, 10_000_000).default(50_000).describe('sessions kept in memory'),
  appendDeadlineMs: wholeField(100, 60_000)
    .default(4_000)
    .describe('the longest an append is waited for, in milliseconds'),
});
export type SessionConfig = z.output<typeof sessionConfig>;
