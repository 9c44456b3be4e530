import { createHash } from 'node:crypto';
import type { SimStream, Simulation } from '@joinleaf/sim';
import {
  bulletinSchema,
  commitSchema,
  decode,
  nodeRecordSchema,
  refusalRecordSchema,
} from '@joinleaf/wire';
import type { Records } from '../deployment/records.js';

const bytesMax = 4 * 1_024 * 1_024;

/** Everything that a simulated deployment has on record, read without our own code for reading it. */
export function simRecords({ jetstream, subjects }: Simulation): Records {
  const { events, decisions, notifications, nodes } = subjects.streams;
  const foreign: string[] = [];
  const read = <T>(stream: SimStream, schema: Parameters<typeof decode>[0]) =>
    stream.readable.flatMap(({ data, sequence, storedAt, subject }) => {
      const decoded = decode(schema, data, bytesMax);
      if (decoded.ok) return [{ value: decoded.value as T, data, sequence, storedAt }];
      foreign.push(`${subject}, message ${String(sequence)}: ${decoded.error.field}`);
      return [];
    });
  const commits = read<Omit<Records['commits'][number], 'hash'>>(
    jetstream.stream(events),
    commitSchema,
  );
  const bulletins = read<Bulletin>(jetstream.stream(notifications), bulletinSchema);
  return {
    commits: commits.map(({ value, data, sequence, storedAt }) => {
      const hash = createHash('sha256').update(data).digest('hex');
      return { ...value, hash, sequence, storedAt };
    }),
    refusals: read<Records['refusals'][number]>(
      jetstream.stream(decisions),
      refusalRecordSchema,
    ).map(({ value }) => value),
    bulletins: Map.groupBy(
      bulletins.map(({ value }) => value),
      ({ node }) => node,
    ),
    nodes: read<Records['nodes'][number]>(jetstream.stream(nodes), nodeRecordSchema).map(
      ({ value }) => value,
    ),
    foreign,
  };
}

type Bulletin = Records['bulletins'] extends ReadonlyMap<string, readonly (infer B)[]> ? B : never;
