import { randomUUID } from 'node:crypto';
import {
  Arbiter,
  Hearing,
  Housekeeping,
  NodeKeeper,
  Partitions,
  RateLimits,
  SessionCommands,
  Watch,
  type Connection,
  type ReportBug,
  type World,
} from '@joinleaf/arbiter';
import type { ChainedCommit } from '@joinleaf/event-log';
import {
  assertSameLog,
  ensureStreams,
  JetStreamDecisionLog,
  JetStreamLog,
  JetStreamNodeLog,
  JetStreamParkedLog,
} from '@joinleaf/jetstream-log';
import type { Assembled, ServiceContext } from '@joinleaf/nest-kit';
import { Subjects } from '@joinleaf/wire';
import { arbitrationHash, type SessionConfig } from './config.js';
import { followUntilCaughtUp } from './follow.js';
import { natsPeers, RequestDesk } from './peers.js';
import { parkUnreadable } from './parking.js';
import { SessionModule } from './session.module.js';
import { watchOver } from './watch-over.js';
import { BrokerClock } from './broker-clock.js';
import { worldBy } from './world.js';

/** The version of the law that this service decides by; part of every commit. */
export const decider = 'multipoint/1';

const attemptsMax = 8;

type Context = ServiceContext<SessionConfig> & {
  /** Its time is the broker's. */
  readonly world: World;
};

/** Puts the arbiter together on a broker, and returns when it has read the log. */
export async function assemble(given: ServiceContext<SessionConfig>): Promise<Assembled> {
  const { config, log, name, stopping } = given;
  const subjects = new Subjects(config.realm);
  const logs = await openLogs(given, subjects);
  const clock = brokerClock(given, subjects);
  await clock.start();
  const world = worldBy(clock);
  const context: Context = { ...given, world };
  const reportBug: ReportBug = (what, cause) => {
    log.error({ err: cause }, what);
  };
  const hearing = new Hearing(connectionOf(context));
  const arbiter = makeArbiter(context, logs, reportBug, (commit) => {
    housekeeping.hear(commit);
  });
  const desk = new RequestDesk(subjects);
  const partitions = makePartitions(context, { subjects, desk, hearing, reportBug }, () => {
    housekeeping.ownershipChanged();
  });
  const unreadableIn = parkUnreadable(context, logs.parked, world);
  const unreadable = unreadableIn(subjects.streams.events);
  const housekeeping = makeHousekeeping(context, logs, {
    ...{ arbiter, partitions, reportBug, unreadable },
  });
  const nodes = new NodeKeeper({
    name,
    book: logs.nodes,
    world,
    ended: (run, evidence) => {
      housekeeping.lose(run, evidence);
    },
    owns: (node) => partitions.ownsNode(node),
  });
  const commands = makeCommands(context, logs, arbiter, nodes);
  watchOver(context, { arbiter, partitions, housekeeping, nodes });

  partitions.meet();
  const followers = { ...context, unreadable: unreadableIn(subjects.streams.nodes) };
  await followUntilCaughtUp(followers, housekeeping, nodes, logs.nodes);
  const watch = new Watch(housekeeping, nodes, hearing, world, reportBug);
  return {
    module: SessionModule.with(commands, nodes),
    requests: {
      // Commands come by partition, below; what nodes say of themselves, every arbiter has to hear.
      subjects: [
        { subject: subjects.nodes('start'), queue: 'arbiter' },
        { subject: subjects.nodes('stop'), queue: 'arbiter' },
        { subject: subjects.nodes('beat') },
      ],
      inFlightMax: config.inFlightMax,
    },
    metadata: () => introduction(config, partitions),
    started: async ({ requests }) => {
      watch.start();
      desk.attach(requests);
      if (!stopping.aborted) await partitions.serve();
    },
    leave: () => partitions.leave(),
    drain: async () => {
      clock[Symbol.dispose]();
      watch.stop();
      await arbiter.settled();
      await logs.refusals.flush();
    },
  };
}

/** What is told on `$SRV`: how this arbiter arbitrates, and who differs from it. */
const introduction = (config: SessionConfig, { mismatches, ownedCount }: Partitions) => ({
  realm: config.realm,
  clock: String(Date.now()),
  arbitration: arbitrationHash(config),
  partitions: String(ownedCount),
  ...(mismatches.length === 0 ? {} : { mismatch: mismatches.join('; ') }),
});

