import { err, ok, type Result } from '@joinleaf/multipoint';
import type { z } from 'zod';
import { fitsAsItStands } from './as-it-stands.js';

/** Why bytes are no message of ours. `field` is a path such as `policy.capacity`, never foreign text. */
export interface Malformed {
  readonly field: string;
  readonly problem: string;
}

const utf8 = new TextDecoder('utf-8', { fatal: true });
const encoder = new TextEncoder();

export const encode = (message: unknown): Uint8Array => encoder.encode(JSON.stringify(message));

/**
 * Reads JSON bytes against a schema. Never throws; the problem names the field and says nothing that
 * the sender wrote.
 */
export function decode<S extends z.ZodType>(
  schema: S,
  bytes: Uint8Array,
  bytesMax: number,
): Result<z.output<S>, Malformed> {
  if (bytes.length > bytesMax) {
    return err({ field: '', problem: `is larger than ${String(bytesMax)} bytes` });
  }
  const json = parse(bytes);
  if (!json.ok) return json;
  if (fitsAsItStands(schema, json.value)) return ok(json.value as z.output<S>);
  const parsed = schema.safeParse(json.value);
  return parsed.success ? ok(parsed.data) : err(firstProblem(parsed.error));
}

function parse(bytes: Uint8Array): Result<unknown, Malformed> {
  try {
    return ok(JSON.parse(utf8.decode(bytes)));
  } catch {
    return err({ field: '', problem: 'is not JSON in UTF-8' });
  }
}

function firstProblem(error: z.ZodError): Malformed {
  const [issue] = error.issues;
  if (issue === undefined) return { field: '', problem: 'does not fit' };
  if (issue.code === 'unrecognized_keys') {
    return { field: pathOf(issue.path), problem: 'has a field that this version does not know' };
  }
  return { field: pathOf(issue.path), problem: issue.message };
}

// A path may hold keys that the sender chose: only plain ones are repeated.
const pathOf = (path: readonly PropertyKey[]): string =>
  path.map((key) => (/^[\w-]{1,64}$/.test(String(key)) ? String(key) : '?')).join('.');
