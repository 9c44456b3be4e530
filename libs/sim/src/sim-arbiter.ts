import {
  Arbiter,
  Hearing,
  Housekeeping,
  NodeKeeper,
  Partitions,
  SessionCommands,
  Watch,
  type Connection,
  type ReportBug,
  type World,
} from '@joinleaf/arbiter';
import type { ChainedCommit } from '@joinleaf/event-log';
import { JetStreamDecisionLog, JetStreamLog, JetStreamNodeLog } from '@joinleaf/jetstream-log';
import { keepTime } from '@joinleaf/request-reply';
import {
  encode,
  parseCommandSubject,
  parseNodeSubject,
  refusedReply,
  type Subjects,
} from '@joinleaf/wire';
import type { Msg } from '@nats-io/transport-node';
import { clockOf } from './clock-of.js';
import type { SimConnection } from './sim-connection.js';
import { simDesk, simPeers } from './sim-peers.js';
import type { SimProcess } from './sim-process.js';
import { isAway, servicePingMs, type ServiceWorld, type SimService } from './sim-service.js';

const decider = 'multipoint/1';
const forEver = new AbortController().signal;

/** A session service: the arbiter's production code, put together as the service does it, without Nest. */
export async function startArbiter(
  process: SimProcess,
  { nats, subjects, counted, found }: ServiceWorld,
): Promise<SimService> {
  const connection = await nats.connect({ process, pingMs: servicePingMs });
  const { nc } = connection;
  keepTime(nc, clockOf(process));
  const stores = { nc, subjects, followBy: 'polling' } as const;
  const log = new JetStreamLog(stores);
  const refusals = new JetStreamDecisionLog(stores);
  const book = new JetStreamNodeLog(stores);
  const { name } = process;
  const world = worldOf(process);
  const reportBug: ReportBug = (what, cause) => {
    if (!isAway(cause)) found(`${name}: ${what}: ${String(cause)}`);
  };
  const hearing = new Hearing(wayOf(connection));
  const counting = (what: string) => () => {
    counted(what);
  };
  const folded = (commit: ChainedCommit) => {
    housekeeping.hear(commit);
  };
  const limits = { batchMax: 16, queueMax: 200, sessionsMax: 8, attemptsMax: 8, decisionsMax: 16 };
  const arbiter = new Arbiter(
    { log, refusals, world, reportBug, folded },
    { arbiter: name, decider, appendDeadlineMs: 4_000, ...limits },
  );
  const takeCommand = (message: Msg) => {
    const subject = parseCommandSubject(message.subject);
    if (subject !== null) answer(message, commands.take(subject, message.data), reportBug);
  };
  const partitions = new Partitions({
    self: { name, instance: process.newId(), decider, config: 'simulated' },
    peers: simPeers(connection, subjects),
    desk: simDesk(connection, subjects, takeCommand),
    changed: () => {
      counted('partitions changed hands');
      housekeeping.ownershipChanged();
    },
    ...{ world, hearing, reportBug },
  });
  const housekeeping = new Housekeeping({
    ...{ log, arbiter, world, reportBug },
    unreadable: counting('unreadable'),
    owns: (session) => partitions.ownsSession(session),
  });
  const nodes = new NodeKeeper({
    ...{ name, book, world },
    ended: (run, evidence) => {
      counted(`ended: ${evidence.kind}`);
      housekeeping.lose(run, evidence);
    },
    owns: (node) => partitions.ownsNode(node),
  });
  const commands = new SessionCommands({
    ...{ arbiter, nodes, refusals, world, decider, name },
    malformed: counting('malformed'),
  });

  partitions.meet();
  const failed = Promise.withResolvers<unknown>();
  await caughtUp(failed.resolve, (done) => housekeeping.follow(forEver, done));
  await caughtUp(failed.resolve, (done) => followNodes(book, nodes, done));
  hearNodes(connection, subjects, nodes, reportBug);
  new Watch(housekeeping, nodes, hearing, world, reportBug).start();
  await partitions.serve();
  return { process, connection, ended: failed.promise, counts: () => ({ ...log.counts }) };
}

async function followNodes(
  book: JetStreamNodeLog,
  nodes: NodeKeeper,
  done: () => void,
): Promise<void> {
  for await (const item of book.follow()) {
    if (item.kind === 'record') nodes.hear(item.record, item.sequence);
    if (item.kind === 'caught-up') done();
  }
}

function hearNodes(
  connection: SimConnection,
  subjects: Subjects,
  nodes: NodeKeeper,
  reportBug: ReportBug,
): void {
  const take = (_: Error | null, message: Msg) => {
    const subject = parseNodeSubject(message.subject);
    if (subject?.verb === 'start') {
      answer(message, nodes.start(subject.node, message.data), reportBug);
    } else if (subject?.verb === 'stop') {
      answer(message, nodes.stop(subject.node, message.data), reportBug);
    } else if (subject?.verb === 'beat') {
      const reply = nodes.beat(subject.node, message.data);
      if (reply !== undefined) message.respond(encode(reply));
    }
  };
  connection.subscribe(subjects.nodes('start'), { queue: 'arbiter', callback: take });
  connection.subscribe(subjects.nodes('stop'), { queue: 'arbiter', callback: take });
  connection.subscribe(subjects.nodes('beat'), { callback: take });
}

// What fails because the broker is away is answered as the service's exception filter does.
function answer(message: Msg, reply: Promise<object>, reportBug: ReportBug): void {
  reply.then(
    (said) => message.respond(encode(said)),
    (cause: unknown) => {
      reportBug('a request could not be answered', cause);
      message.respond(encode(refusedReply({ code: 'WSAENETDOWN', rule: 'E2' })));
    },
  );
}

function wayOf(connection: SimConnection): Connection {
  const listeners: (() => void)[] = [];
  let isConnected = true;
  void (async () => {
    for await (const { type } of connection.status()) {
      if (type === 'disconnect') isConnected = false;
      if (type === 'reconnect') isConnected = true;
      if (type === 'disconnect' || type === 'reconnect') for (const each of listeners) each();
    }
  })();
  return {
    connected: () => isConnected,
    onChange: (listener) => {
      listeners.push(listener);
    },
  };
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

// Waits for the end of what is there, or throws what ended the reading before; what ends it later fails the service.
async function caughtUp(
  fail: (cause: unknown) => void,
  follow: (done: () => void) => Promise<void>,
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<undefined>();
  const done = () => {
    resolve(undefined);
  };
  follow(done).then(done, (cause: unknown) => {
    reject(cause);
    fail(cause);
  });
  await promise;
}
