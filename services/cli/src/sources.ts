import type { NodeLife, Redaction } from '@joinleaf/capture';
import { UnreadableCommit, type RefusalRecord, type StoredCommit } from '@joinleaf/event-log';
import type { StoredRefusal } from '@joinleaf/jetstream-log';
import type { SessionAddress } from '@joinleaf/multipoint';
import type { History } from '@joinleaf/replay';
import { jetstreamManager } from '@nats-io/jetstream';
import { exitCodes, Trouble } from './exit-codes.js';
import { connectLive, type Live } from './live.js';
import { nearest } from './nearest.js';
import type { Settings } from './settings.js';
import { quoted, shellName, type Target } from './targets.js';

/** A history, and where it is from. */
export interface Loaded {
  readonly history: History;
  /** For headings: the server, or the file. */
  readonly origin: string;
  /** What somebody types to see it again. */
  readonly again: string;
  /** What was taken out of a capture; null for the real thing. */
  readonly redaction: Redaction | null;
  /** Why the source ends before its end, if it does. */
  readonly trouble: string | null;
  readonly nodes: readonly NodeLife[];
}

export interface Loading {
  readonly settings: () => Settings;
  readonly signal: AbortSignal;
  /** Which session of a capture, where it holds several. */
  readonly session?: string | undefined;
}

/**
 * Loads what a target is about.
 *
 * @throws Trouble (not found) when there is nothing on record about it.
 */
export async function load(target: Target, loading: Loading): Promise<Loaded> {
  if (target.kind === 'file') return loadFile(target, loading.session);
  const { settings, signal } = loading;
  await using live = await connectLive(settings(), { role: 'auditor', signal });
  return await loadSession(live, target.session, signal);
}

async function loadFile(
  target: Extract<Target, { kind: 'file' }>,
  wanted: string | undefined,
): Promise<Loaded> {
  const { path, name } = target;
  const { readCaptureFile, troubleIn } = await import('./capture-file.js');
  const read = await readCaptureFile(path);
  const { content, manifest } = read;
  const names = content.sessions.map(({ session }) => session);
  const found =
    wanted === undefined && content.sessions.length === 1
      ? content.sessions[0]
      : content.sessions.find(({ session }) => session === wanted);
  if (found === undefined) throw whichSession(name, names, wanted);
  return {
    history: found,
    origin: name,
    again: againIn(target, found.session, names.length),
    redaction: manifest.redaction,
    trouble: troubleIn(read),
    nodes: content.nodes,
  };
}

/** What names one session of a capture. */
export const againIn = (
  target: Extract<Target, { kind: 'file' }>,
  session: string,
  sessions: number,
): string =>
  sessions === 1 ? shellName(target) : `${shellName(target)} --session ${quoted(session)}`;

/** A capture holds several sessions, or not the one that was named. */
export function whichSession(
  path: string,
  names: readonly string[],
  wanted: string | undefined,
): Trouble {
  const list = names.length === 0 ? 'it holds no session' : `it holds ${names.join(', ')}`;
  return wanted === undefined
    ? new Trouble(exitCodes.usage, `${path} holds ${String(names.length)} sessions`, [
        list,
        'say which one: --session NAME',
      ])
    : new Trouble(exitCodes.notFound, `there is no session ${wanted} in ${path}`, [list]);
}

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

/** A stored message that is no commit. */
export interface Unreadable {
  readonly subject: string;
  readonly sequence: number;
  readonly reason: string;
}

export const troubleOf = ({ sequence, reason }: Unreadable): string =>
  `message ${String(sequence)} of the stream is no commit: ${reason}`;

async function refusalsOf(
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
