import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';

const main = join(import.meta.dirname, 'dist/main.js');
const withinMs = 60_000;
const folder = mkdtempSync(join(tmpdir(), 'bench-e2e-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

interface Ended {
  readonly code: number | null;
  readonly err: string;
}

/** Runs a bench with a folder for what it writes meanwhile; `heard` is called with all it has said so far. */
async function bench(
  words: readonly string[],
  mark: string,
  heard: (err: string, end: (signal: NodeJS.Signals) => void) => void = () => undefined,
): Promise<Ended> {
  const child = spawn(process.execPath, [main, ...words], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, TMPDIR: folder, WHO_STARTED_IT: mark },
  });
  let err = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text;
    heard(err, (signal) => child.kill(signal));
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, err };
}

/** The arguments of processes that were started by whoever has this mark in its environment. */
const marked = (mark: string): readonly string[] =>
  readdirSync('/proc').flatMap((pid) => {
    try {
      const environment = readFileSync(`/proc/${pid}/environ`, 'utf8');
      if (!environment.includes(`WHO_STARTED_IT=${mark}`)) return [];
      return [readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')];
    } catch {
      return []; // No process, or gone by now.
    }
  });

describe('npm run bench', () => {
  it(
    'says in one line what cannot be measured, and starts nothing',
    async () => {
      const { code, err } = await bench(['join', '--only', 'nothing'], randomUUID());
      expect(code).toBe(2);
      expect(err.trimEnd().split('\n')).toHaveLength(1);
      expect(err).toMatch(/^--only nothing: join has no "nothing"; it has echo, /);
      expect(readdirSync(folder)).toEqual([]);
    },
    withinMs,
  );

  // The environment of a process tells whose child it is, on Linux.
  const onLinux = process.platform === 'linux' ? it : it.skip;

  onLinux(
    'leaves no process and no file behind when it is ended by Ctrl-C, and shows no password meanwhile',
    async () => {
      const mark = randomUUID();
      let running: readonly string[] = [];
      const words = ['join', '--only', 'echo', '--at-once', '1', '--rounds', '50'];
      const { code } = await bench(words, mark, (err, end) => {
        if (!err.includes('warming up') || running.length > 0) return;
        running = marked(mark);
        end('SIGINT');
      });
      expect(code).toBe(130);
      const responder = running.find((line) => line.includes('echo-responder.js'));
      expect(responder).toMatch(/echo-responder\.js bench\.echo jl\.echo\.cmd\.> $/);
      expect(marked(mark)).toEqual([]);
      expect(readdirSync(folder)).toEqual([]);
    },
    withinMs,
  );
});
