import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { emptyHead, headOf, type Head } from '@joinleaf/event-log';
import { ensureStreams, JetStreamLog } from '@joinleaf/jetstream-log';
import { socketId, type SessionAddress } from '@joinleaf/multipoint';
import { Subjects } from '@joinleaf/wire';

const stream = 'BENCH_PUBLISH';
const payload = new Uint8Array(256);

/** A JetStream publish under the sequence that the writer expects, one subject for each worker. */
export async function plainPublish(nc: NatsConnection): Promise<(worker: number) => Promise<void>> {
  const jsm = await jetstreamManager(nc);
  await jsm.streams.add({ name: stream, subjects: ['bench.publish.*'], max_bytes: 1_000_000_000 });
  const js = jetstream(nc);
  const last = new Map<number, number>();
  return oneByOne(async (worker) => {
    const { seq } = await js.publish(`bench.publish.${String(worker)}`, payload, {
      expect: { lastSubjectSequence: last.get(worker) ?? 0 },
    });
    last.set(worker, seq);
  });
}

type Operation = (worker: number) => Promise<void>;

/** Who expects a sequence has to know the one before: at a fixed rate a worker is asked again before it has the answer. */
function oneByOne(operation: Operation): Operation {
  const turns = new Map<number, Promise<void>>();
  return (worker) => {
    const before = turns.get(worker);
    const own = before === undefined ? operation(worker) : before.then(() => operation(worker));
    const isOver = own
      .catch(() => undefined)
      .then(() => {
        if (turns.get(worker) === isOver) turns.delete(worker);
      });
    turns.set(worker, isOver);
    return own;
  };
}

/** The same through our own log: a commit of one decision, chained and hashed. */
export async function append(nc: NatsConnection): Promise<(worker: number) => Promise<void>> {
  const subjects = new Subjects('benchlog');
  await ensureStreams(nc, subjects, { replicas: 1 });
  const log = new JetStreamLog({ nc, subjects });
  const heads = new Map<number, Head>();
  let count = 0;
  return oneByOne(async (worker) => {
    count += 1;
    const id = `bench-${String(count).padStart(8, '0')}`;
    const root = socketId({ node: 'bench', incarnation: 'bench', serial: '1' });
    const outcome = await log.append(
      `s-${String(worker)}` as SessionAddress,
      heads.get(worker) ?? emptyHead,
      {
        commitId: id,
        arbiter: 'bench',
        decider: 'none',
        decidedAt: 0,
        decisions: [
          {
            commandId: id,
            command: { type: 'Listen', root, backlog: 1 },
            rule: 'R22',
            events: [{ type: 'ListenStarted', backlog: 1 }],
          },
        ],
      },
    );
    if (outcome.kind !== 'ok') throw new Error(`append: ${outcome.kind}`);
    heads.set(worker, headOf(outcome.commit));
  });
}
