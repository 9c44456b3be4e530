import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { RefusalRecord, StoredCommit } from '@joinleaf/event-log';
import {
  bulletinSchema,
  commitSchema,
  decode,
  nodeRecordSchema,
  refusalRecordSchema,
  sessionIn,
  type Bulletin,
  type NodeRecord,
  type Subjects,
} from '@joinleaf/wire';
import {
  jetstreamManager,
  JetStreamError,
  type JetStreamManager,
  type StoredMsg,
} from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import type { z } from 'zod';
import type { Records } from './records.js';

// Reads the streams without any of our own code for reading them: hashes are taken of the stored bytes, here.

const bytesMax = 4 * 1_024 * 1_024;
const batchMax = 500;
const triesMax = 50;
const pauseMs = 100;

/** All that a realm has on record now. A stream that is not there yet is empty. */
export async function readRecords(nc: NatsConnection, subjects: Subjects): Promise<Records> {
  const manager = await jetstreamManager(nc, { checkAPI: false, timeout: 10_000 });
  const { events, decisions, notifications, nodes } = subjects.streams;
  const foreign: string[] = [];
  const read = (stream: string) => messagesOf(manager, stream);

  const commits = await collect(await read(events), commitFrom, foreign);
  const refusals = await collect(await read(decisions), refusalFrom, foreign);
  const told = await collect(await read(notifications), bulletinFrom(subjects), foreign);
  const lives = await collect(await read(nodes), nodeRecordFrom(subjects), foreign);
  foreign.push(...(await wrongSettings(manager, events)));
  return { commits, refusals, bulletins: byNode(told), nodes: lives, foreign };
}

async function messagesOf(manager: JetStreamManager, stream: string): Promise<StoredMsg[]> {
  const names = await manager.streams.names().next();
  if (!names.includes(stream)) return [];
  const { state } = await manager.streams.info(stream);
  const messages: StoredMsg[] = [];
  let next = Math.max(1, state.first_seq); // 0 in a stream that never held anything.
  for (let inVain = 0; next <= state.last_seq;) {
    const before = next;
    try {
      const batch = await manager.direct.getBatch(stream, { seq: next, batch: batchMax });
      for await (const message of batch) {
        if (message.seq > state.last_seq) break;
        messages.push(message);
        next = message.seq + 1;
      }
    } catch (error) {
      if (!(error instanceof JetStreamError)) throw error;
    }
    inVain = next === before ? inVain + 1 : 0;
    if (inVain > triesMax) throw new Error(`${stream} gives nothing from ${String(next)} on`);
    // Any copy may answer, and one that was away for a while has not everything yet.
    if (inVain > 0) await delay(pauseMs);
  }
  return messages;
}

type Reader<T> = (message: StoredMsg) => T | string;

async function collect<T extends object>(
  messages: readonly StoredMsg[],
  read: Reader<T>,
  foreign: string[],
): Promise<T[]> {
  const found: T[] = [];
  for (const message of messages) {
    const item = read(message);
    if (typeof item === 'string') {
      foreign.push(`${message.subject}, message ${String(message.seq)}: ${item}`);
    } else found.push(item);
  }
  return found;
}

function commitFrom(message: StoredMsg): StoredCommit | string {
  const commit = parsed(commitSchema, message.data);
  if (typeof commit === 'string') return commit;
  if (sessionIn(message.subject) !== commit.session) return `is a commit of ${commit.session}`;
  const hash = createHash('sha256').update(message.data).digest('hex');
  return { ...commit, hash, sequence: message.seq, storedAt: message.time.getTime() };
}

function refusalFrom(message: StoredMsg): RefusalRecord | string {
  const refusal = parsed(refusalRecordSchema, message.data);
  if (typeof refusal === 'string') return refusal;
  return sessionIn(message.subject) === refusal.session ? refusal : `is of ${refusal.session}`;
}

const bulletinFrom =
  (subjects: Subjects): Reader<Bulletin> =>
  (message) => {
    const bulletin = parsed(bulletinSchema, message.data);
    if (typeof bulletin === 'string') return bulletin;
    const due = subjects.notifications(bulletin.node);
    return message.subject === due ? bulletin : `is a bulletin for ${bulletin.node}`;
  };

const nodeRecordFrom =
  (subjects: Subjects): Reader<NodeRecord> =>
  (message) => {
    const record = parsed(nodeRecordSchema, message.data);
    if (typeof record === 'string') return record;
    return message.subject === subjects.nodeRecords(record.node) ? record : `is of ${record.node}`;
  };

function parsed<S extends z.ZodType<object>>(schema: S, bytes: Uint8Array): z.output<S> | string {
  const decoded = decode(schema, bytes, bytesMax);
  return decoded.ok ? decoded.value : `${decoded.error.field} ${decoded.error.problem}`;
}

function byNode(bulletins: readonly Bulletin[]): ReadonlyMap<string, readonly Bulletin[]> {
  return Map.groupBy(bulletins, ({ node }) => node);
}

// The log is the only truth: what could ever drop a commit is not set up (I19).
async function wrongSettings(manager: JetStreamManager, stream: string): Promise<string[]> {
  const { config, state } = await manager.streams.info(stream);
  const agreed = {
    retention: 'limits',
    discard: 'new',
    storage: 'file',
    max_age: 0,
    deny_delete: true,
    deny_purge: true,
    allow_direct: true,
  } as const;
  const wrong = Object.entries(agreed).flatMap(([name, due]) => {
    const is: unknown = config[name as keyof typeof agreed];
    return is === due ? [] : [`${stream}: ${name} is ${String(is)}, not ${String(due)}`];
  });
  if (state.num_deleted > 0) {
    wrong.push(`${stream}: ${String(state.num_deleted)} messages are gone`);
  }
  if (state.messages > 0 && state.first_seq !== 1) {
    wrong.push(`${stream}: begins at ${String(state.first_seq)}`);
  }
  return wrong;
}
