import { z } from 'zod';
import { listField, nameSetting, portField, secretField, wholeField } from './config-fields.js';

/**
 * What every service is told: spread it into the service's own `z.strictObject`, and override what
 * differs, such as the port.
 */
export const serviceConfig = {
  servers: listField
    .default(['127.0.0.1:4222'])
    .describe('NATS servers, host:port, separated by commas'),
  user: z.string().min(1).optional().describe('NATS user'),
  pass: secretField.optional().describe('its password; better as a file: JOINLEAF_PASS_FILE'),
  realm: nameSetting.default('main').describe('the namespace of all sessions, nodes and streams'),
  name: nameSetting.optional().describe('of this instance; without it a new one at every start'),
  httpHost: z.string().min(1).default('127.0.0.1').describe('where health and metrics are served'),
  httpPort: portField.default(0).describe('their port; 0 for any free one, `off` for none'),
  graceMs: wholeField(0, 600_000)
    .default(20_000)
    .describe('for finishing at SIGTERM, in milliseconds'),
  connectWithinMs: wholeField(0, 3_600_000)
    .default(60_000)
    .describe('how long to wait for the broker at start, in milliseconds'),
  logLevel: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal'])
    .default('info')
    .describe('the least that is logged'),
  log: z
    .enum(['json', 'text', 'none'])
    .optional()
    .describe('how lines look; without it text at a terminal and JSON elsewhere'),
} as const;

export type ServiceSettings = z.output<z.ZodObject<typeof serviceConfig>>;
