import { setTimeout as delay } from 'node:timers/promises';
import { LogRegressed, UnreadableCommit } from '@joinleaf/event-log';
import { Requests } from '@joinleaf/request-reply';
import type { Subjects } from '@joinleaf/wire';
import type { NatsConnection } from '@nats-io/transport-node';
import { patiently } from './ensure-streams.js';
import { JetStreamNotificationStore, type ToldCommit } from './notification-store.js';
import { askLeader, withPatience } from './read-subject.js';
import { storedCommit } from './stored-commit.js';
import { StreamAccess, type StoredMessage } from './stream-access.js';
import { reportStreams, type StreamReport, type StreamReports } from './stream-report.js';

// The log cannot say of itself that it is another one: its companions can. They were made after it, and name its
// commits by session, revision and place.

const patienceMs = 30_000;
const lookAgainMs = 250;
/** How long a new leader in a cluster may be behind what it has itself. */
const settleMs = 10_000;

/**
 * Makes sure, before the streams are used or made, that the log is the one that its companions were written beside.
 *
 * @throws LogRegressed when it is another one. Nothing mends that but whoever can restore it.
 */
export async function assertSameLog(nc: NatsConnection, subjects: Subjects): Promise<void> {
  const begun = performance.now();
  for (let looks = 1; ; looks += 1) {
    const until = performance.now() + patienceMs;
    const reports = await patiently(until, () => reportStreams(nc, subjects));
    const replaced = await replacedLog(nc, subjects, reports);
    if (replaced === null) return;
    // Once more at least: somebody may be making the streams just now.
    const isClustered = reports.streams.some((one) => one.isClustered);
    const isSettled = !isClustered || performance.now() - begun >= settleMs;
    if (looks > 1 && isSettled) {
      throw new LogRegressed(replaced.expectedSequence, replaced.lastSequence, replaced.reason);
    }
    await delay(lookAgainMs);
  }
}

export interface Replaced {
  /** What the log once held at least. */
  readonly expectedSequence: number;
  readonly lastSequence: number;
  readonly reason: string;
}

/**
 * Why the log is not the one that its companions were written beside: it is gone or younger than they, it ends before
 * what nodes were told, or holds something else in that place. Null when nothing says so.
 */
export async function replacedLog(
  nc: NatsConnection,
  subjects: Subjects,
  { streams }: StreamReports,
): Promise<Replaced | null> {
  const log = streams.find(({ role }) => role === 'events');
  const hasTold = streams.some(({ role }) => role === 'notifications');
  const store = new JetStreamNotificationStore({ nc, subjects, followBy: 'polling' });
  const told = hasTold ? await store.lastTold() : null;
  const reason =
    log === undefined
      ? goneReason(subjects, streams)
      : (youngerReason(log, streams) ?? (await otherReason(nc, log, told)));
  const expectedSequence = told?.sequence ?? 0;
  return reason === null
    ? null
    : { expectedSequence, lastSequence: log?.lastSequence ?? 0, reason };
}

function goneReason(subjects: Subjects, streams: readonly StreamReport[]): string | null {
  const used = streams.find(({ messages }) => messages > 0);
  if (used === undefined) return null;
  return `${subjects.streams.events} is gone, and ${used.name} beside it holds messages`;
}

function youngerReason(log: StreamReport, streams: readonly StreamReport[]): string | null {
  const created = Date.parse(log.created);
  const older = streams.find(
    ({ role, firstAt }) => role !== 'events' && firstAt !== null && firstAt < created,
  );
  if (older === undefined) return null;
  const since = new Date(older.firstAt ?? 0).toISOString();
  return `${log.name} was created at ${log.created}, and ${older.name} holds messages since ${since}: it was deleted and made again`;
}

async function otherReason(
  nc: NatsConnection,
  log: StreamReport,
  told: ToldCommit | null,
): Promise<string | null> {
  if (told === null) return null;
  const { sequence, session, revision } = told;
  const requests = Requests.on(nc);
  const access = new StreamAccess(requests, log.name);
  const message = await withPatience(requests, patienceMs, undefined, () =>
    askLeader(access, { seq: sequence }),
  );
  // Others write meanwhile: what was told may be newer than the look at the log, and is there then.
  if (message === null && log.lastSequence < sequence) {
    return `${log.name} ends at ${String(log.lastSequence)}, and nodes were told of message ${String(sequence)}: it has lost its end`;
  }
  // One that is missing, or that is no commit, is damage to its session alone.
  const commit = message === null ? null : commitIn(message);
  if (commit === null || (commit.session === session && commit.revision === revision)) return null;
  return `message ${String(sequence)} of ${log.name} is revision ${String(commit.revision)} of ${commit.session}, and nodes were told of revision ${String(revision)} of ${session} there: its sequences were used again`;
}

function commitIn(message: StoredMessage) {
  try {
    return storedCommit(message);
  } catch (error) {
    if (error instanceof UnreadableCommit) return null;
    throw error;
  }
}
