import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { measureJoins, type JoinOptions } from './join.js';
import { measureLosses } from './liveness.js';
import { asTable, type Report } from './report.js';
import { measureTakeovers } from './takeover.js';
import { timesTable, type TimesReport } from './times.js';

const usage = `npm run bench -- join|takeover|liveness [options]

join: joins beside the floors they stand on, in one run on one broker.
takeover: one of two session services is killed under load; until somebody is admitted again.
liveness: a program in a session is killed; until the other side hears FD_CLOSE.

  --durability 2m|always   when the broker's files are synced (2m)
  --rounds N               rounds of every row (join 3, takeover 6, liveness 20)
  --seconds S              length of one round of one row (1)
  --no-notifier            leave the notifier out; there are no handshakes then
  --json FILE              write the same figures for a machine
  --profile FOLDER         write a CPU profile of each service there
`;

const roundsStandard = { join: 3, takeover: 6, liveness: 20 } as const;
type Bench = keyof typeof roundsStandard;

process.exitCode = await main(process.argv.slice(2));

async function main(argv: readonly string[]): Promise<number> {
  const parsed = parse(argv);
  if (typeof parsed === 'string') {
    process.stderr.write(`${parsed}\n\n${usage}`);
    return 2;
  }
  if (parsed.help) {
    process.stdout.write(usage);
    return 0;
  }
  const tell = (message: string): void => {
    process.stderr.write(`${message}\n`);
  };
  if (parsed.bench !== 'join') {
    const measure = parsed.bench === 'takeover' ? measureTakeovers : measureLosses;
    const report = await measure(parsed.options, tell);
    process.stdout.write(timesTable(report));
    keep(report, parsed.json);
    return 0;
  }
  const { report, problem } = await measureJoins(parsed.options, tell);
  process.stdout.write(asTable(report));
  if (problem !== null) {
    tell(`void: the sessions are not what the joins were answered: ${problem}`);
    return 1;
  }
  keep(report, parsed.json);
  return 0;
}

function keep(report: Report | TimesReport, file: string | undefined): void {
  if (file !== undefined) writeFileSync(file, `${JSON.stringify(report, null, 2)}\n`);
}

interface Parsed {
  readonly bench: Bench;
  readonly help: boolean;
  readonly json: string | undefined;
  readonly options: JoinOptions;
}

function parse(argv: readonly string[]): Parsed | string {
  try {
    const { values, positionals } = parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        durability: { type: 'string', default: '2m' },
        rounds: { type: 'string' },
        seconds: { type: 'string', default: '1' },
        'no-notifier': { type: 'boolean', default: false },
        json: { type: 'string' },
        profile: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    });
    const [bench = 'join', ...rest] = positionals;
    if (!isBench(bench) || rest.length > 0)
      return `There is no bench called "${positionals.join(' ')}".`;
    const { durability } = values;
    if (durability !== '2m' && durability !== 'always') return '--durability is 2m or always.';
    const rounds = Number(values.rounds ?? roundsStandard[bench]);
    const seconds = Number(values.seconds);
    if (!Number.isInteger(rounds) || rounds < 1) return '--rounds is a whole number from 1.';
    if (!(seconds > 0)) return '--seconds is a number above 0.';
    const notifier = !values['no-notifier'];
    const options = {
      sync: durability,
      notifier,
      rounds,
      seconds,
      profile: values.profile ?? null,
    } as const;
    return { bench, help: values.help, json: values.json, options };
  } catch (error) {
    return error instanceof Error ? error.message : 'The arguments are not understood.';
  }
}

function isBench(word: string): word is Bench {
  return word in roundsStandard;
}
