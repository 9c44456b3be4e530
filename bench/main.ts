import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { parseArgs } from 'node:util';
import type { Bench, BenchOptions } from './bench.js';
import { joinBench } from './join.js';
import { livenessBench } from './liveness.js';
import { notifyBench } from './notify.js';
import { peersBench } from './peers/peers.js';
import { asText, goalsAsText, type Report } from './report.js';
import { profilesInWords } from './profile.js';
import { replayBench } from './replay.js';
import { scaleBench } from './scale.js';
import { takeoverBench } from './takeover.js';

const benches: readonly Bench[] = [
  joinBench,
  notifyBench,
  replayBench,
  scaleBench,
  takeoverBench,
  livenessBench,
  peersBench,
];

const usage = `npm run bench -- [BENCH …] [options]

Without a name, all of them but peers, and one table of the goals.

${benches.map(({ name, summary }) => `  ${name.padEnd(25)}${summary}`).join('\n')}

  --durability 2m|always   when the broker's files are synced (2m)
  --rounds N               rounds of every row (${benches.map(({ name, rounds }) => `${name} ${String(rounds)}`).join(', ')})
  --seconds S              length of one round of one row (1)
  --only TEXT              rows whose id contains it, and the floors
  --at-once N,N            operations under way together (1,64)
  --large                  go on to sizes that take many minutes
  --no-notifier            leave the notifier out; there are no handshakes then
  --json FILE              write the same figures for a machine; with several benches FILE is a folder
  --profile FOLDER         write a CPU profile of each service there, and say what took the time
`;

interface Wish extends Omit<BenchOptions, 'rounds'> {
  readonly benches: readonly Bench[];
  readonly rounds: number | null;
  readonly json: string | null;
}

process.exitCode = await main(process.argv.slice(2));

async function main(argv: readonly string[]): Promise<number> {
  const wish = parse(argv);
  if (wish === null) {
    process.stdout.write(usage);
    return 0;
  }
  if (typeof wish === 'string') {
    process.stderr.write(`${wish}\n\n${usage}`);
    return 2;
  }
  const tell = (message: string): void => {
    process.stderr.write(`${message}\n`);
  };
  let exitCode = 0;
  const reports: Report[] = [];
  for (const bench of wish.benches) {
    tell(bench.name);
    const report = await bench.measure({ ...wish, rounds: wish.rounds ?? bench.rounds }, tell);
    process.stdout.write(`${asText(report)}\n`);
    reports.push(report);
    if (report.problem === null) keep(report, fileOf(wish, bench));
    else {
      tell(`void: ${report.problem}`);
      exitCode = 1;
    }
  }
  if (reports.length > 1) process.stdout.write(goalsAsText(reports));
  if (wish.profile !== null) process.stdout.write(profilesInWords(wish.profile));
  return exitCode;
}

function fileOf({ json, benches: chosen }: Wish, { name }: Bench): string | null {
  if (json === null) return null;
  return chosen.length === 1 ? json : `${json}/bench-${name}.json`;
}

function keep(report: object, file: string | null): void {
  if (file === null) return;
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify(report, null, 2)}\n`);
}

/** What is wished; a sentence on what cannot be understood; null when help is asked for. */
function parse(argv: readonly string[]): Wish | string | null {
  try {
    const { values, positionals } = parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        durability: { type: 'string', default: '2m' },
        rounds: { type: 'string' },
        seconds: { type: 'string', default: '1' },
        'at-once': { type: 'string', default: '1,64' },
        only: { type: 'string' },
        large: { type: 'boolean', default: false },
        'no-notifier': { type: 'boolean', default: false },
        json: { type: 'string' },
        profile: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    });
    if (values.help) return null;
    const chosen = chosenBenches(positionals);
    if (typeof chosen === 'string') return chosen;
    const { durability } = values;
    if (durability !== '2m' && durability !== 'always') return '--durability is 2m or always.';
    const rounds = values.rounds === undefined ? null : Number(values.rounds);
    if (rounds !== null && !(Number.isInteger(rounds) && rounds >= 1))
      return '--rounds is a whole number from 1.';
    const seconds = Number(values.seconds);
    if (!(seconds > 0 && seconds <= 3_600))
      return '--seconds is a number above 0, and 3600 at most.';
    const atOnce = values['at-once'].split(',').map(Number);
    if (!atOnce.every((count) => Number.isInteger(count) && count >= 1))
      return '--at-once is a list of whole numbers from 1, such as 1,64.';
    const { only = null, large, json = null, profile = null } = values;
    const notifier = !values['no-notifier'];
    return {
      benches: chosen,
      sync: durability,
      notifier,
      rounds,
      seconds,
      only,
      atOnce,
      large,
      json,
      profile,
    };
  } catch (error) {
    return error instanceof Error ? error.message : 'The arguments are not understood.';
  }
}

function chosenBenches(names: readonly string[]): readonly Bench[] | string {
  const unknown = names.find((name) => !benches.some((bench) => bench.name === name));
  if (unknown !== undefined) return `There is no bench called "${unknown}".`;
  return names.length === 0
    ? benches.filter(({ onlyByName = false }) => !onlyByName)
    : benches.filter(({ name }) => names.includes(name));
}
