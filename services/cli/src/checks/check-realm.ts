import type { SessionAddress } from '@joinleaf/multipoint';
import { UnreadableCommit } from '@joinleaf/event-log';
import { sessionIn } from '@joinleaf/wire';
import { compareCopies } from '@joinleaf/jetstream-log';
import { jetstreamManager } from '@nats-io/jetstream';
import { connectLive, type Live } from '../live.js';
import { loadSession } from '../live-sources.js';
import type { VerbContext } from '../verb.js';
import { checkStreams } from './check-streams.js';
import { finding, problemOf, type Finding, type Problem } from './finding.js';
import { Progress } from './progress.js';
import { SessionChecks } from './session-checks.js';
import { ToldChecks } from './told-checks.js';

/** How many messages the log counted when the reading began, in all and for each session. */
interface Count {
  readonly lastSequence: number;
  /** Servers that keep the log. */
  readonly replicas: number;
  readonly subjects: Readonly<Record<string, number>>;
}

export interface RealmOptions {
  /** Whether to compare what the servers of a cluster keep, which takes reading all of it several times. */
  readonly copies?: boolean;
}

/**
 * Checks everything that a realm has stored, in one reading: streams, every session, every notification. What is told
 * of the log is read before the log, so that all it speaks of must be in there.
 */
export async function* checkRealm(
  context: VerbContext,
  { copies = false }: RealmOptions = {},
): AsyncGenerator<Finding> {
  const { settings, world } = context;
  const signal = world.interrupted;
  await using live = await connectLive(settings(), { role: 'auditor', signal });
  const { events, notifications } = live.subjects.streams;
  const streams = await checkStreams(live);
  if (streams.some(({ what, detail }) => isLog(live, what) && detail === 'is not there')) {
    yield* streams;
    return;
  }
  const count = await countOf(live);
  const told = await readTold(context, live, count);
  const decided = await readDecided(live, signal);
  const readAt = world.now();
  const sessions = await readLog(context, live, { told, count });
  await findLostEnds(live, sessions, count, decided);
  const unknown = told.unknown(
    (session) => sessions.headOf(session).revision,
    (session) => sessions.isDamaged(session),
  );
  for (const { session, detail } of [...unknown]) sessions.lostEnd(session, detail);
  for (const stream of streams) {
    if (stream.what === `stream ${events}`) yield withMore(stream, sessions.streamProblems);
    else if (stream.what === `stream ${notifications}`) yield withMore(stream, told.streamProblems);
    else yield stream;
  }
  if (copies) yield await copiesFinding(context, live, count);
  yield* told.findings();
  yield* sessions.findings(readAt);
}

const isLog = ({ subjects }: Live, what: string): boolean =>
  what === `stream ${subjects.streams.events}`;

function withMore(one: Finding, problems: readonly Problem[]): Finding {
  if (problems.length === 0) return one;
  const detail = one.fine ? 'does not hold what was written' : one.detail;
  return finding(one.what, detail, [...one.problems, ...problems], one.remarks);
}

async function readTold(
  context: VerbContext,
  live: Live,
  { lastSequence }: Count,
): Promise<ToldChecks> {
  const signal = context.world.interrupted;
  const told = new ToldChecks(lastSequence);
  for await (const followed of live.notifications.follow({ signal })) {
    if (followed.kind === 'caught-up') break;
    told.keep(followed);
  }
  return told;
}

/** The latest revision that a refusal of each session was based on. */
async function readDecided(
  live: Live,
  signal: AbortSignal,
): Promise<ReadonlyMap<SessionAddress, number>> {
  const decided = new Map<SessionAddress, number>();
  for await (const followed of live.decisions.follow({ signal })) {
    if (followed.kind === 'caught-up') break;
    if (followed.kind !== 'record') continue;
    const { session, basedOn } = followed.record;
    decided.set(session, Math.max(decided.get(session) ?? 0, basedOn.revision));
  }
  return decided;
}

async function readLog(
  context: VerbContext,
  live: Live,
  { told, count }: { readonly told: ToldChecks; readonly count: Count },
): Promise<SessionChecks> {
  const { subjects } = live;
  using progress = new Progress(context, 'reading the log');
  const stream = subjects.streams.events;
  const sessions = new SessionChecks({ stream, allEvents: subjects.allEvents() });
  const signal = context.world.interrupted;
  for await (const followed of live.events.follow({ signal })) {
    if (followed.kind === 'caught-up') break;
    const sequence = followed.kind === 'commit' ? followed.commit.sequence : followed.sequence;
    progress.at(sequence, count.lastSequence);
    for (const one of sessions.take(followed)) told.expect(one);
  }
  signal.throwIfAborted();
  return sessions;
}

