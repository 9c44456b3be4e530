import type { RefusalRecord, StoredCommit } from '@joinleaf/event-log';
import type { SessionAddress } from '@joinleaf/multipoint';
import { readCaptureFile, troubleIn } from './capture-file.js';
import { exitCodes, Trouble } from './exit-codes.js';
import { connectLive, type Live } from './live.js';
import { againIn, loadSession, type Loaded } from './sources.js';
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
  const targets = sources.map((source) => parseTarget(source, world.cwd));
  for (const target of targets) {
    if (target.kind === 'file') yield* inFile(target, options.session);
  }
  const named = targets.flatMap((target) => (target.kind === 'session' ? [target.session] : []));
  if (named.length === 0 && options.all !== true) return;
  const signal = world.interrupted;
  await using live = await connectLive(settings(), { role: 'auditor', signal });
  for (const session of named) yield await loadSession(live, session, signal);
  if (options.all === true) yield* everySession(live, signal);
}

async function* inFile(
  target: Extract<Target, { kind: 'file' }>,
  wanted: string | undefined,
): AsyncGenerator<Loaded> {
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

interface Gathered {
  readonly commits: StoredCommit[];
  readonly refusals: RefusalRecord[];
  trouble: string | null;
}

/** All sessions in one reading of the streams, sorted by name. */
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
  const origin = live.settings.servers.join(', ');
  const rest = { origin, redaction: null, nodes: [] } as const;
  for (const [session, { commits, refusals, trouble }] of [...sessions].sort(byName)) {
    const again = quoted(session);
    yield { history: { session, commits, refusals }, trouble, again, ...rest };
  }
  for (const { subject, trouble } of strays) {
    const session = subject as SessionAddress;
    const history = { session, commits: [], refusals: [] };
    yield { history, trouble, again: quoted(subject), ...rest };
  }
}

// A message that is no commit is trouble for its session; one of no session is trouble of its own.
async function gatherCommits(
  live: Live,
  of: (session: SessionAddress) => Gathered,
  signal: AbortSignal,
): Promise<readonly { readonly subject: string; readonly trouble: string }[]> {
  const { sessionIn } = await import('@joinleaf/wire');
  const strays: { readonly subject: string; readonly trouble: string }[] = [];
  for await (const followed of live.events.follow({ signal })) {
    if (followed.kind === 'caught-up') break;
    if (followed.kind === 'commit') {
      const gathered = of(followed.commit.session);
      if (gathered.trouble === null) gathered.commits.push(followed.commit);
      continue;
    }
    const { subject, sequence, reason } = followed;
    const trouble = `message ${String(sequence)} of the stream is no commit: ${reason}`;
    const session = sessionIn(subject);
    if (session === null) strays.push({ subject, trouble });
    else of(session).trouble ??= trouble;
  }
  return strays;
}

const byName = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number =>
  a < b ? -1 : 1;
