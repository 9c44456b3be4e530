import { isSessionAddress } from '@joinleaf/multipoint';
import { connectDataBytesMax, deadlineMsMax } from '@joinleaf/wire';
import { z } from 'zod';

// What local programs send. Connect data is base64, as everywhere in JSON.

const dataField = z
  .base64('is not base64')
  .refine(
    (text) => Buffer.from(text, 'base64').length <= connectDataBytesMax,
    `is longer than ${String(connectDataBytesMax)} bytes (rule R97)`,
  )
  .nullable()
  .default(null);

export const joinBody = z.strictObject({
  session: z.string().refine(isSessionAddress, 'is not a session address'),
  callerData: dataField,
  flags: z.enum(['sender-only', 'receiver-only', 'both']).default('both'),
  deadlineMs: z.int().min(1).max(deadlineMsMax).optional(),
  port: z.int().min(1).max(65_535).optional(),
  /** How long the answer may wait for the outcome, in milliseconds. */
  waitMs: z.int().min(0).max(120_000).default(0),
});
export type JoinBody = z.output<typeof joinBody>;

export const acceptBody = z
  .strictObject({ calleeData: dataField })
  .or(z.undefined().transform(() => ({ calleeData: null })));
export type AcceptBody = z.output<typeof acceptBody>;

/** A name in a path, or `conf-7.J3`; whatever else names nothing here. */
export const idParam = z.string().max(140);
