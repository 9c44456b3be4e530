import { setTimeout as delay } from 'node:timers/promises';
import { LogRegressed } from '@joinleaf/event-log';
import type { Subjects } from '@joinleaf/wire';
import type { NatsConnection } from '@nats-io/transport-node';
import { patiently } from './ensure-streams.js';
import { JetStreamNotificationStore } from './notification-store.js';
import { replacedLog, reportStreams } from './stream-report.js';

const patienceMs = 30_000;
const lookAgainMs = 250;
/** How long a new leader in a cluster may be behind what it has itself. */
const settleMs = 10_000;

/**
 * Makes sure, before the streams are used or made, that the log is the one that its companions were written beside: it
 * was not deleted, not made again, and not set back to before what nodes were told.
 *
 * @throws LogRegressed when it is another one. Nothing mends that but whoever can restore it.
 */
export async function assertSameLog(nc: NatsConnection, subjects: Subjects): Promise<void> {
  const begun = performance.now();
  for (let looks = 1; ; looks += 1) {
    const until = performance.now() + patienceMs;
    const seen = await patiently(until, () => look(nc, subjects));
    if (seen === null) return;
    const waited = performance.now() - begun;
    if (looks > 1 && (!seen.isClustered || waited >= settleMs)) throw seen.regression;
    await delay(lookAgainMs);
  }
}

interface Seen {
  readonly regression: LogRegressed;
  readonly isClustered: boolean;
}

async function look(nc: NatsConnection, subjects: Subjects): Promise<Seen | null> {
  const reports = await reportStreams(nc, subjects);
  const log = reports.streams.find(({ role }) => role === 'events');
  const used = reports.streams.filter(({ messages }) => messages > 0);
  const isClustered = reports.streams.some((one) => one.isClustered);
  if (used.length === 0) return null;
  const hasTold = reports.streams.some(({ role }) => role === 'notifications');
  const told = hasTold ? await new JetStreamNotificationStore({ nc, subjects }).toldUpTo() : 0;
  const reason =
    log === undefined
      ? `${subjects.streams.events} is gone, and its companions are there`
      : replacedLog(reports, told);
  if (reason === null) return null;
  return { regression: new LogRegressed(told, log?.lastSequence ?? 0, reason), isClustered };
}
