import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { interrupted } from '../leftovers.js';

const execute = promisify(execFile);

export interface RunOptions {
  readonly cwd?: string;
  readonly timeoutMs?: number;
}

/** Runs a program of the machine to its end, or to the end of the bench. Rejects when it fails, or takes too long. */
export async function run(
  program: string,
  words: readonly string[],
  { cwd, timeoutMs = 0 }: RunOptions = {},
): Promise<void> {
  await execute(program, words, { cwd, timeout: timeoutMs, signal: interrupted });
}
