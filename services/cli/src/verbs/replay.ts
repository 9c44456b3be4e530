import { writeFile } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import { resolve } from 'node:path';
import { decide } from '@joinleaf/multipoint';
import { Cast, redecide, steps, type Decider, type SessionReplay } from '@joinleaf/replay';
import { bad, dim, good, line, replayPage, type Line } from '@joinleaf/transcript';
import { histories } from '../histories.js';
import { exitCodes, Trouble, type ExitCode } from '../exit-codes.js';
import { junitReport } from '../junit.js';
import type { Replayed } from '../replayed.js';
import { withoutData } from '../record-json.js';
import type { Loaded } from '../sources.js';
import { suggest, type SourceOptions, type VerbContext, next } from '../verb.js';

export interface ReplayOptions extends SourceOptions {
  readonly all?: boolean;
  readonly against?: string;
  readonly junit?: string;
}

/** `joinleaf replay SRC…`: decides everything again and compares. */
export async function replay(
  context: VerbContext,
  sources: readonly string[],
  options: ReplayOptions,
): Promise<ExitCode> {
  const decider = await deciderFrom(options.against, context.world.cwd);
  const startedAt = performance.now();
  const replayed: Replayed[] = [];
  for await (const loaded of histories(context, sources, options)) {
    const result = redecide(loaded.history, decider);
    const { origin, again, trouble } = loaded;
    replayed.push({ replay: result, origin, again, trouble });
    tell(context, loaded, result, options.all === true);
  }
  if (options.junit !== undefined)
    await writeFile(resolve(context.world.cwd, options.junit), junitReport(replayed));
  const exitCode = verdictOn(replayed);
  if (context.terminal.format === 'json') {
    context.terminal.json({
      schema: 'joinleaf.replay/1',
      sessions: replayed.map(({ replay: one, origin, trouble }) => ({
        origin,
        trouble,
        ...(withoutData(one) as SessionReplay),
      })),
      exitCode,
    });
  } else {
    total(context, replayed, performance.now() - startedAt, options);
  }
  return exitCode;
}

async function deciderFrom(path: string | undefined, cwd: string): Promise<Decider> {
  if (path === undefined) return decide;
  const url = pathToFileURL(resolve(cwd, path)).href;
  let door: unknown;
  try {
    door = await import(url);
  } catch (error) {
    throw new Trouble(exitCodes.usage, `${path} cannot be imported`, [
      error instanceof Error ? error.message : String(error),
    ]);
  }
  if (
    typeof door === 'object' &&
    door !== null &&
    'decide' in door &&
    typeof door.decide === 'function'
  ) {
    return door.decide as Decider;
  }
  throw new Trouble(exitCodes.usage, `${path} exports no function decide(command, session)`);
}

function tell(
  context: VerbContext,
  loaded: Loaded,
  result: SessionReplay,
  onlyTrouble: boolean,
): void {
  const { terminal } = context;
  switch (terminal.format) {
    case 'page': {
      // Of everything there is, what is in order is said in the total.
      const isFine = result.diverged === 0 && result.damage === null && loaded.trouble === null;
      if (onlyTrouble && isFine) return;
      const telling = { width: terminal.width, reveal: false, redacted: false };
      terminal.page(replayPage(result, Cast.of(steps(loaded.history)), telling));
      if (loaded.trouble !== null) terminal.page([line(bad('  DAMAGED '), loaded.trouble)]);
      return;
    }
    case 'json':
      return;
    case 'ndjson':
      terminal.record(withoutData({ origin: loaded.origin, trouble: loaded.trouble, ...result }));
      return;
    case 'plain': {
      const { session, revision, decisions, refusals, diverged, damage } = result;
      terminal.fields([
        session,
        revision,
        decisions,
        refusals,
        diverged,
        damage?.kind ?? loaded.trouble ?? '',
      ]);
      return;
    }
  }
}

const isDamaged = ({ replay: { damage }, trouble }: Replayed): boolean =>
  damage !== null || trouble !== null;

function verdictOn(replayed: readonly Replayed[]): ExitCode {
  if (replayed.some(isDamaged)) return exitCodes.integrity;
  return replayed.some(({ replay: { diverged } }) => diverged > 0)
    ? exitCodes.divergence
    : exitCodes.fine;
}

function total(
  context: VerbContext,
  replayed: readonly Replayed[],
  tookMs: number,
  { junit }: ReplayOptions,
): void {
  const { terminal } = context;
  if (terminal.format !== 'page') return;
  const records = replayed.reduce((sum, { replay: r }) => sum + r.decisions + r.refusals, 0);
  const diverged = replayed.filter(({ replay: r }) => r.diverged > 0);
  const damaged = replayed.filter(isDamaged);
  const fine = replayed.filter((one) => one.replay.diverged === 0 && !isDamaged(one)).length;
  const words: Line = line(
    good(`${String(fine)} same`),
    ' · ',
    count(diverged.length, 'diverged'),
    ' · ',
    count(damaged.length, 'damaged'),
    dim(` · ${String(records)} records in ${(tookMs / 1_000).toFixed(1)} s`),
  );
  terminal.page([words]);
  if (junit !== undefined) terminal.remark(`report: ${junit}`);
  const [first] = diverged;
  if (first?.replay.first != null) {
    const { first: divergence } = first.replay;
    suggest(context, next('why', first, `#${String(divergence.step.number)}`));
  }
}

const count = (n: number, word: string) =>
  n === 0 ? dim(`0 ${word}`) : bad(`${String(n)} ${word}`);
