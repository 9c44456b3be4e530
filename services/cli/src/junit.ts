import { escapeForTerminal } from '@joinleaf/transcript';
import type { SessionReport } from './replaying/session-report.js';

/** What a replay found, as a JUnit report: one test case for each session. */
export function junitReport(replayed: readonly SessionReport[]): string {
  const failures = replayed.filter((one) => problemsOf(one).length > 0).length;
  const cases = replayed.map(caseOf).join('\n');
  return `<?xml version="1.0" encoding="UTF-8"?>
<testsuite name="joinleaf replay" tests="${String(replayed.length)}" failures="${String(failures)}">
${cases}
</testsuite>
`;
}

function caseOf(one: SessionReport): string {
  const name = attribute(one.session);
  const problems = problemsOf(one);
  if (problems.length === 0) return `  <testcase classname="replay" name="${name}"/>`;
  const text = problems.map(attribute).join('&#10;');
  return `  <testcase classname="replay" name="${name}">
    <failure message="${text}"/>
  </testcase>`;
}

function problemsOf({ damage, first, trouble }: SessionReport): readonly string[] {
  return [
    ...(damage === null
      ? []
      : [`damaged at revision ${String(damage.revision)}: ${damage.detail}`]),
    ...(trouble === null ? [] : [`damaged: ${trouble}`]),
    ...(first === null ? [] : [first.words]),
  ];
}

const attribute = (text: string): string =>
  escapeForTerminal(text)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
