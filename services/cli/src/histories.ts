import type { RefusalRecord, StoredCommit } from '@joinleaf/event-log';
import type { SessionAddress } from '@joinleaf/multipoint';
import { readCaptureFile, troubleIn } from './capture-file.js';
import { exitCodes, Trouble } from './exit-codes.js';
import { connectLive, type Live } from './live.js';
import { loadSession } from './live-sources.js';
import { againIn, troubleOf, type Loaded, type Unreadable } from './sources.js';
import { parseTarget, quoted, type Target } from './targets.js';
import type { SourceOptions, VerbContext } from './verb.js';

export interface HistoriesOptions extends SourceOptions {
  /** Every session of the realm. */
  readonly all?: boolean;
}

/**
 * The histories of several sources, one after the other: sessions, captures with all that is in them, or
 * every session there is.
 *
 * @throws Trouble (usage) when nothing is named; (not found) for what is not there.
 */
export async function* histories(
  context: VerbContext,
  sources: readonly string[],
  options: HistoriesOptions,
): AsyncGenerator<Loaded> {
  const { world, settings } = context;
  if (options.all !== true && sources.length === 0) {
    throw new Trouble(exitCodes.usage, 'no session and no capture is named', [
      'name some, or all of them: --all',
    ]);
  }
  for (const target of capturesIn(sources, world.cwd)) yield* inFile(target, options.session);
  const named = liveSessionsIn(sources, world.cwd);
  if (named.size === 0 && options.all !== true) return;
  const signal = world.interrupted;
  await using live = await connectLive(settings(), { role: 'auditor', signal });
  for (const session of named) yield await loadSession(live, session, signal);
  if (options.all !== true) return;
  for await (const loaded of everySession(live, signal)) {
    if (!named.has(loaded.history.session)) yield loaded;
  }
}

type Capture = Extract<Target, { kind: 'file' }>;

/** The captures among the sources, each once. */
function capturesIn(sources: readonly string[], cwd: string): Iterable<Capture> {
  const targets = sources.map((source) => parseTarget(source, cwd));
  const captures = targets.flatMap((target) => (target.kind === 'file' ? [target] : []));
  return new Map(captures.map((target) => [target.path, target])).values();
}

/** The sessions that live among the sources, each once. Throws BadWord for what is neither a session nor a capture. */
export function liveSessionsIn(
  sources: readonly string[],
  cwd: string,
): ReadonlySet<SessionAddress> {
  const targets = sources.map((source) => parseTarget(source, cwd));
  return new Set(targets.flatMap((target) => (target.kind === 'session' ? [target.session] : [])));
}

async function* inFile(target: Capture, wanted: string | undefined): AsyncGenerator<Loaded> {
  const read = await readCaptureFile(target.path);
  const { content, manifest } = read;
  const trouble = troubleIn(read);
  for (const history of content.sessions) {
    if (wanted !== undefined && history.session !== wanted) continue;
    const again = againIn(target, history.session, content.sessions.length);
    const from = { origin: target.name, again, nodes: content.nodes };
    yield { history, redaction: manifest.redaction, trouble, ...from };
  }
}

/** All sessions in one reading of the streams, sorted by name. What lies on no session's subject comes last. */
export async function* everySession(live: Live, signal: AbortSignal): AsyncGenerator<Loaded> {
  const sessions = new Map<SessionAddress, Gathered>();
  const of = (session: SessionAddress): Gathered => {
    const known = sessions.get(session);
    if (known !== undefined) return known;
    const gathered: Gathered = { commits: [], refusals: [], trouble: null };
    sessions.set(session, gathered);
    return gathered;
  };
  const strays = await gatherCommits(live, of, signal);
  for await (const followed of live.decisions.follow({ signal })) {
    if (followed.kind === 'caught-up') break;
    if (followed.kind === 'record') of(followed.record.session).refusals.push(followed.record);
  }
  signal.throwIfAborted(); // What was read is not all there is.
  const rest = { origin: originOf(live), redaction: null, nodes: [] } as const;
  for (const [session, { commits, refusals, trouble }] of [...sessions].sort(byName)) {
    const again = quoted(session);
    yield { history: { session, commits, refusals }, trouble, again, ...rest };
  }
  yield* strays;
}

interface Gathered {
  readonly commits: StoredCommit[];
  readonly refusals: RefusalRecord[];
  trouble: string | null;
}

// A message that is no commit is trouble for its session; one of no session is trouble of its own.
async function gatherCommits(
  live: Live,
  of: (session: SessionAddress) => Gathered,
  signal: AbortSignal,
): Promise<readonly Loaded[]> {
  const { sessionIn } = await import('@joinleaf/wire');
  const strays: Loaded[] = [];
  for await (const followed of live.events.follow({ signal })) {
    if (followed.kind === 'caught-up') break;
    if (followed.kind === 'commit') {
      const gathered = of(followed.commit.session);
      if (gathered.trouble === null) gathered.commits.push(followed.commit);
      continue;
    }
    const session = sessionIn(followed.subject);
    if (session === null) strays.push(strayIn(live, followed));
    else of(session).trouble ??= troubleOf(followed);
  }
  return strays;
}

/** What lies on the subject of no session, as a history of its own with nothing in it. */
export function strayIn(live: Live, unreadable: Unreadable): Loaded {
  const { subject } = unreadable;
  return {
    history: { session: subject as SessionAddress, commits: [], refusals: [] },
    trouble: troubleOf(unreadable),
    again: quoted(subject),
    origin: originOf(live),
    redaction: null,
    nodes: [],
  };
}

export const originOf = ({ settings }: Live): string => settings.servers.join(', ');

export const byName = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number =>
  a < b ? -1 : 1;
