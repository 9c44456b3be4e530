import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { glob, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { createInterface } from 'node:readline';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { transform } from '@swc/core';

import { eventually, isAlive } from './alive.js';
import { runProgram } from './run-program.js';
import type { StartOptions } from './start.js';

// A server must never outlive the process that started it. So here a process starts one and then ends, in every
// way that a process can end. It runs this library as JavaScript, made from the sources as they are.

let library: string;

beforeAll(async () => {
  library = await mkdtemp(join(tmpdir(), 'library-'));
  await writeFile(join(library, 'package.json'), '{"type":"module"}');
  for await (const source of glob(join(import.meta.dirname, '!(*.spec).ts'))) {
    const { code } = await transform(await readFile(source, 'utf8'), {
      swcrc: false,
      module: { type: 'es6' },
      jsc: { target: 'es2024', parser: { syntax: 'typescript' } },
    });
    await writeFile(join(library, basename(source, '.ts') + '.js'), code);
  }
});
afterAll(() => rm(library, { recursive: true, force: true }));

type End = (parent: ChildProcess) => unknown;
const killed: End = (parent) => parent.kill('SIGKILL');
const leftAlone: End = () => undefined;
const wait = 'setInterval(() => undefined, 1000)';

describe('a server ends, and leaves no folder, when its parent', () => {
  it.each<[how: string, parent: Parent, end: End]>([
    ['is killed', { then: wait }, killed],
    ['gets SIGTERM', { then: wait }, (parent) => parent.kill('SIGTERM')],
    ['gets SIGINT', { then: wait }, (parent) => parent.kill('SIGINT')],
    ['exits', { then: 'process.exit(0)' }, leftAlone],
    ['throws', { then: 'throw new Error("a bug")' }, leftAlone],
    ['has nothing more to do', { then: '' }, leftAlone],
    ['is killed, after a restart', { first: 'await server.restart()', then: wait }, killed],
    [
      'is killed, and it is paused itself',
      { first: 'process.kill(server.pid, "SIGSTOP")', then: wait },
      killed,
    ],
  ])('%s', async (_how, program, end) => {
    const { parent, pid, folder } = await startParent(program);
    end(parent);
    expect(await eventually(() => parent.exitCode !== null || parent.signalCode !== null)).toBe(
      true,
    );
    expect(await eventually(() => !isAlive(pid))).toBe(true);
    expect(await eventually(() => !existsSync(folder))).toBe(true);
  });

  it('is killed, even if the shell that guards it was killed before', async () => {
    const { parent, pid, folder } = await startParent({ then: wait });
    const shell = Number(
      await runProgram('ps', ['-o', 'ppid=', '-p', String(pid)], { timeoutMs: 5_000 }),
    );
    process.kill(shell, 'SIGKILL');
    expect(await eventually(() => !isAlive(shell))).toBe(true);
    killed(parent);
    expect(await eventually(() => !isAlive(pid))).toBe(true);
    expect(await eventually(() => !existsSync(folder))).toBe(true);
  });

  it('is killed; but it ends in peace, and a store and a log of its own stay', async () => {
    const storeDir = join(library, 'store');
    const logFile = join(library, 'log');
    const { parent, pid } = await startParent({ then: wait, options: { storeDir, logFile } });
    killed(parent);
    expect(await eventually(() => !isAlive(pid))).toBe(true);
    expect(existsSync(join(storeDir, 'jetstream'))).toBe(true);
    expect(await readFile(logFile, 'utf8')).toContain('Server Exiting');
  });
});

interface Parent {
  readonly first?: string;
  readonly then: string;
  readonly options?: StartOptions;
}

interface Started {
  readonly parent: ChildProcess;
  readonly pid: number;
  readonly folder: string;
}

async function startParent({ first = '', then, options = {} }: Parent): Promise<Started> {
  const program = `
    import { startNatsServer } from ${JSON.stringify(join(library, 'index.js'))};
    const server = await startNatsServer(${JSON.stringify(options)});
    ${first};
    console.log(JSON.stringify({ pid: server.pid, logFile: server.logFile }));
    ${then};`;
  const parent = spawn(process.execPath, ['--input-type=module', '--eval', program], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  for await (const line of createInterface(parent.stdout)) {
    const { pid, logFile } = JSON.parse(line) as { pid: number; logFile: string };
    return { parent, pid, folder: dirname(logFile) };
  }
  throw new Error('the parent told nothing');
}
