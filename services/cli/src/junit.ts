import { positionText, type Divergence } from '@joinleaf/replay';
import { escapeForTerminal, outcomeWords } from '@joinleaf/transcript';
import type { Replayed } from './replayed.js';

/** What a replay found, as a JUnit report: one test case for each session. */
export function junitReport(replayed: readonly Replayed[]): string {
  const failures = replayed.filter((one) => problemsOf(one).length > 0).length;
  const cases = replayed.map(caseOf).join('\n');
  return `<?xml version="1.0" encoding="UTF-8"?>
<testsuite name="joinleaf replay" tests="${String(replayed.length)}" failures="${String(failures)}">
${cases}
</testsuite>
`;
}

function caseOf(one: Replayed): string {
  const name = attribute(one.replay.session);
  const problems = problemsOf(one);
  if (problems.length === 0) return `  <testcase classname="replay" name="${name}"/>`;
  const text = problems.map(attribute).join('&#10;');
  return `  <testcase classname="replay" name="${name}">
    <failure message="${text}"/>
  </testcase>`;
}

function problemsOf({ replay: { damage, first }, trouble }: Replayed): readonly string[] {
  return [
    ...(damage === null
      ? []
      : [`damaged at revision ${String(damage.revision)}: ${damage.detail}`]),
    ...(trouble === null ? [] : [`damaged: ${trouble}`]),
    ...(first === null ? [] : [divergenceWords(first)]),
  ];
}

function divergenceWords({ step, verdict, recorded, recomputed }: Divergence): string {
  const where = step.kind === 'decision' ? positionText(step) : 'a refusal';
  const now = recomputed === null ? 'nothing' : outcomeWords(recomputed);
  return `diverged at record #${String(step.number)} (${where}), ${verdict}: recorded ${outcomeWords(recorded)}; recomputed ${now}`;
}

const attribute = (text: string): string =>
  escapeForTerminal(text)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
