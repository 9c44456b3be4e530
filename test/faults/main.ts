import { randomInt } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { Chance } from '@joinleaf/sim';
import { brokenOff, runCampaign, type CampaignPlan, type CampaignResult } from './campaign.js';
import { faults } from './catalogue/all.js';
import { notHere } from './catalogue/not-here.js';
import { findTimeLibrary } from './faked-time.js';
import type { Fault, Need } from './fault.js';
import { Namespaces } from './namespaces.js';
import { list, page, sufferedLine } from './page.js';
import { campaigns, hindrance } from './plan.js';
import { reportOf } from './report.js';
import { Sightings } from './sightings.js';

const usage = `npm run faults [-- options]

  Hurts real deployments, again and again, while programs come and go, and checks after each fault
  everything that is on record and everything that programs were told.

  --minutes N       for how long; 10 without it, and never less than one campaign
  --only F36,F45    these faults alone
  --replicas 1|3    one broker, or three; both in turn without it
  --seed N          the same order of faults, and the same chances
  --json FILE       writes the report for a machine
  --list            says which faults there are, and which are not here and why
`;

const misused = 2;

process.exitCode = await main();

interface Options {
  readonly minutes: number;
  readonly only: readonly string[];
  readonly replicas: 1 | 3 | null;
  readonly seed: number;
  readonly json: string | undefined;
  readonly list: boolean;
}

async function main(): Promise<number> {
  const options = parse();
  if (typeof options === 'string') {
    process.stderr.write(`${options}\n\n${usage}`);
    return misused;
  }
  const missing = await missingHere();
  const hindranceOf = (fault: Fault) => hindrance(fault, missing);
  if (options.list) {
    process.stdout.write(list(faults, hindranceOf, notHere));
    return 0;
  }
  const possible = faults.filter((fault) => hindranceOf(fault) === null);
  const wanted = possible.filter(
    ({ id }) => options.only.length === 0 || options.only.includes(id),
  );
  const leftOut = Object.fromEntries(
    faults.flatMap((fault) => {
      const reason = hindranceOf(fault);
      return reason === null ? [] : [[fault.id, reason]];
    }),
  );
  for (const [id, reason] of Object.entries(leftOut)) say(`${id} is left out: ${reason}`);
  if (wanted.length === 0) {
    say('there is nothing left to inject');
    return misused;
  }
  return run(options, wanted, {
    namespaces: missing.namespaces === null,
    notInjected: { ...notHere, ...leftOut },
  });
}

interface Machine {
  readonly namespaces: boolean;
  /** Faults of the model that cannot happen here, and why. */
  readonly notInjected: Readonly<Record<string, string>>;
}

async function run(
  options: Options,
  wanted: readonly Fault[],
  { namespaces, notInjected }: Machine,
): Promise<number> {
  const { seed, replicas, minutes } = options;
  say(`seed ${String(seed)}`);
  const startedAt = performance.now();
  const tookMs = () => Math.round(performance.now() - startedAt);
  const isOver = () => tookMs() > minutes * 60_000;
  const sightings = new Sightings();
  const surroundings = {
    ...{ namespaces, sightings },
    timeLibrary: await findTimeLibrary(),
    onSuffered: (suffered: Parameters<typeof sufferedLine>[0]) => {
      process.stdout.write(sufferedLine(suffered));
    },
  };
  const results: CampaignResult[] = [];
  for (const plan of campaigns({ faults: wanted, replicas, chance: new Chance(seed) })) {
    // A deployment in which something was found is of no more use: what is left happens to another one.
    for (let left = plan.faults; left.length > 0;) {
      const part = { ...plan, faults: left };
      say(`\n${title(part)}`);
      const result = await runCampaign(part, surroundings).catch((error: unknown) =>
        brokenOff(part, error),
      );
      for (const finding of result.findings) say(`  at the end: ${finding}`);
      results.push(result);
      const suffered = new Set(result.suffered.map(({ fault }) => fault));
      left = suffered.size === 0 ? [] : left.filter((fault) => !suffered.has(fault));
    }
    if (isOver()) break;
  }
  const machine = `${String(availableParallelism())} cores, ${process.platform}, node ${process.version}`;
  const report = reportOf({
    ...{ seed, tookMs: tookMs(), machine, campaigns: results },
    ...{ sightings, notInjected },
  });
  process.stdout.write(page(report));
  if (options.json !== undefined) {
    await writeFile(options.json, `${JSON.stringify(report, null, 2)}\n`);
  }
  return report.findings.length + report.neverSeen.length === 0 ? 0 : 1;
}

function title({ seed, replicas, faults: group }: CampaignPlan): string {
  const ids = group.map(({ id }) => id).join(',');
  const brokers = `--replicas ${String(replicas)}`;
  return `npm run faults -- --seed ${String(seed)} ${brokers} --minutes 0 --only ${ids}`;
}

async function missingHere(): Promise<Readonly<Record<Need, string | null>>> {
  const library = await findTimeLibrary();
  return {
    namespaces: await Namespaces.missing(),
    faketime: library === null ? 'the package libfaketime is not installed' : null,
  };
}

function parse(): Options | string {
  try {
    const { values } = parseArgs({
      options: {
        minutes: { type: 'string', default: '10' },
        only: { type: 'string', default: '' },
        replicas: { type: 'string' },
        seed: { type: 'string' },
        json: { type: 'string' },
        list: { type: 'boolean', default: false },
      },
    });
    const minutes = Number(values.minutes);
    if (!(minutes >= 0)) return '--minutes is a number';
    const only = values.only
      .toUpperCase()
      .split(',')
      .filter((id) => id !== '');
    const unknown = only.filter((id) => !faults.some((fault) => fault.id === id));
    const [first] = unknown;
    if (first !== undefined) return notHere[first] ?? `there is no fault ${unknown.join(', ')}`;
    const replicas = values.replicas === undefined ? null : Number(values.replicas);
    if (replicas !== null && replicas !== 1 && replicas !== 3) return '--replicas is 1 or 3';
    const seed = values.seed === undefined ? randomInt(1, 2 ** 31) : Number(values.seed);
    if (!Number.isSafeInteger(seed) || seed < 1) return '--seed is a whole number from 1';
    return { minutes, only, replicas, seed, json: values.json, list: values.list };
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
