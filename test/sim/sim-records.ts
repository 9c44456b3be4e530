import { createHash } from 'node:crypto';
import type { Simulation } from '@joinleaf/sim';
import {
  bulletinSchema,
  commitSchema,
  decode,
  nodeRecordSchema,
  refusalRecordSchema,
} from '@joinleaf/wire';
import type { z } from 'zod';
import type { Records } from '../deployment/records.js';

const bytesMax = 4 * 1_024 * 1_024;

/** Everything that a simulated deployment has on record, read without our own code for reading it. */
export function simRecords({ jetstream, subjects }: Simulation): Records {
  const { events, decisions, notifications, nodes } = subjects.streams;
  const foreign: string[] = [];
  const read = <S extends z.ZodType>(name: string, schema: S) =>
    jetstream.stream(name).readable.flatMap(({ data, sequence, storedAt, subject }) => {
      const decoded = decode(schema, data, bytesMax);
      if (decoded.ok) return [{ value: decoded.value, data, sequence, storedAt }];
      foreign.push(`${subject}, message ${String(sequence)}: ${decoded.error.field}`);
      return [];
    });
  const values = <S extends z.ZodType>(name: string, schema: S) =>
    read(name, schema).map(({ value }) => value);
  return {
    commits: read(events, commitSchema).map(({ value, data, sequence, storedAt }) => {
      const hash = createHash('sha256').update(data).digest('hex');
      return { ...value, hash, sequence, storedAt };
    }),
    refusals: values(decisions, refusalRecordSchema),
    bulletins: Map.groupBy(values(notifications, bulletinSchema), ({ node }) => node),
    nodes: values(nodes, nodeRecordSchema),
    foreign,
  };
}
