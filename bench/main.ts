import { mkdirSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname } from 'node:path';
import { ProgramEnded } from '@joinleaf/launcher';
import type { Tell } from './bench.js';
import { joinBench } from './join.js';
import { endEverything, interrupt, interrupted } from './leftovers.js';
import { livenessBench } from './liveness.js';
import { notifyBench } from './notify.js';
import { Misunderstood, parse, type ChosenBench, type Wish } from './options.js';
import { peersBench } from './peers/peers.js';
import { Profiles } from './profiles.js';
import { asText, goalsAsText, type Report } from './report.js';
import { replayBench } from './replay.js';
import { scaleBench } from './scale.js';
import { takeoverBench } from './takeover.js';
import { list, usage } from './usage.js';

const benches = [
  joinBench,
  notifyBench,
  replayBench,
  scaleBench,
  takeoverBench,
  livenessBench,
  peersBench,
] as const;

const tell: Tell = (message) => {
  process.stderr.write(`${message}\n`);
};

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    void endBy(signal);
  });
}
// What fails while everything is being ended is nobody's concern any more.
process.on('uncaughtException', (error) => {
  if (interrupted.aborted) return;
  tell(inWords(error));
  void interrupt().then(() => process.exit(1));
});
const exitCode = await main(process.argv.slice(2));
await endEverything();
process.exit(exitCode);

/** The first signal ends what was started, and a second one does not wait for that. */
async function endBy(signal: NodeJS.Signals): Promise<void> {
  if (!interrupted.aborted) {
    tell(`${signal}: ending what was started`);
    await interrupt();
  }
  process.exit(128 + constants.signals[signal]);
}

async function main(argv: readonly string[]): Promise<number> {
  try {
    const wish = parse(argv, benches);
    if (wish === 'help') process.stdout.write(usage(benches));
    else if (wish === 'list') process.stdout.write(list(benches));
    else return await measureAll(wish);
    return 0;
  } catch (error) {
    if (!(error instanceof Misunderstood)) throw error;
    tell(`${error.message} npm run bench -- --help says more.`);
    return 2;
  }
}

async function measureAll(wish: Wish): Promise<number> {
  const reports: Report[] = [];
  let isWhole = true;
  for (const chosen of wish.benches) {
    const report = await measured(chosen, wish);
    if (report?.problem !== null) isWhole = false;
    if (report === null) continue;
    reports.push(report);
    if (report.problem === null) keep(report, wish);
    else tell(`void: ${report.problem}`);
  }
  if (reports.length > 1) process.stdout.write(goalsAsText(reports));
  return isWhole ? 0 : 1;
}

/** Measures, and prints what was found; null when that failed. */
async function measured(
  { bench, chosen, command }: ChosenBench,
  wish: Wish,
): Promise<Report | null> {
  tell(bench.name);
  const rounds = wish.rounds ?? bench.rounds;
  const profiles = wish.profile === null ? null : new Profiles(wish.profile, bench.name);
  const at = new Date().toISOString();
  try {
    const findings = await bench.measure({ ...wish, rounds, chosen, profiles }, tell);
    const seconds = bench.options.includes('seconds') ? wish.seconds : null;
    const ran = { at, command, rounds, seconds };
    const report = { schema: 'joinleaf.bench/2', bench: bench.name, ran, ...findings } as const;
    process.stdout.write(`${asText(report)}\n${profiles?.inWords() ?? ''}`);
    return report;
  } catch (error) {
    if (interrupted.aborted) return new Promise<never>(() => undefined); // Somebody is ending us.
    tell(`${bench.name} failed: ${inWords(error)}`);
    return null;
  }
}

function inWords(error: unknown): string {
  if (error instanceof ProgramEnded) return [error.message, ...error.lastLines].join('\n  ');
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

function keep(report: Report, { json, benches: chosen }: Wish): void {
  if (json === null) return;
  const file = chosen.length === 1 ? json : `${json}/bench-${report.bench}.json`;
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify(report, null, 2)}\n`);
}
