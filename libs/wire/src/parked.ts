import { z } from 'zod';
import { hashField, nameField, timeField } from './fields.js';

/** Bytes of a parked message that are kept; of a longer one its beginning. */
export const parkedBytesMax = 16_384;

const bytesBase64Max = Math.ceil(parkedBytesMax / 3) * 4;

/**
 * A stored message that cannot be read, as JL_PARKED keeps it. The message itself stays where it lies: nothing is
 * taken out of the log. Subject and bytes are whatever somebody stored, and nobody's words.
 */
export const parkedSchema = z.strictObject({
  schema: z.literal(1),
  stream: z.string().max(128),
  sequence: z.int().min(1),
  subject: z.string().max(4_096),
  reason: z.string().max(1_024),
  bytes: z.base64('is not base64').max(bytesBase64Max),
  size: z.int().min(0).describe('how many bytes the whole message has'),
  hash: hashField.describe('SHA-256 of the whole message'),
  storedAt: timeField,
  seenAt: timeField,
  by: nameField.describe('the service that found it'),
});
export type Parked = z.output<typeof parkedSchema>;
