import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { places } from '@joinleaf/launcher';
import { rulesIn, type Rule } from './law.js';
import { runIn } from './outcomes.js';
import { page, record } from './page.js';
import { judge } from './verdicts.js';

// npm run conformance [-- --json FILE] [--rule R50]…

const columns = 100;
const misused = 2;

const law = rulesIn(await readFile(join(places.root, 'docs/SPEC.md'), 'utf8'));
const { file, wanted } = wishes();
const startedAt = performance.now();
const ran = await runTests(wanted);
if (ran.results === null) fail(`the suite was not run to its end\n${ran.complaints}`);
const report = judge(
  wanted.length === 0 ? law : law.filter(({ id }) => wanted.includes(id)),
  runIn(ran.results),
  law,
);
const hasColours = process.stdout.isTTY && process.env.NO_COLOR === undefined;
const tookMs = performance.now() - startedAt;
process.stdout.write(page(report, { columns, hasColours, tookMs }));
if (file !== null) await writeFile(file, `${JSON.stringify(record(report), null, 2)}\n`);
process.exitCode = report.conforms ? 0 : 1;

interface Wishes {
  /** Where the report goes as JSON. */
  readonly file: string | null;
  /** The rules that matter; all of them when it is empty. */
  readonly wanted: readonly string[];
}

function wishes(): Wishes {
  try {
    const { values } = parseArgs({
      options: { json: { type: 'string' }, rule: { type: 'string', multiple: true } },
    });
    const wanted = (values.rule ?? []).map((id) => id.toUpperCase());
    const unknown = wanted.filter((id) => !law.some((rule: Rule) => rule.id === id));
    if (unknown.length > 0) throw new Error(`docs/SPEC.md has no rule ${unknown.join(', ')}`);
    return { file: values.json ?? null, wanted };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    fail(`${why}\nusage: npm run conformance -- [--json FILE] [--rule ID]…`, misused);
  }
}

type Ran =
  | { readonly results: string }
  /** Jest did not come to its end, and this is what it said. */
  | { readonly results: null; readonly complaints: string };

/** Runs the suite, and answers Jest's results. */
async function runTests(quoting: readonly string[]): Promise<Ran> {
  const folder = await mkdtemp(join(tmpdir(), 'joinleaf-conformance-'));
  const results = join(folder, 'results.json');
  try {
    const complaints = await ended([
      ...['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'],
      join(places.root, 'node_modules/jest/bin/jest.js'),
      ...['--selectProjects', 'conformance', '--json', `--outputFile=${results}`],
      `--reporters=${join(places.root, 'test/conformance/report/progress.mjs')}`,
      ...(quoting.length === 0 ? [] : ['-t', `\\[(?:${quoting.join('|')})\\]`]),
    ]);
    return existsSync(results)
      ? { results: await readFile(results, 'utf8') }
      : { results: null, complaints };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function fail(why: string, exitCode = 1): never {
  process.stderr.write(`conformance: ${why}\n`);
  process.exit(exitCode);
}

interface Progress {
  readonly done: number;
  readonly failed: number;
  readonly title: string;
}

/** Runs Jest to its end, and answers what it complained of. */
function ended(words: readonly string[]): Promise<string> {
  const child = spawn(process.execPath, words, {
    cwd: places.root,
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  const stop = () => child.kill('SIGTERM');
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.once(signal, stop);
  const complaints: Buffer[] = [];
  child.stderr?.on('data', (bytes: Buffer) => complaints.push(bytes));
  child.on('message', (progress) => {
    const { done, failed, title } = progress as Progress;
    overwrite(`${String(done)} tests, ${String(failed)} failed: ${title}`);
  });
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  child.once('error', reject);
  child.once('close', () => {
    overwrite('');
    resolve(Buffer.concat(complaints).toString());
  });
  return promise;
}

/** One line on a terminal that is written over again and again; nothing anywhere else. */
function overwrite(text: string): void {
  if (!process.stderr.isTTY) return;
  process.stderr.write(`\r\u001b[2K${text.slice(0, process.stderr.columns - 1)}`);
}
