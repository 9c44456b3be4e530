import { execFile } from 'node:child_process';

export interface ProgramOptions {
  readonly timeoutMs: number;
  readonly folder?: string;
}

/**
 * Runs a program to its end and returns what it printed.
 *
 * @throws Error with the last lines of its complaint when it is missing, fails, or takes too long.
 */
export function runProgram(
  program: string,
  words: readonly string[],
  { timeoutMs, folder }: ProgramOptions,
): Promise<string> {
  const options = {
    timeout: timeoutMs,
    killSignal: 'SIGKILL',
    cwd: folder,
    maxBuffer: 16 << 20,
  } as const;
  return new Promise((resolve, reject) => {
    execFile(program, words, options, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(complaint(program, error, stderr)));
    });
  });
}

function complaint(program: string, error: Error & { killed?: boolean }, stderr: string): string {
  if (error.killed === true) return `${program} took too long`;
  const said = stderr.trim().split('\n').slice(-3).join('; ');
  return said === '' ? error.message.trim() : `${program}: ${said}`;
}
