import type { Log, Metrics } from '@joinleaf/nest-kit';
import type { Watcher } from '@joinleaf/notification';

const delays = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 5, 30];

/** Tells people how the notifier goes: damage loudly, the rest in numbers. */
export function watcher(log: Log, metrics: Metrics): Watcher {
  const told = metrics.counter('joinleaf_notifications_total', 'Notifications told.', ['kind']);
  const bulletins = metrics.counter('joinleaf_bulletins_total', 'Messages they were told in.');
  const conflicts = metrics.counter(
    'joinleaf_bulletin_conflicts_total',
    'Bulletins that another notifier had told before.',
  );
  const gaps = metrics.counter('joinleaf_log_gaps_total', 'Damage found in sessions.', ['kind']);
  const unreadable = metrics.counter(
    'joinleaf_log_unreadable_total',
    'Stored messages that are no commit.',
  );
  const delay = metrics.histogram(
    'joinleaf_notification_delay_seconds',
    'From a commit to its bulletin, by the clocks of the broker and of this process.',
    delays,
  );
  return {
    stored: (bulletin, waiting) => {
      bulletins.inc();
      for (const { notification, storedAt } of waiting) {
        told.inc({ kind: notification.kind });
        delay.observe(Math.max(0, Date.now() - storedAt) / 1_000);
      }
    },
    conflicted: () => {
      conflicts.inc();
    },
    stopped: (stopped) => {
      gaps.inc({ kind: stopped.kind });
      log.error({ damage: stopped }, 'DAMAGED: this session is told no further, the others are');
    },
    unreadable: (sequence, subject, reason) => {
      unreadable.inc();
      log.error({ sequence, subject, reason }, 'a stored message cannot be read');
    },
    troubled: (node, reason) => {
      if (reason === null) log.info({ node }, 'told again');
      else log.warn({ node, reason }, 'could not be told yet');
    },
  };
}
