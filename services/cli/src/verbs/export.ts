import { createHash } from 'node:crypto';
import { basename, resolve } from 'node:path';
import {
  isRedacted,
  leftReadable,
  type CaptureContent,
  type NodeLife,
  type Redaction,
} from '@joinleaf/capture';
import type { History } from '@joinleaf/replay';
import { dim, entry, line, strong, warn, wrap, type Line } from '@joinleaf/transcript';
import { packCapture, writeWhole } from '../capture-file.js';
import { counted } from '../counted.js';
import { exitCodes, Trouble, type ExitCode } from '../exit-codes.js';
import { histories, type HistoriesOptions } from '../histories.js';
import { inStoredOrder } from '../exact-commits.js';
import { connectLive, type Live } from '../live.js';
import type { Loaded } from '../sources.js';
import { parseTarget, quoted } from '../targets.js';
import { suggest, warnOf, type VerbContext } from '../verb.js';

export interface ExportOptions extends HistoriesOptions {
  readonly output?: string;
  readonly keep?: string;
}

/** `joinleaf export SRC…`: puts whole sessions into one file, by default with names and data taken out. */
export async function exportCapture(
  context: VerbContext,
  sources: readonly string[],
  options: ExportOptions,
): Promise<ExitCode> {
  const redaction = redactionFrom(options.keep);
  mustNotBeSource(options.output, sources, context.world.cwd);
  const sessions: History[] = [];
  const already: Redaction[] = [];
  const fromFiles = new Map<string, readonly NodeLife[]>();
  let complete = true;
  for await (const loaded of histories(context, sources, options)) {
    warnOf(context, loaded);
    mustBeNew(sessions, loaded);
    sessions.push(loaded.history);
    complete &&= loaded.trouble === null;
    if (loaded.redaction === null) continue;
    already.push(loaded.redaction);
    fromFiles.set(loaded.origin, loaded.nodes);
  }
  const taken = together([redaction, ...already]);
  const known = { sessions, nodes: [...fromFiles.values()].flat() };
  const exact = !isRedacted(taken);
  const content = await completed(context, sources, known, { ...options, exact });
  const bytes = packCapture({
    content,
    redaction: taken,
    complete,
    realm: already.length > 0 ? 'unknown' : context.settings().realm,
    createdAt: context.world.now(),
  });
  const path = options.output ?? nameFor(sources);
  if (path === '-') {
    if (context.terminal.isSeen) {
      throw new Trouble(exitCodes.usage, 'a capture is no text for a terminal', [
        '-o FILE, or a pipe',
      ]);
    }
    context.terminal.data(bytes);
    return exitCodes.fine;
  }
  await writeWhole(resolve(context.world.cwd, path), bytes);
  report(context, path, { sessions, bytes, redaction: taken });
  return exitCodes.fine;
}

// What was taken out of a capture that was written over itself would be lost.
function mustNotBeSource(
  output: string | undefined,
  sources: readonly string[],
  cwd: string,
): void {
  if (output === undefined || output === '-') return;
  const path = resolve(cwd, output);
  const isSource = sources.some((source) => {
    const target = parseTarget(source, cwd);
    return target.kind === 'file' && target.path === path;
  });
  if (!isSource) return;
  throw new Trouble(exitCodes.usage, `${output} is read, and cannot be written as well`, [
    '-o with another name',
  ]);
}

// A capture says one thing of a session.
function mustBeNew(sessions: readonly History[], { history, origin }: Loaded): void {
  if (sessions.every(({ session }) => session !== history.session)) return;
  throw new Trouble(
    exitCodes.usage,
    `${history.session} is in more than one of the sources; the last is ${origin}`,
    ['leave one of them out, or export them one by one'],
  );
}

const keepable = ['names', 'ids', 'data', 'everything'] as const;

function redactionFrom(keep: string | undefined): Redaction {
  const kept = (keep ?? '').split(',').filter((word) => word !== '');
  const unknown = kept.find((word) => !keepable.some((one) => one === word));
  if (unknown !== undefined) {
    throw new Trouble(
      exitCodes.usage,
      `--keep takes ${keepable.join(', ')}, and not ${JSON.stringify(unknown)}`,
    );
  }
  const isOut = (word: string): boolean => !kept.includes(word) && !kept.includes('everything');
  return { names: isOut('names'), ids: isOut('ids'), data: isOut('data') };
}

// What an earlier capture left out cannot come back.
const together = (redactions: readonly Redaction[]): Redaction => ({
  names: redactions.some(({ names }) => names),
  ids: redactions.some(({ ids }) => ids),
  data: redactions.some(({ data }) => data),
});

