import { spawn, type ChildProcessByStdio } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';

const tailLines = 12;

export interface ProgramOptions {
  /** What it is called in messages. */
  readonly name: string;
  /** Arguments of node, the file first or after its flags. */
  readonly words: readonly string[];
  readonly environment: NodeJS.ProcessEnv;
  /** Hears every line that it prints, on either stream. */
  readonly onLine?: (line: string, from: 'stdout' | 'stderr') => void;
}

/** How a program ended. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A program ended though it was meant to go on. */
export class ProgramEnded extends Error {
  override readonly name = 'ProgramEnded';
  constructor(
    readonly program: string,
    { code, signal }: Ended,
    readonly lastLines: readonly string[],
  ) {
    super(`${program} ended ${signal === null ? `with code ${String(code)}` : `by ${signal}`}`);
  }
}

/**
 * A node program of ours as a process of its own. It has a process group of its own, so that a Ctrl-C
 * reaches us alone and we end it in our order; and it watches its standard input, which closes with us.
 */
export class Program {
  readonly name: string;
  readonly ended: Promise<Ended>;
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #tail: string[] = [];
  #asked = false;

  constructor({ name, words, environment, onLine = () => undefined }: ProgramOptions) {
    this.name = name;
    this.#child = spawn(process.execPath, words, {
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: true,
      env: environment,
    });
    this.#child.stdin.on('error', () => undefined); // It ended before it read: `ended` tells.
    for (const from of ['stdout', 'stderr'] as const) {
      createInterface({ input: this.#child[from] }).on('line', (line) => {
        this.#remember(line);
        onLine(line, from);
      });
    }
    this.ended = new Promise((resolve) => {
      this.#child.once('close', (code, signal) => {
        resolve({ code, signal });
      });
      this.#child.once('error', ({ message }) => {
        this.#remember(message);
        resolve({ code: 127, signal: null });
      });
    });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Rejects when the program ends and nobody asked it to; never resolves. */
  get lives(): Promise<never> {
    return this.ended.then(async (ended) => {
      if (this.#asked) return new Promise<never>(() => undefined);
      throw new ProgramEnded(this.name, ended, this.#tail);
    });
  }

  write(line: string): void {
    this.#child.stdin.write(`${line}\n`);
  }

  /** Asks it to end, and ends it when it takes longer than `graceMs`. Settles when it is gone. */
  async stop(graceMs: number): Promise<void> {
    this.#asked = true;
    this.#child.kill('SIGTERM');
    const gone = await Promise.race([this.ended, delay(graceMs, null, { ref: false })]);
    if (gone === null) await this.kill();
  }

  /** Closes its standard input, and waits for it to end by itself. */
  async hangUp(graceMs: number): Promise<void> {
    this.#asked = true;
    this.#child.stdin.end();
    const gone = await Promise.race([this.ended, delay(graceMs, null, { ref: false })]);
    if (gone === null) await this.kill();
  }

  /** Ends it as a crash would. */
  async kill(): Promise<void> {
    this.#asked = true;
    this.#child.kill('SIGKILL');
    await this.ended;
  }

  #remember(line: string): void {
    this.#tail.push(line);
    if (this.#tail.length > tailLines) this.#tail.shift();
  }
}
