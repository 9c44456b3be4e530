import {
  Arbiter,
  Housekeeping,
  NodeKeeper,
  SessionCommands,
  Watch,
  type ReportBug,
} from '@joinleaf/arbiter';
import type { ChainedCommit } from '@joinleaf/event-log';
import {
  ensureStreams,
  JetStreamDecisionLog,
  JetStreamLog,
  JetStreamNodeLog,
} from '@joinleaf/jetstream-log';
import type { Assembled, ServiceContext } from '@joinleaf/nest-kit';
import { Subjects } from '@joinleaf/wire';
import type { SessionConfig } from './config.js';
import { followUntilCaughtUp } from './follow.js';
import { SessionModule } from './session.module.js';
import { world } from './world.js';

/** The version of the law that this service decides by; part of every commit. */
export const decider = 'multipoint/1';

const attemptsMax = 8;

type Context = ServiceContext<SessionConfig>;

/** Puts the arbiter together on a broker, and returns when it has read the log. */
export async function assemble(context: Context): Promise<Assembled> {
  const { config, log, metrics } = context;
  const subjects = new Subjects(config.realm);
  const logs = await openLogs(context, subjects);
  const reportBug: ReportBug = (what, cause) => {
    log.error({ err: cause }, what);
  };
  const arbiter = makeArbiter(context, logs, reportBug, (commit) => {
    housekeeping.hear(commit);
  });
  const housekeeping = makeHousekeeping(context, logs, arbiter, reportBug);
  const nodes = new NodeKeeper({
    book: logs.nodes,
    world,
    ended: (run, evidence) => {
      housekeeping.lose(run, evidence);
    },
  });
  const commands = makeCommands(context, logs, arbiter, nodes);
  metrics.gauge(
    'joinleaf_sessions_in_memory',
    'Sessions that this arbiter holds.',
    () => arbiter.sessionsInMemory,
  );

  await followUntilCaughtUp(context, housekeeping, nodes, logs.nodes);
  const watch = new Watch(housekeeping, nodes, connectedness(context), world, reportBug);
  return {
    module: SessionModule.with(commands, nodes),
    requests: {
      // Any arbiter may decide a command; what nodes say of themselves, every arbiter has to hear.
      subjects: [
        { subject: subjects.commands(), queue: 'arbiter' },
        { subject: subjects.nodes('start'), queue: 'arbiter' },
        { subject: subjects.nodes('stop'), queue: 'arbiter' },
        { subject: subjects.nodes('beat') },
      ],
      inFlightMax: config.inFlightMax,
    },
    started: async () => {
      watch.start();
    },
    drain: async () => {
      watch.stop();
      await arbiter.settled();
      await logs.refusals.flush();
    },
  };
}

interface Logs {
  readonly events: JetStreamLog;
  readonly refusals: JetStreamDecisionLog;
  readonly nodes: JetStreamNodeLog;
}

async function openLogs({ nc, config, log }: Context, subjects: Subjects): Promise<Logs> {
  const streams = await ensureStreams(nc, subjects, { replicas: config.replicas });
  const names = Object.values(streams).map(({ name }) => name);
  log.info({ streams: names }, 'streams are as they must be');
  return {
    events: new JetStreamLog({ nc, subjects }),
    refusals: new JetStreamDecisionLog({ nc, subjects }),
    nodes: new JetStreamNodeLog({ nc, subjects }),
  };
}

function makeArbiter(
  { config, name }: Context,
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

function makeHousekeeping(
  { metrics, log }: Context,
  { events }: Logs,
  arbiter: Arbiter,
  reportBug: ReportBug,
): Housekeeping {
  const unreadable = metrics.counter(
    'joinleaf_log_unreadable_total',
    'Stored messages that are no commit.',
  );
  return new Housekeeping({
    log: events,
    arbiter,
    world,
    reportBug,
    unreadable: (sequence, reason) => {
      unreadable.inc();
      log.error({ sequence, reason }, 'a stored message is no commit');
    },
  });
}

function makeCommands(
  { metrics, name }: Context,
  { refusals }: Logs,
  arbiter: Arbiter,
  nodes: NodeKeeper,
): SessionCommands {
  const malformed = metrics.counter(
    'joinleaf_bodies_malformed_total',
    'Request bodies that are no message of this protocol (H11).',
    ['verb'],
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
  });
}

function connectedness(context: Context): () => boolean {
  let connected = true;
  context.onBroker(({ type }) => {
    if (type === 'disconnect') connected = false;
    if (type === 'reconnect') connected = true;
  });
  return () => connected;
}
