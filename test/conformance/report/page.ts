import { styleText } from 'node:util';
import type { Outcome } from './outcomes.js';
import type { Report, Standing, Verdict } from './verdicts.js';

export interface PageStyle {
  readonly columns: number;
  readonly hasColours: boolean;
  readonly tookMs: number;
}

type Paint = Parameters<typeof styleText>[0];

const marks: Readonly<Record<Standing, { readonly mark: string; readonly paint: Paint }>> = {
  passed: { mark: '✓', paint: 'green' },
  failed: { mark: '✗', paint: 'red' },
  'not proven': { mark: '?', paint: 'yellow' },
  'argued away': { mark: '–', paint: 'gray' },
};

/** The report as a person reads it. */
export function page(report: Report, style: PageStyle): string {
  const painted = (paint: Paint, text: string) =>
    style.hasColours ? styleText(paint, text, { validateStream: false }) : text;
  const lines: string[] = [];
  let section = '';
  for (const verdict of report.verdicts) {
    if (verdict.rule.section !== section) {
      section = verdict.rule.section;
      lines.push('', painted('bold', section), '');
    }
    lines.push(...linesOf(verdict, style, painted));
  }
  lines.push(...troubles(report, painted), '', ...summary(report, style, painted));
  return `${lines.join('\n')}\n`;
}

type Painted = (paint: Paint, text: string) => string;

const indent = ' '.repeat(25);

function linesOf(verdict: Verdict, { columns }: PageStyle, painted: Painted): readonly string[] {
  const { rule, standing, tests } = verdict;
  const { mark, paint } = marks[standing];
  const head = `${mark} ${rule.id.padEnd(5)} ${rule.level}  ${standing.padEnd(12)}`;
  const sentence = wrapped(rule.sentence, columns - indent.length);
  const [first = '', ...more] = sentence;
  const proofs = tests.flatMap(({ file, title, status }) => {
    const name = status === 'failed' ? `failed: ${file}: ${title}` : `${file}: ${title}`;
    const [start = '', ...rest] = wrapped(name, columns - indent.length - 2);
    return [`${indent}· ${start}`, ...rest.map((line) => `${indent}  ${line}`)];
  });
  if (rule.arguedAwayIn !== null) proofs.push(`${indent}· ${rule.arguedAwayIn}`);
  return [
    ` ${painted(paint, head)} ${first}`,
    ...more.map((line) => `${indent}${line}`),
    ...proofs.map((line) => painted('gray', line)),
  ];
}

function troubles({ failed, broken, unknown }: Report, painted: Painted): readonly string[] {
  const lines: string[] = [];
  for (const { file, title, messages } of failed) {
    lines.push('', painted('red', `✗ ${file}: ${title}`), ...messages.map(indented));
  }
  for (const { file, message } of broken) {
    lines.push('', painted('red', `✗ ${file}: its tests could not be run`), indented(message));
  }
  for (const id of unknown)
    lines.push('', painted('red', `✗ a test quotes ${id}, which is no rule`));
  return lines;
}

function summary(report: Report, style: PageStyle, painted: Painted): readonly string[] {
  const levels = [...new Set(report.verdicts.map(({ rule }) => rule.level))].sort(byLevel);
  const standings = Object.keys(marks) as Standing[];
  const count = (level: string, standing: Standing) =>
    report.verdicts.filter((one) => one.rule.level === level && one.standing === standing).length;
  const head = ['level', 'rules', ...standings].map((name) => name.padStart(13)).join('');
  const rows = levels.map((level) => {
    const counts = standings.map((standing) => count(level, standing));
    const sum = counts.reduce((all, one) => all + one, 0);
    return [level, sum, ...counts].map((cell) => String(cell).padStart(13)).join('');
  });
  const failed = `${String(report.failed.length)} failed`;
  const tests = `${plural(report.testCount, 'test')} in ${inSeconds(style.tookMs)}, ${failed}`;
  const words = report.conforms
    ? `✓ conforms: ${tests}.`
    : `✗ does not conform: ${tests}; ${unproven(report)}.`;
  const verdict = wrapped(words, style.columns);
  const paint = report.conforms ? 'green' : 'red';
  return [painted('bold', head), ...rows, '', ...verdict.map((line) => painted(paint, line))];
}

function unproven({ verdicts }: Report): string {
  const open = verdicts.filter(
    ({ rule, standing }) => rule.level === 'M' && standing === 'not proven',
  );
  const count = `${plural(open.length, 'M rule')} not proven`;
  return open.length === 0 ? count : `${count} (${open.map(({ rule }) => rule.id).join(' ')})`;
}

const inSeconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;

const plural = (count: number, what: string): string =>
  `${String(count)} ${what}${count === 1 ? '' : 's'}`;

const byLevel = (a: string, b: string): number => 'MSOWI'.indexOf(a) - 'MSOWI'.indexOf(b);

/** A report for machines. */
export function record(report: Report): object {
  const { verdicts, failed, broken, testCount, unknown, conforms } = report;
  const briefly = ({ file, title, status, durationMs }: Outcome) => ({
    file,
    title,
    status,
    durationMs,
  });
  return {
    conforms,
    testCount,
    rules: verdicts.map(({ rule, standing, tests }) => ({
      ...rule,
      standing,
      tests: tests.map(briefly),
    })),
    failed: failed.map((outcome) => ({ ...briefly(outcome), messages: outcome.messages })),
    broken,
    unknown,
  };
}

function wrapped(text: string, columns: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > columns) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

// Where in the test it was: how Jest got there is of no use to anybody.
const indented = (text: string): string =>
  text
    .trimEnd()
    .split('\n')
    .filter((line) => !/^\s+at .*(?:node_modules|node:internal|<anonymous>)/.test(line))
    .map((line) => `  ${line}`)
    .join('\n');
