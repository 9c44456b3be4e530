import { portField, serviceConfig, wholeField } from '@joinleaf/nest-kit';
import { z } from 'zod';

/** What the notifier is configured by: JOINLEAF_* variables, flags, or a file. */
export const notifierConfig = z.strictObject({
  ...serviceConfig,
  httpPort: portField.default(8_082).describe(serviceConfig.httpPort.description ?? ''),
  replicas: wholeField(1, 5).default(1).describe('copies of each stream; 3 on a cluster'),
  bulletinsInFlight: wholeField(1, 10_000)
    .default(256)
    .describe('bulletins that may be on their way at once'),
  notificationsWaiting: wholeField(1, 10_000_000)
    .default(50_000)
    .describe('notifications that may wait; then the log is read on later'),
});
export type NotifierConfig = z.output<typeof notifierConfig>;
