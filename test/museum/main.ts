import { execFile } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { mutants, mutated, type Mutant } from './mutants.js';

// npm run museum -- [--seeds N] [--only TEXT] [--json FILE]: puts each known bug into a copy of the compiled code, and plays seeds
// until one of them notices. A bug that none of them notices has escaped.

const root = join(import.meta.dirname, '../../..');

interface Verdict extends Pick<Mutant, 'room' | 'name'> {
  /** The seed that noticed, and what it found; null when none did. */
  readonly caughtBy: { readonly seed: number; readonly finding: string } | null;
  readonly seconds: number;
}

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '300' },
    only: { type: 'string', default: '' },
    json: { type: 'string' },
  },
});
process.exitCode = await museum(Number(values.seeds), values.only);

async function museum(seeds: number, only: string): Promise<number> {
  const chosen = mutants.filter(({ name, room }) => `${room}: ${name}`.includes(only));
  say(`museum: ${String(chosen.length)} bugs, up to ${String(seeds)} seeds each`);
  const verdicts: Verdict[] = [];
  for (const mutant of chosen) {
    const verdict = await tried(mutant, seeds);
    verdicts.push(verdict);
    say(inWords(verdict));
  }
  const escaped = verdicts.filter(({ caughtBy }) => caughtBy === null);
  say(`${String(verdicts.length - escaped.length)} of ${String(verdicts.length)} caught`);
  if (values.json !== undefined)
    writeFileSync(values.json, `${JSON.stringify(verdicts, null, 2)}\n`);
  return escaped.length === 0 ? 0 : 1;
}

async function tried(mutant: Mutant, seeds: number): Promise<Verdict> {
  const { room, name } = mutant;
  const began = performance.now();
  const place = mkdtempSync(join(tmpdir(), 'joinleaf-museum-'));
  try {
    copyTo(place);
    const file = join(place, 'libs', mutant.file);
    writeFileSync(file, mutated(readFileSync(file, 'utf8'), mutant));
    const caughtBy = await play(place, seeds);
    return { room, name, caughtBy, seconds: Math.round((performance.now() - began) / 1_000) };
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}

// What is compiled of our libraries is copied; everybody else's packages are linked.
function copyTo(place: string): void {
  mkdirSync(join(place, 'node_modules/@joinleaf'), { recursive: true });
  for (const name of readdirSync(join(root, 'libs'))) {
    for (const part of ['package.json', 'dist']) {
      cpSync(join(root, 'libs', name, part), join(place, 'libs', name, part), { recursive: true });
    }
    symlinkSync(join(place, 'libs', name), join(place, 'node_modules/@joinleaf', name));
  }
  for (const name of readdirSync(join(root, 'node_modules'))) {
    if (name === '@joinleaf' || name.startsWith('.')) continue;
    symlinkSync(join(root, 'node_modules', name), join(place, 'node_modules', name));
  }
  for (const part of ['sim', 'deployment']) {
    cpSync(join(root, 'test/dist', part), join(place, 'test/dist', part), { recursive: true });
  }
  writeFileSync(join(place, 'package.json'), '{ "type": "module" }\n');
}

async function play(place: string, seeds: number): Promise<Verdict['caughtBy']> {
  const args = ['test/dist/sim/main.js', '--from', '1', '--seeds', String(seeds), '--until-broken'];
  const said = await new Promise<string>((resolve) => {
    execFile(
      process.execPath,
      args,
      { cwd: place, maxBuffer: 2 ** 26, timeout: 600_000 },
      (_, out, err) => {
        resolve(`${out}\n${err}`);
      },
    );
  });
  const [, seed, finding] = /BROKEN by seed (\d+).*\n {2}- (.*)/.exec(said) ?? [];
  if (seed !== undefined && finding !== undefined) return { seed: Number(seed), finding };
  const [, crash] = /\n(\w*Error: .*)/.exec(said) ?? [];
  return crash === undefined ? null : { seed: 0, finding: crash };
}

function inWords({ room, name, caughtBy, seconds }: Verdict): string {
  const said = `${room.padEnd(12)} ${name.padEnd(62)}`;
  return caughtBy === null
    ? `ESCAPED  ${said} ${String(seconds)} s`
    : `caught   ${said} seed ${String(caughtBy.seed)}: ${caughtBy.finding.slice(0, 90)}`;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
