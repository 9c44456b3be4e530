import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { measureJoins, type JoinOptions } from './join.js';
import { asTable } from './report.js';

const usage = `npm run bench -- join [options]

  Measures joins beside the floors they stand on, in one run on one broker.

  --durability 2m|always   when the broker's files are synced (2m)
  --rounds N               rounds of every row (3)
  --seconds S              length of one round of one row (1)
  --no-notifier            leave the notifier out; there are no handshakes then
  --json FILE              write the same figures for a machine
  --profile FOLDER         write a CPU profile of each service there
`;

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
  const { report, problem } = await measureJoins(parsed.options, (message) => {
    process.stderr.write(`${message}\n`);
  });
  process.stdout.write(asTable(report));
  if (problem !== null) {
    process.stderr.write(`void: the sessions are not what the joins were answered: ${problem}\n`);
    return 1;
  }
  if (parsed.json !== undefined) {
    writeFileSync(parsed.json, `${JSON.stringify(report, null, 2)}\n`);
  }
  return 0;
}

interface Parsed {
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
        rounds: { type: 'string', default: '3' },
        seconds: { type: 'string', default: '1' },
        'no-notifier': { type: 'boolean', default: false },
        json: { type: 'string' },
        profile: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    });
    const [what = 'join', ...rest] = positionals;
    if (what !== 'join' || rest.length > 0)
      return `There is no bench called "${positionals.join(' ')}".`;
    const { durability } = values;
    if (durability !== '2m' && durability !== 'always') return '--durability is 2m or always.';
    const [rounds, seconds] = [Number(values.rounds), Number(values.seconds)];
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
    return { help: values.help, json: values.json, options };
  } catch (error) {
    return error instanceof Error ? error.message : 'The arguments are not understood.';
  }
}
