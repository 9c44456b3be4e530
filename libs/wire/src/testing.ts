import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { z } from 'zod';
import { commandSchema, commitSchema, eventSchema, refusalRecordSchema } from './commits.js';
import { nodeRecordSchema } from './nodes.js';
import { bulletinSchema } from './notifications.js';
import { parkedSchema } from './parked.js';

// For tests: what is stored somewhere, and so has to be read for good, with the samples that are kept of it.

const folder = join(import.meta.dirname, '../samples');

export const storedSchemas: Readonly<Record<string, z.ZodType>> = {
  event: eventSchema,
  command: commandSchema,
  commit: commitSchema,
  'refusal-record': refusalRecordSchema,
  'node-record': nodeRecordSchema,
  bulletin: bulletinSchema,
  parked: parkedSchema,
};

export interface Sample {
  readonly file: string;
  readonly kind: string;
  /** Of an event or a command; else empty. */
  readonly type: string;
  readonly schema: z.ZodType;
  readonly value: Readonly<Record<string, unknown>>;
}

/** Every sample of every file: `event.JoinFailed.json` holds those of one event. */
export const samples: readonly Sample[] = readdirSync(folder).flatMap((file) => {
  const [kind = '', type = ''] = basename(file, '.json').split('.');
  const schema = storedSchemas[kind];
  if (schema === undefined) throw new Error(`nothing called ${kind} is stored`);
  const values = JSON.parse(readFileSync(join(folder, file), 'utf8')) as Sample['value'][];
  return values.map((value) => ({ file, kind, type, schema, value }));
});
