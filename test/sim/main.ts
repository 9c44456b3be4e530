import { randomInt } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { campaignOf, sometimes, summaryOf, type Campaign, type Summary } from './campaign.js';
import { runSeed } from './run-seed.js';

// npm run sim -- [--seeds N] [--from SEED] [--until-broken] [--json FILE], or --seed SEED [--histories FILE]

interface Share {
  readonly from: number;
  readonly count: number;
  readonly step: number;
}

const usage =
  'npm run sim -- [--seeds N] [--from SEED] [--until-broken] [--json FILE], or --seed SEED [--histories FILE]';

if (isMainThread) await main();
else await work(workerData as Share);

async function work({ from, count, step }: Share): Promise<void> {
  for (let index = 0; index < count; index += 1) {
    parentPort?.postMessage(summaryOf(await runSeed({ seed: from + index * step })));
  }
}

async function main(): Promise<void> {
  const values = optionsIn(process.argv.slice(2));
  if (values === null) {
    process.exitCode = 2;
    return;
  }
  if (values.seed !== undefined) {
    await one(Number(values.seed), values.histories);
    return;
  }
  const from = values.from === undefined ? randomInt(1, 2 ** 31) : Number(values.from);
  const seeds = Number(values.seeds);
  say(`sim: seeds ${String(from)} to ${String(from + seeds - 1)}`);
  const began = performance.now();
  const campaign = campaignOf(await shared(from, seeds, values['until-broken']));
  report(campaign, (performance.now() - began) / 1_000);
  if (values.json !== undefined) {
    const met: Record<string, number> = {};
    for (const [what, names] of Object.entries(sometimes))
      met[what] = times(campaign.counts, names);
    const kept = { from, node: process.version, ...campaign, sometimes: met };
    writeFileSync(values.json, `${JSON.stringify(kept, null, 2)}\n`);
  }
  process.exitCode = campaign.broken.length + campaign.never.length > 0 ? 1 : 0;
}

function optionsIn(args: readonly string[]) {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        seeds: { type: 'string', default: '1000' },
        from: { type: 'string' },
        seed: { type: 'string' },
        histories: { type: 'string' },
        json: { type: 'string' },
        'until-broken': { type: 'boolean', default: false },
      },
    });
    const numbers = [values.seeds, values.from, values.seed].filter((text) => text !== undefined);
    const wrong = numbers.find((text) => !/^[1-9]\d{0,9}$/.test(text));
    if (wrong === undefined) return values;
    throw new Error(`${JSON.stringify(wrong)} is no whole number from 1`);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n${usage}\n`);
    return null;
  }
}

async function shared(
  from: number,
  seeds: number,
  untilBroken: boolean,
): Promise<readonly Summary[]> {
  const step = Math.min(availableParallelism(), seeds);
  const results: Summary[] = [];
  const all: Worker[] = [];
  const workers = Array.from({ length: step }, async (_, index) => {
    const count = Math.ceil((seeds - index) / step);
    const share: Share = { from: from + index, count, step };
    const worker = new Worker(new URL(import.meta.url), { workerData: share });
    all.push(worker);
    worker.on('message', (result: Summary) => {
      results.push(result);
      if (result.findings.length > 0) {
        tellBroken(result.seed, result.findings);
        if (untilBroken) for (const each of all) void each.terminate();
      }
      if (results.length % 100 === 0) say(`${String(results.length)} of ${String(seeds)}`);
    });
    await new Promise((resolve, reject) => {
      worker.on('exit', resolve);
      worker.on('error', reject);
    });
  });
  await Promise.all(workers);
  return results;
}

async function one(seed: number, histories: string | undefined): Promise<void> {
  say(`sim: seed ${String(seed)}`);
  const result = await runSeed({ seed });
  say(`R${String(result.replicas)}; ${result.faults.join(', ')}`);
  const { joins, commits, simulatedMs } = result;
  say(`${String(joins)} joins, ${String(commits)} commits, ${seconds(simulatedMs)} simulated`);
  for (const [what, count] of [...result.counts].sort()) say(`  ${String(count)} ${what}`);
  if (histories !== undefined) writeFileSync(histories, JSON.stringify(result.history.histories));
  if (result.findings.length === 0) say('every promise was kept');
  else tellBroken(seed, result.findings);
  process.exitCode = result.findings.length > 0 ? 1 : 0;
}

function tellBroken(seed: number, findings: readonly string[]): void {
  say(`BROKEN by seed ${String(seed)} (npm run sim -- --seed ${String(seed)})`);
  for (const finding of findings.slice(0, 10)) say(`  - ${finding}`);
}

function report(
  { seeds, joins, commits, simulatedMs, counts, broken, never }: Campaign,
  s: number,
): void {
  const rate = (simulatedMs / 1_000 / s).toFixed(0);
  say('');
  say(
    `${String(seeds)} lives of a deployment in ${s.toFixed(0)} s: ${seconds(simulatedMs)} simulated, ${rate} times as fast`,
  );
  say(
    `${String(joins)} joins, ${String(commits)} commits, ${String(broken.length)} lives with a broken promise`,
  );
  say('');
  for (const [what, names] of Object.entries(sometimes)) {
    const count = times(counts, names);
    say(`  ${count === 0 ? 'NEVER' : String(count).padStart(9)}  ${what}`);
  }
  say('');
  const faults = Object.entries(counts).filter(([what]) => what.startsWith('fault: '));
  for (const [what, count] of faults.sort())
    say(`  ${String(count).padStart(9)}  ${what.slice(7)}`);
  say('');
  if (never.length > 0) say(`too tame: never met: ${never.join('; ')}`);
  say(
    broken.length === 0
      ? 'every promise was kept'
      : `broken by seeds ${broken.map(({ seed }) => seed).join(', ')}`,
  );
}

function times(counts: Campaign['counts'], names: readonly string[]): number {
  return names.reduce((sum, name) => sum + (counts[name] ?? 0), 0);
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(0)} s`;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
