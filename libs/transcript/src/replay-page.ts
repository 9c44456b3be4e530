import {
  basisText,
  canonicalJson,
  commandWords,
  positionText,
  type Cast,
  type Difference,
  type Divergence,
  type SessionReplay,
  type Step,
} from '@joinleaf/replay';
import { bad, dim, good, line, strong, warn, type Line } from './page.js';
import { entry } from './paragraphs.js';
import type { Telling } from './telling.js';
import { outcomeWords } from './why-page.js';
import { cut } from './width.js';

const differencesMax = 6;

/**
 * What re-deciding one session found.
 *
 * @param trouble - Why the source itself is not all there; null when it is.
 */
export function replayPage(
  replay: SessionReplay,
  cast: Cast,
  telling: Telling,
  trouble: string | null = null,
): readonly Line[] {
  const { session, revision, decisions, refusals, counts, damage, first, diverged } = replay;
  const isFine = damage === null && trouble === null && diverged === 0;
  const damaged = (text: string) => entry(bad('  DAMAGED '), 11, text, telling.width);
  const records = `rev ${String(revision)}, ${counted(decisions, 'decision')}, ${counted(refusals, 'refusal')}`;
  const edge =
    counts['at-the-edge'] === 0 ? '' : `, ${String(counts['at-the-edge'])} not recomputed`;
  const same = `${String(counts.same)} same${edge}`;
  return [
    line(isFine ? good('✔') : bad('✗'), ' ', strong(session), `  ${same}`, dim(`  (${records})`)),
    ...(first === null ? [] : divergedLines(first, diverged, cast, telling)),
    ...(damage === null
      ? []
      : damaged(
          `revision ${String(damage.revision)}, ${damage.kind}: ${damage.detail}; ${notTrusted(counts.damaged)}`,
        )),
    ...(trouble === null ? [] : damaged(trouble)),
  ];
}

const counted = (count: number, word: string): string =>
  `${String(count)} ${word}${count === 1 ? '' : 's'}`;

const notTrusted = (count: number): string =>
  `${counted(count, 'record')} after it ${count === 1 ? 'is' : 'are'} not trusted`;

function divergedLines(
  divergence: Divergence,
  count: number,
  cast: Cast,
  telling: Telling,
): readonly Line[] {
  const { step, verdict, recorded, recomputed } = divergence;
  const where = `${placeOf(step)}, record #${String(step.number)}`;
  const item = (label: string, text: string) => entry(dim(`  ${label}`), 14, text, telling.width);
  return [
    line(bad('  DIVERGED'), ` at ${where}: ${verdict}`, dim(`  (first of ${String(count)})`)),
    ...item('command', commandText(step, cast)),
    ...item('recorded', outcomeWords(recorded)),
    ...item('recomputed', recomputed === null ? 'nothing' : outcomeWords(recomputed)),
    ...divergence.differences
      .slice(0, differencesMax)
      .flatMap((difference) => differenceLines(difference, telling)),
    ...(divergence.differences.length > differencesMax
      ? [line(dim(`    … ${String(divergence.differences.length - differencesMax)} more (--json)`))]
      : []),
    line(dim('  state before it: the same, so the decider changed and not the history')),
  ];
}

const placeOf = (step: Step): string =>
  step.kind === 'decision' ? positionText(step) : `based on ${basisText(step.basis)}`;

function commandText(step: Step, cast: Cast): string {
  return step.kind === 'decision'
    ? `${commandWords(step.decided.command, step.commit.session, cast)} (${step.decided.commandId})`
    : `${commandWords(step.refusal.command, step.refusal.session, cast)} (${step.refusal.commandId})`;
}

function differenceLines({ path, before, after }: Difference, { width }: Telling): readonly Line[] {
  const room = width === null ? 400 : Math.max(20, width - 18);
  const side = (value: unknown): string =>
    value === undefined ? '(nothing)' : cut(hideData(path, canonicalJson(value)), room);
  return [
    line('    ', warn(path.join('.'))),
    line(dim('      recorded   '), side(before)),
    line(dim('      recomputed '), side(after)),
  ];
}

// Two sides that differ in what programs attached differ in it, and that is all there is to see.
const hideData = (path: readonly string[], json: string): string =>
  /^(?:caller|callee)Data$/.test(path.at(-1) ?? '')
    ? '■■■'
    : json.replace(/("(?:caller|callee)Data":)"[^"]*"/g, '$1"■■■"');
