import type { Bench } from './bench.js';

/** What `--help` says. */
export const usage = (benches: readonly Bench[]): string => `npm run bench -- [BENCH …] [options]

Without a name, all of them but peers, and one table of the goals.

${benches.map(({ name, summary }) => `  ${name.padEnd(25)}${summary}`).join('\n')}

  --list                   the benches, and the ids that --only chooses from
  --durability 2m|always   when the broker's files are synced (2m)
  --rounds N               rounds of every row (${benches.map(({ name, rounds }) => `${name} ${String(rounds)}`).join(', ')})
  --seconds S              length of one round of one row (1)
  --only TEXT,TEXT         what has one of these texts in its id, and the floors
  --at-once N,N            operations under way together (1,64)
  --large                  go on to sizes that take many minutes
  --no-notifier            leave the notifier out; there are no handshakes then
  --json FILE              write the same figures for a machine; with several benches FILE is a folder
  --profile FOLDER         write a CPU profile of each service there, and say what took the time
`;

const idWidth = 24;

/** What `--list` says. */
export function list(benches: readonly Bench[]): string {
  const lines = benches.flatMap(({ name, summary, choices }) => [
    `${name}: ${summary}`,
    ...(choices.length === 0 ? ['  (measured as a whole)'] : []),
    ...choices.map(
      ({ id, title, needs }) =>
        `  ${id.padEnd(idWidth)}${title}${needs === 'large' ? ' (with --large)' : ''}`,
    ),
    '',
  ]);
  return lines.join('\n');
}
