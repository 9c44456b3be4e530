import type { Suffered } from './campaign.js';
import type { Fault } from './fault.js';
import type { RunReport } from './report.js';

// The report for people, at most 100 columns wide.

const nameWidth = 58;

/** One line for one fault, as it goes. */
export function sufferedLine(suffered: Suffered): string {
  const { fault, besides, operations, gapMs, tookMs, findings, evidence } = suffered;
  const name = besides === null ? fault.name : `${fault.name} (and ${besides.id})`;
  const verdict = findings.length === 0 ? 'ok' : `${String(findings.length)} FINDINGS`;
  const figures = [
    `${String(operations)} calls`.padStart(10),
    (gapMs === null ? '' : `${String(gapMs)} ms`).padStart(9),
    `${(tookMs / 1_000).toFixed(1)} s`.padStart(7),
  ].join(' ');
  const line = `  ${fault.id.padEnd(4)} ${shortened(name, nameWidth)} ${figures}  ${verdict}\n`;
  const found = findings.slice(0, 10).map((finding) => `       - ${finding}\n`);
  return [line, ...found, evidence === null ? '' : `       kept in ${evidence}\n`].join('');
}

export function page(report: RunReport): string {
  const { totals, detectionMs, seen, neverSeen, findings, seed, tookMs } = report;
  const minutes = (tookMs / 60_000).toFixed(1);
  const lines = [
    '',
    `${'fault'.padEnd(6)}${''.padEnd(nameWidth)}${columns('R1', 'R3', 'calls', 'gap ms', 'found')}`,
    '-'.repeat(99),
    ...report.faults.map(({ id, name, times, operations, gapMs, findings: found }) => {
      const figures = columns(times.R1, times.R3, operations, gapMs.max ?? '-', found);
      return `${id.padEnd(5)} ${shortened(name, nameWidth)}${figures}`;
    }),
    '-'.repeat(99),
    `${count(totals.injected)} faults in ${count(totals.campaigns)} campaigns, ${minutes} minutes, ` +
      `seed ${String(seed)}`,
    `${count(totals.operations)} calls: ${inWords(totals.answers)}; ${count(totals.commits)} commits`,
    `programs: ${inWords(totals.clients)}`,
    `acknowledged and lost ${String(totals.acknowledgedLost)} · told twice ${String(totals.toldTwice)} · ` +
      `longest without an answer ${String(totals.gapMsMax)} ms`,
    detectionMs.count === 0
      ? 'no node with a bound of 1 s was killed'
      : `${count(detectionMs.count)} killed nodes with a bound of 1 s were given up after ` +
        `${String(detectionMs.p50)} ms (p50), ${String(detectionMs.max)} ms (max)`,
    '',
    ...Object.entries(seen).map(([state, times]) => `${count(times).padStart(9)}  ${state}`),
    '',
    ...neverSeen.map((state) => `never seen, and due: ${state}`),
    ...findings.map(({ where, finding }) => `found (${where}): ${finding}`),
    findings.length + neverSeen.length === 0 ? 'nothing was found' : '',
  ];
  return `${lines.join('\n').trimEnd()}\n`;
}

/** What can be injected here, what cannot on this machine, and what is not here at all. */
export function list(
  faults: readonly Fault[],
  hindranceOf: (fault: Fault) => string | null,
  notHere: Readonly<Record<string, string>>,
): string {
  const injected = faults.map((fault) => {
    const reason = hindranceOf(fault);
    const brokers = (fault.replicas ?? [1, 3]).map((replicas) => `R${String(replicas)}`).join(' ');
    const where = reason === null ? brokers : `not on this machine: ${reason}`;
    return `${fault.id.padEnd(4)} ${fault.name.padEnd(76)} ${where}`;
  });
  const absent = Object.entries(notHere).map(([id, reason]) => `${id.padEnd(4)} ${reason}`);
  return ['injected', ...injected, '', 'not injected', ...absent, ''].join('\n');
}

const columns = (...[r1, r3, calls, gap, found]: readonly (string | number)[]): string =>
  [r1, r3].map((text) => String(text).padStart(4)).join('') +
  [calls, gap, found].map((text) => String(text).padStart(9)).join('');

const shortened = (text: string, width: number): string =>
  (text.length > width ? `${text.slice(0, width - 1)}…` : text).padEnd(width);

const count = (value: number): string => value.toLocaleString('en').replaceAll(',', ' ');

const inWords = (counts: Readonly<Record<string, number>>): string =>
  Object.entries(counts)
    .map(([name, times]) => `${count(times)} ${name}`)
    .join(', ');
