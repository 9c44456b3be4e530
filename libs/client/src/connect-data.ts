import type { Base64 } from '@joinleaf/multipoint';
import { connectDataBytesMax } from '@joinleaf/wire';
import type { ConnectData } from './api.js';
import { BadArgument } from './errors.js';

/** Bytes as they travel; null for none. Throws BadArgument beyond what a session takes (R97). */
export function toBase64(field: string, data: ConnectData | undefined): Base64 | null {
  if (data === undefined) return null;
  if (typeof data !== 'string' && !(data instanceof Uint8Array)) {
    throw new BadArgument(field, 'is neither text nor bytes', 'E9');
  }
  const bytes = Buffer.from(data);
  if (bytes.length > connectDataBytesMax) {
    throw new BadArgument(field, `is longer than ${String(connectDataBytesMax)} bytes`, 'R97');
  }
  return bytes.toString('base64');
}

/** A program's own copy of what came along. */
export const fromBase64 = (data: Base64 | null): Uint8Array | null =>
  data === null ? null : new Uint8Array(Buffer.from(data, 'base64'));