async function countOf({ nc, subjects }: Live): Promise<Count> {
  const manager = await jetstreamManager(nc, { checkAPI: false });
  const { state, config } = await manager.streams.info(subjects.streams.events, {
    subjects_filter: subjects.allEvents(),
  });
  return {
    lastSequence: state.last_seq,
    replicas: config.num_replicas,
    subjects: state.subjects ?? {},
  };
}

const differencesMax = 10;

// What one server has lost is read from the others, and so it shows nowhere else.
async function copiesFinding(
  context: VerbContext,
  { nc, subjects }: Live,
  { lastSequence, replicas }: Count,
): Promise<Finding> {
  const what = `copies of ${subjects.streams.events}`;
  if (replicas === 1) return finding(what, 'there is one');
  using progress = new Progress(context, 'comparing copies');
  const problems: Problem[] = [];
  const comparing = {
    lastSequence,
    replicas,
    signal: context.world.interrupted,
    onProgress: (sequence: number) => {
      progress.at(sequence, lastSequence);
    },
  };
  for await (const { sequence, isAbsent } of compareCopies(nc, subjects, comparing)) {
    const detail = isAbsent
      ? `message ${String(sequence)} is missing on some server`
      : `message ${String(sequence)} is another one on some server`;
    if (problems.length < differencesMax) {
      problems.push(problemOf('copies-differ', detail, copiesNext, sequence));
    }
  }
  const end = `${String(replicas)} copies are the same up to message ${String(lastSequence)}`;
  return finding(what, problems.length === 0 ? end : 'are not the same', problems);
}

const copiesNext =
  'stop one server after the other and compare again: with the damaged one away they agree; empty its store, and it copies the log anew';

// A session that lost its last commits is a sound chain that is too short: others remember more of it.
async function findLostEnds(
  live: Live,
  sessions: SessionChecks,
  { subjects }: Count,
  decided: ReadonlyMap<SessionAddress, number>,
): Promise<void> {
  for (const [subject, counted] of Object.entries(subjects)) {
    const session = sessionIn(subject);
    if (session === null || sessions.isDamaged(session)) continue;
    if (counted <= sessions.messagesOf(session)) continue;
    const trouble = await troubleIn(live, session);
    if (trouble !== null) sessions.lostEnd(session, trouble);
  }
  for (const [session, revision] of decided) {
    const head = sessions.headOf(session).revision;
    if (revision <= head || sessions.isDamaged(session)) continue;
    const detail = `a refusal was decided on revision ${String(revision)}, and the log ends at ${String(head)}`;
    sessions.lostEnd(session, detail);
  }
}

// The count may be of a moment that the reading did not see: the session is read once more, by itself.
async function troubleIn({ events }: Live, session: SessionAddress): Promise<string | null> {
  const reading = events.read(session);
  try {
    while ((await reading.next()).done !== true);
    return null;
  } catch (error) {
    if (error instanceof UnreadableCommit) return error.reason;
    throw error;
  }
}

/** Checks some sessions of a realm, and its streams. Throws Trouble (not found) for a session that nobody knows. */
export async function* checkSessions(
  context: VerbContext,
  names: readonly SessionAddress[],
): AsyncGenerator<Finding> {
  const { settings, world } = context;
  const signal = world.interrupted;
  await using live = await connectLive(settings(), { role: 'auditor', signal });
  // Nothing is said before it is clear that all of them are there.
  const found: Finding[] = [...(await checkStreams(live))];
  const { subjects } = live;
  for (const session of names) {
    const sessions = new SessionChecks({
      stream: subjects.streams.events,
      allEvents: subjects.allEvents(),
    });
    try {
      for await (const commit of live.events.read(session, { signal })) {
        sessions.take({ kind: 'commit', commit });
      }
    } catch (error) {
      if (!(error instanceof UnreadableCommit)) throw error;
      sessions.take({ kind: 'unreadable', ...placeOf(error), subject: subjects.events(session) });
    }
    // It names what was meant perhaps, where there is nothing at all.
    if (sessions.messagesOf(session) === 0) await loadSession(live, session, signal);
    found.push(...sessions.findings(world.now()));
  }
  yield* found;
}

const placeOf = ({ sequence, reason }: UnreadableCommit) => ({ sequence, reason });
