import { UnreadableCommit, type RefusalRecord, type StoredCommit } from '@joinleaf/event-log';
import type { StoredRefusal } from '@joinleaf/jetstream-log';
import type { SessionAddress } from '@joinleaf/multipoint';
import { jetstreamManager } from '@nats-io/jetstream';
import { exitCodes, Trouble } from './exit-codes.js';
import type { Live } from './live.js';
import { nearest } from './nearest.js';
import { troubleOf, type Loaded } from './sources.js';
import { quoted } from './targets.js';

/** Loads a live session over a connection. Throws Trouble (not found). */
export async function loadSession(
  live: Live,
  session: SessionAddress,
  signal: AbortSignal,
): Promise<Loaded> {
  const [{ commits, trouble }, refusals] = await Promise.all([
    commitsOf(live, session, signal),
    refusalsOf(live, session, signal),
  ]);
  if (commits.length === 0 && refusals.length === 0 && trouble === null) {
    throw await noSuchSession(live, session);
  }
  return {
    history: { session, commits, refusals },
    origin: live.settings.servers.join(', '),
    again: quoted(session),
    redaction: null,
    trouble,
    nodes: [],
  };
}

async function commitsOf(live: Live, session: SessionAddress, signal: AbortSignal) {
  const commits: StoredCommit[] = [];
  try {
    for await (const commit of live.events.read(session, { signal })) commits.push(commit);
  } catch (error) {
    if (!(error instanceof UnreadableCommit)) throw error;
    return { commits, trouble: troubleOf(error) };
  }
  return { commits, trouble: null };
}

/** Every refusal of a session that is still kept. */
export async function refusalsOf(
  live: Live,
  session: SessionAddress,
  signal: AbortSignal,
): Promise<readonly RefusalRecord[]> {
  const refusals: RefusalRecord[] = [];
  for await (const stored of live.decisions.read(session, { signal })) {
    refusals.push(asRecorded(stored));
  }
  return refusals;
}

// Where and when the broker keeps it is no part of the record.
function asRecorded(stored: StoredRefusal): RefusalRecord {
  const { schema, session, commandId, command, basedOn } = stored;
  const { code, rule, facts, arbiter, decider, decidedAt } = stored;
  const asked = { schema, session, commandId, command, basedOn };
  return { ...asked, code, rule, facts, arbiter, decider, decidedAt };
}

async function noSuchSession(live: Live, session: SessionAddress): Promise<Trouble> {
  const names = await sessionNames(live);
  const near = nearest(session, names);
  const { realm } = live.settings;
  return new Trouble(exitCodes.notFound, `there is no session ${session} in realm ${realm}`, [
    near.length > 0 ? `did you mean ${near.join(' or ')}?` : 'joinleaf ls shows those there are',
  ]);
}

/** The revision of a session's last commit; 0 where there is none that can be read. */
export async function lastRevision(live: Live, session: SessionAddress): Promise<number> {
  const { nc, subjects } = live;
  const manager = await jetstreamManager(nc, { checkAPI: false });
  const last = { last_by_subj: subjects.events(session) };
  try {
    const message = await manager.direct.getMessage(subjects.streams.events, last);
    const { revision } = message?.json<{ readonly revision?: unknown }>() ?? {};
    return typeof revision === 'number' && Number.isSafeInteger(revision) ? revision : 0;
  } catch {
    return 0; // Who reads on says why.
  }
}

/** The names of all sessions that anything was ever decided in, sorted. */
export async function sessionNames(live: Live): Promise<readonly SessionAddress[]> {
  const { nc, subjects } = live;
  const manager = await jetstreamManager(nc, { checkAPI: false });
  const info = await manager.streams.info(subjects.streams.events, {
    subjects_filter: subjects.allEvents(),
  });
  const names = Object.keys(info.state.subjects ?? {}).map(
    (subject) => subject.split('.')[4] ?? '',
  );
  return names.sort() as SessionAddress[];
}