interface Logs {
  readonly events: JetStreamLog;
  readonly refusals: JetStreamDecisionLog;
  readonly nodes: JetStreamNodeLog;
  readonly parked: JetStreamParkedLog;
}

async function openLogs(
  { nc, config, log }: ServiceContext<SessionConfig>,
  subjects: Subjects,
): Promise<Logs> {
  await assertSameLog(nc, subjects);
  const streams = await ensureStreams(nc, subjects, { replicas: config.replicas });
  const names = Object.values(streams).map(({ name }) => name);
  log.info({ streams: names }, 'streams are as they must be');
  return {
    events: new JetStreamLog({ nc, subjects }),
    refusals: new JetStreamDecisionLog({ nc, subjects }),
    nodes: new JetStreamNodeLog({ nc, subjects }),
    parked: new JetStreamParkedLog({ nc, subjects }),
  };
}

function brokerClock(
  { nc, metrics }: ServiceContext<SessionConfig>,
  { streams }: Subjects,
): BrokerClock {
  const clock = new BrokerClock({
    nc,
    stream: streams.events,
    wallClock: () => Date.now(),
    monotonicMs: () => performance.now(),
  });
  const help = 'How far the clock of this machine is ahead of the broker, in seconds.';
  metrics.gauge('joinleaf_clock_ahead_seconds', help, () => (clock.aheadMs ?? 0) / 1_000);
  return clock;
}

function makeArbiter(
  { config, name, world }: Context,
  logs: Logs,
  reportBug: ReportBug,
  folded: (commit: ChainedCommit) => void,
): Arbiter {
  const parts = { log: logs.events, refusals: logs.refusals, world, reportBug, folded };
  return new Arbiter(parts, {
    arbiter: name,
    decider,
    batchMax: config.batchMax,
    queueMax: config.mailboxMax,
    sessionsMax: config.sessionsMax,
    appendDeadlineMs: config.appendDeadlineMs,
    attemptsMax,
  });
}

interface PartitionNeeds {
  readonly subjects: Subjects;
  readonly desk: RequestDesk;
  readonly hearing: Hearing;
  readonly reportBug: ReportBug;
}

function makePartitions(
  { nc, name, config, world }: Context,
  { subjects, ...needs }: PartitionNeeds,
  changed: () => void,
): Partitions {
  const self = { name, instance: randomUUID(), decider, config: arbitrationHash(config) };
  const hearsAll = config.hears === 'all';
  return new Partitions({
    self,
    peers: natsPeers(nc, subjects),
    world,
    changed,
    hearsAll,
    ...needs,
  });
}

interface HousekeepingNeeds {
  readonly arbiter: Arbiter;
  readonly partitions: Partitions;
  readonly reportBug: ReportBug;
  readonly unreadable: (sequence: number, reason: string) => void;
}

function makeHousekeeping(
  { world }: Context,
  { events }: Logs,
  { arbiter, partitions, reportBug, unreadable }: HousekeepingNeeds,
): Housekeeping {
  return new Housekeeping({
    log: events,
    arbiter,
    world,
    reportBug,
    unreadable,
    owns: (session) => partitions.ownsSession(session),
  });
}

function makeCommands(
  { metrics, name, config, world }: Context,
  { refusals }: Logs,
  arbiter: Arbiter,
  nodes: NodeKeeper,
): SessionCommands {
  const malformed = metrics.counter(
    'joinleaf_bodies_malformed_total',
    'Request bodies that are no message of this protocol (H11).',
    ['verb'],
  );
  const limited = metrics.counter(
    'joinleaf_requests_limited_total',
    'Requests over the rate of their node or of their session (H13).',
    ['limit'],
  );
  return new SessionCommands({
    arbiter,
    nodes,
    refusals,
    world,
    name,
    decider,
    malformed: (verb) => {
      malformed.inc({ verb });
    },
    limits: new RateLimits(config),
    limited: (limit) => {
      limited.inc({ limit });
    },
  });
}

function connectionOf(context: Context): Connection {
  const listeners: (() => void)[] = [];
  let connected = true;
  context.onBroker(({ type }) => {
    if (type === 'disconnect') connected = false;
    if (type === 'reconnect') connected = true;
    if (type === 'disconnect' || type === 'reconnect') for (const each of listeners) each();
  });
  return {
    connected: () => connected,
    onChange: (listener) => {
      listeners.push(listener);
    },
  };
}