function nameFor(sources: readonly string[]): string {
  const [only] = sources;
  if (sources.length !== 1 || only === undefined) return 'sessions.jlcap';
  return only.endsWith('.jlcap') ? `again-${basename(only)}` : `${only.replace('@', '')}.jlcap`;
}

interface Completing extends HistoriesOptions {
  /** Commits are to be held against their hashes later. */
  readonly exact: boolean;
}

/** What a capture holds beside the histories: when their nodes started and ended. */
async function completed(
  context: VerbContext,
  sources: readonly string[],
  known: CaptureContent,
  options: Completing,
): Promise<CaptureContent> {
  const { sessions } = known;
  const targets = sources.map((source) => parseTarget(source, context.world.cwd));
  if (options.all !== true && targets.every(({ kind }) => kind === 'file')) {
    return known;
  }
  const { settings, world } = context;
  await using live = await connectLive(settings(), { role: 'auditor', signal: world.interrupted });
  const nodes = [...known.nodes, ...(await livesOf(live, sessions, world.interrupted))];
  if (!options.exact) return { sessions, nodes };
  const exact: History[] = [];
  for (const history of sessions) {
    exact.push({ ...history, commits: await inStoredOrder(live, history.commits) });
  }
  return { sessions: exact, nodes };
}

async function livesOf(
  live: Live,
  sessions: readonly History[],
  signal: AbortSignal,
): Promise<readonly NodeLife[]> {
  const runs = runsIn(sessions);
  const lives: NodeLife[] = [];
  for await (const { record } of live.nodes.all({ signal })) {
    if (runs.has(`${record.node}/${record.incarnation}`)) lives.push(record);
  }
  return lives;
}

/** The runs of nodes whose sockets are named, such as `ada/1k3f9x`; record by record, for a history may be longer than a text. */
function runsIn(sessions: readonly History[]): ReadonlySet<string> {
  const runs = new Set<string>();
  for (const { commits, refusals } of sessions) {
    for (const record of [commits, refusals].flat()) {
      const sockets = JSON.stringify(record).matchAll(/"([\w-]{1,64}\/[a-z0-9]{4,32})\//g);
      for (const [, run = ''] of sockets) runs.add(run);
    }
  }
  return runs;
}

interface Written {
  readonly sessions: readonly History[];
  readonly bytes: Uint8Array;
  readonly redaction: Redaction;
}

function report(context: VerbContext, path: string, { sessions, bytes, redaction }: Written): void {
  const { terminal } = context;
  const commits = sessions.reduce((sum, session) => sum + session.commits.length, 0);
  const refusals = sessions.reduce((sum, session) => sum + session.refusals.length, 0);
  const digest = createHash('sha256').update(bytes).digest('hex');
  if (terminal.format !== 'page') {
    const counts = { sessions: sessions.length, commits, refusals, bytes: bytes.length };
    terminal.json({ schema: 'joinleaf.export/1', path, ...counts, sha256: digest, redaction });
    return;
  }
  const size = `${(bytes.length / 1_024).toFixed(1)} KB`;
  terminal.page([
    line(
      'wrote ',
      strong(path),
      `  ${counted(sessions.length, 'session')}, ${counted(commits, 'commit')}, ${counted(refusals, 'refusal')}  ${size}`,
    ),
    line(dim(`sha256 ${digest}`)),
    ...redactionLines(redaction, terminal.columns),
  ]);
  const name = quoted(path);
  suggest(
    context,
    `joinleaf inspect ${name}`,
    `joinleaf replay ${name}`,
    `joinleaf ladder ${name}`,
  );
}

/** What was taken out, and what was not. */
export function redactionLines(redaction: Redaction, width: number): readonly Line[] {
  if (!isRedacted(redaction)) {
    const words = 'not redacted: names, ids and what programs attached are in it as they were';
    return wrap(words, width).map((part) => line(warn(part)));
  }
  const { names, ids, data } = redaction;
  const words = [
    names ? 'names → node-A, session-A …' : 'names KEPT',
    ids ? 'command ids → command-0001 …' : 'command ids KEPT',
    data ? 'caller and callee data → length and a keyed tag' : 'caller and callee data KEPT',
  ];
  const item = (label: string, text: string) => entry(dim(label), margin, text, width);
  return [
    ...words.flatMap((text, index) => item(index === 0 ? 'taken out' : '', text)),
    ...leftReadable.flatMap((text, index) => item(index === 0 ? 'left readable' : '', text)),
  ];
}

const margin = 15;
