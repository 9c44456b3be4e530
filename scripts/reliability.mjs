// Writes the evidence into docs/RELIABILITY.md, from the files that the campaigns write into docs/evidence:
//   npm run sim -- --seeds 20000 --json docs/evidence/sim.json
//   npm run museum -- --json docs/evidence/museum.json
//   npm run faults -- --minutes 15 --replicas 1 --json docs/evidence/faults-one-broker.json, and with 3
//   npm run bench -- takeover --json docs/evidence/bench-takeover.json
//   npm run bench -- liveness --json docs/evidence/bench-liveness.json
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';

const root = join(import.meta.dirname, '..');
const page = join(root, 'docs/RELIABILITY.md');

/** The page with its evidence, as it must be. */
export async function reliabilityPage() {
  const text = readFileSync(page, 'utf8');
  const [before, rest] = text.split('<!-- evidence -->');
  const after = rest?.split('<!-- end -->')[1] ?? '';
  const parts = [
    sim(),
    museum(),
    faults('one-broker', 1),
    faults('three-brokers', 3),
    takeover(),
    liveness(),
  ].filter((part) => part !== null);
  const whole = `${before}<!-- evidence -->\n\n${parts.join('\n\n')}\n\n<!-- end -->${after}`;
  return format(whole, { ...(await resolveConfig(page)), parser: 'markdown' });
}

function read(name) {
  const file = join(root, 'docs/evidence', `${name}.json`);
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : null;
}

const number = (value) => value.toLocaleString('en');
const table = (head, rows) =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');

function sim() {
  const ran = read('sim');
  if (ran === null) return null;
  const { seeds, from, joins, commits, simulatedMs, broken, never, counts } = ran;
  const faultRows = Object.entries(counts)
    .filter(([what]) => what.startsWith('fault: '))
    .sort()
    .map(([what, count]) => [what.slice(7), number(count)]);
  const metRows = Object.entries(ran.sometimes).map(([what, count]) => [what, number(count)]);
  return [
    '### Simulated lives',
    `\`npm run sim -- --seeds ${seeds} --from ${from}\`: ${number(seeds)} lives, ${number(Math.round(simulatedMs / 3_600_000))} simulated hours, ${number(joins)} joins and ${number(commits)} commits. Lives with a broken promise: **${broken.length}**. Interesting states never met: **${never.length}**.`,
    table(['fault', 'times'], faultRows),
    table(['met', 'times'], metRows),
  ].join('\n\n');
}

function museum() {
  const bugs = read('museum');
  if (bugs === null) return null;
  const caught = bugs.filter(({ caughtBy }) => caughtBy !== null).length;
  const rows = bugs.map(({ room, name, caughtBy }) => [
    room,
    name,
    caughtBy === null ? '**escaped**' : `seed ${caughtBy.seed}`,
  ]);
  return [
    '### The museum',
    `\`npm run museum\`: ${caught} of ${bugs.length} known bugs caught.`,
    table(['where', 'bug', 'noticed by'], rows),
  ].join('\n\n');
}

function faults(brokers, replicas) {
  const ran = read(`faults-${brokers}`);
  if (ran === null) return null;
  const { totals, detectionMs, seed, tookMs, machine, neverSeen } = ran;
  const rows = ran.faults
    .filter(({ times }) => times.R1 + times.R3 > 0)
    .map((each) => [
      each.id,
      each.name,
      String(each.times.R1 + each.times.R3),
      number(each.operations),
      String(each.findings),
      each.gapMs.max === null ? '' : number(Math.round(each.gapMs.max)),
    ]);
  return [
    `### Real faults, ${brokers.replace('-', ' ')}`,
    `\`npm run faults -- --replicas ${replicas}\`, seed ${seed}, ${number(Math.round(tookMs / 60_000))} minutes on ${machine}: ${number(totals.injected)} faults in ${number(totals.campaigns)} campaigns, ${number(totals.operations)} operations, ${number(totals.commits)} commits. Acknowledged decisions lost: **${totals.acknowledgedLost}**. Told twice: **${totals.toldTwice}**. Findings: **${totals.findings}**. Largest gap without an answer: ${number(Math.round(totals.gapMsMax))} ms. Nodes with a bound of 1 s that were killed, until their loss was on record: p50 ${detectionMs.p50 ?? '–'} ms, at most ${detectionMs.max ?? '–'} ms (${detectionMs.count}). Interesting states never met: ${neverSeen.length}.`,
    table(['', 'fault', 'times', 'operations', 'findings', 'largest gap, ms'], rows),
  ].join('\n\n');
}

function takeover() {
  const report = read('bench-takeover');
  return report === null ? null : benchPart('When an arbiter dies', report);
}

function liveness() {
  const report = read('bench-liveness');
  return report === null ? null : benchPart('When a node dies', report);
}

/**
 * What a bench found, as bench/report.ts has it.
 *
 * @throws Error when the report has another schema, or its figures are void.
 */
export function benchPart(
  title,
  { schema, bench, ran, conditions, tables, goals, notes, problem },
) {
  if (schema !== 'joinleaf.bench/2') throw new Error(`the report of ${bench} is ${schema}`);
  if (problem !== null) throw new Error(`the report of ${bench} is void: ${problem}`);
  const { node, natsServer, durability, cores, cpu } = conditions;
  return [
    `### ${title}`,
    `\`${ran?.command ?? `npm run bench -- ${bench}`}\`, ${cores} × ${cpu}, Node.js ${node}, nats-server ${natsServer}, file store, ${durability}${ran ? `, ${ran.at.slice(0, 10)}` : ''}.`,
    ...tables.map(figures),
    [...goals.map(goalItem), ...notes.map((note) => `- ${note}`)].join('\n'),
  ].join('\n\n');
}

const figures = ({ title, columns, rows }) =>
  table(
    [title, ...columns.map((column) => column.title)],
    rows.map((row) => [
      row.title,
      ...columns.map(({ key, digits }) => inDigits(row.figures[key], digits)),
    ]),
  );

const inDigits = (figure, digits = 0) =>
  typeof figure === 'number'
    ? figure.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits })
    : '';

function goalItem({ sentence, value, bound, unit }) {
  const atLeast = 'atLeast' in bound;
  const limit = atLeast ? bound.atLeast : bound.atMost;
  const isMet = atLeast ? value >= limit : value <= limit;
  const [found, asked] = [value, limit].map((each) => `${short(each)}${unit ? ` ${unit}` : ''}`);
  return `- ${sentence}: **${found}**, ${isMet ? 'as wanted' : 'missed'} (at ${atLeast ? 'least' : 'most'} ${asked})`;
}

const short = (value) => inDigits(value, Math.abs(value) < 100 ? 2 : 0);

if (process.argv[1] === import.meta.filename) {
  const written = await reliabilityPage();
  const changed = written !== readFileSync(page, 'utf8');
  if (changed) writeFileSync(page, written);
  process.stdout.write(`docs/RELIABILITY.md ${changed ? 'written' : 'is as it must be'}\n`);
}
