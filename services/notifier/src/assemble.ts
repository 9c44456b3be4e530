import { setTimeout as sleep } from 'node:timers/promises';
import {
  assertSameLog,
  checkStreams,
  ensureStreams,
  JetStreamLog,
  JetStreamNotificationStore,
} from '@joinleaf/jetstream-log';
import { Notifier, Resumes } from '@joinleaf/notification';
import type { Assembled, ServiceContext } from '@joinleaf/nest-kit';
import { Subjects } from '@joinleaf/wire';
import { Condition } from './condition.js';
import type { NotifierConfig } from './config.js';
import { NotifierModule } from './notifier.module.js';
import { watcher } from './watcher.js';

/** Puts the notifier together on a broker. Nodes may ask it once it has read the log. */
export async function assemble(context: ServiceContext<NotifierConfig>): Promise<Assembled> {
  const { config, nc, log, metrics, stopping } = context;
  const { replicas } = config;
  const subjects = new Subjects(config.realm);
  await assertSameLog(nc, subjects);
  await ensureStreams(nc, subjects, { replicas });
  const store = new JetStreamNotificationStore({ nc, subjects });
  const condition = new Condition();
  const notifier = new Notifier({
    log: new JetStreamLog({ nc, subjects }),
    store,
    watcher: condition.watching(watcher(log, metrics)),
    inFlightMax: config.bulletinsInFlight,
    waitingMax: config.notificationsWaiting,
    sleep: (ms) => sleep(ms),
    logEnd: async () => (await checkStreams(nc, subjects, { replicas })).events.lastSequence,
  });
  watchOver(notifier, context);

  const reading = new AbortController();
  return {
    module: NotifierModule.with(new Resumes(notifier, store)),
    metadata: () => condition.metadata(notifier, config.realm),
    started: async ({ requests }) => {
      notifier.follow(reading.signal).catch(context.fail);
      await Promise.race([notifier.caughtUp, aborted(stopping)]);
      await requests.subscribe({ subject: subjects.nodes('resume'), queue: 'notifier' });
      log.info({ sequence: notifier.sequence, ...notifier.figures }, 'caught up with the log');
    },
    drain: async (signal) => {
      reading.abort();
      await notifier.told(signal);
      await notifier.stop();
      log.info({ sequence: notifier.sequence, untold: notifier.waiting }, 'told what was read');
    },
  };
}

function watchOver(notifier: Notifier, { health, metrics }: ServiceContext<NotifierConfig>): void {
  health.check('caught-up', () =>
    notifier.isCaughtUp ? null : `has read the log up to ${String(notifier.sequence)}`,
  );
  health.check('telling', () => notifier.trouble);
  const numbers = [
    ['joinleaf_projection_sequence', 'How far the log was read.', () => notifier.sequence],
    ['joinleaf_notifications_waiting', 'Read and not told yet.', () => notifier.waiting],
    ['joinleaf_log_damaged_roots', 'Sessions told no further.', () => notifier.figures.stopped],
    ['joinleaf_sessions_in_memory', 'Sessions folded.', () => notifier.figures.sessions],
    ['joinleaf_nodes_in_memory', 'Nodes ever told.', () => notifier.figures.nodes],
  ] as const;
  for (const [name, help, read] of numbers) metrics.gauge(name, help, read);
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => {
      resolve();
    });
  });
