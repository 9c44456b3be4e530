import {
  Arbiter,
  Housekeeping,
  NodeKeeper,
  SessionCommands,
  Watch,
  type World,
} from '@joinleaf/arbiter';
import type { ChainedCommit } from '@joinleaf/event-log';
import {
  JetStreamDecisionLog,
  JetStreamLog,
  JetStreamNodeLog,
  keepTime,
} from '@joinleaf/jetstream-log';
import {
  encode,
  parseCommandSubject,
  parseNodeSubject,
  refusedReply,
  type Subjects,
} from '@joinleaf/wire';
import type { Msg } from '@nats-io/transport-node';
import { clockOf } from './clock-of.js';
import type { SimProcess } from './sim-process.js';
import type { ServiceWorld, SimService } from './sim-service.js';

const decider = 'multipoint/1';

/** A session service: the arbiter's production code, put together as the service does it, without Nest. */
export async function startArbiter(
  process: SimProcess,
  { nats, subjects, counted, found }: ServiceWorld,
): Promise<SimService> {
  const connection = await nats.connect({ process });
  const { nc } = connection;
  keepTime(nc, clockOf(process));
  const stores = { nc, subjects, followBy: 'polling' } as const;
  const events = new JetStreamLog(stores);
  const refusals = new JetStreamDecisionLog(stores);
  const book = new JetStreamNodeLog(stores);
  const world = worldOf(process);
  const reportBug = (what: string, cause: unknown) => {
    if (!isAway(cause)) found(`${process.name}: ${what}: ${String(cause)}`);
  };
  const folded = (commit: ChainedCommit) => {
    housekeeping.hear(commit);
  };
  const arbiter = new Arbiter(
    { log: events, refusals, world, reportBug, folded },
    {
      ...{ arbiter: process.name, decider, batchMax: 16, queueMax: 200, sessionsMax: 8 },
      ...{ appendDeadlineMs: 4_000, attemptsMax: 8 },
    },
  );
  const unreadable = (sequence: number) => {
    counted('unreadable');
    counted(`unreadable ${String(sequence)}`);
  };
  const housekeeping = new Housekeeping({ log: events, arbiter, world, reportBug, unreadable });
  const nodes = new NodeKeeper({
    book,
    world,
    ended: (run, evidence) => {
      counted(evidence.kind);
      housekeeping.lose(run, evidence);
    },
  });
  const commands = new SessionCommands({
    ...{ arbiter, nodes, refusals, world, decider, name: process.name },
    malformed: () => {
      counted('malformed');
    },
  });

  const reading = new AbortController();
  const failed = Promise.withResolvers<unknown>();
  await caughtUp(failed.resolve, (done) => housekeeping.follow(reading.signal, done));
  await caughtUp(failed.resolve, async (done) => {
    for await (const item of book.follow({ signal: reading.signal })) {
      if (item.kind === 'record') nodes.hear(item.record, item.sequence);
      if (item.kind === 'caught-up') done();
    }
  });

  const serve = (message: Msg, answer: Promise<object>) => {
    answer.then(
      (reply) => message.respond(encode(reply)),
      (cause: unknown) => {
        if (!isAway(cause)) reportBug('a request could not be answered', cause);
        const words = { code: 'WSAENETDOWN', rule: 'E2' } as const;
        message.respond(encode(refusedReply(words)));
      },
    );
  };
  listen(subjects, {
    subscribe: (subject, take, queue) => {
      connection.subscribe(subject, {
        ...(queue === undefined ? {} : { queue }),
        callback: (_, message) => {
          take(message);
        },
      });
    },
    command: (message) => {
      const subject = parseCommandSubject(message.subject);
      if (subject !== null) serve(message, commands.take(subject, message.data));
    },
    node: (message) => {
      const subject = parseNodeSubject(message.subject);
      if (subject?.verb === 'start') serve(message, nodes.start(subject.node, message.data));
      if (subject?.verb === 'stop') serve(message, nodes.stop(subject.node, message.data));
      if (subject?.verb === 'beat') nodes.beat(subject.node, message.data);
    },
  });
  let isConnected = true;
  void (async () => {
    for await (const { type } of connection.status()) {
      if (type === 'disconnect') isConnected = false;
      if (type === 'reconnect') isConnected = true;
    }
  })();
  new Watch(housekeeping, nodes, () => isConnected, world, reportBug).start();
  return { process, connection, ended: failed.promise, counts: () => ({ ...events.counts }) };
}

interface Listening {
  readonly subscribe: (subject: string, take: (message: Msg) => void, queue?: string) => void;
  readonly command: (message: Msg) => void;
  readonly node: (message: Msg) => void;
}

function listen(subjects: Subjects, { subscribe, command, node }: Listening): void {
  subscribe(subjects.commands(), command, 'arbiter');
  subscribe(subjects.nodes('start'), node, 'arbiter');
  subscribe(subjects.nodes('stop'), node, 'arbiter');
  subscribe(subjects.nodes('beat'), node);
}

const worldOf = (process: SimProcess): World => ({
  now: () => process.wallClock(),
  monotonicMs: () => process.monotonicMs(),
  newId: () => process.newId(),
  sleep: (ms) => process.sleep(ms),
  after: (ms, call) => process.after(ms, call),
  every: (ms, call) => process.every(ms, call),
  random: () => process.chance.next(),
});

// A broker that does not answer is no bug.
const isAway = (cause: unknown): boolean =>
  cause instanceof Error && cause.name === 'StreamUnreachable';

// Waits for the end of what is there, or throws what ended the reading before; what ends it later fails the service.
export async function caughtUp(
  fail: (cause: unknown) => void,
  follow: (done: () => void) => Promise<void>,
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<undefined>();
  const done = () => {
    resolve(undefined);
  };
  follow(done).then(done, (cause: unknown) => {
    reject(cause as Error);
    fail(cause);
  });
  await promise;
}
