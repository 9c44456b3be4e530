import { EventEmitter } from 'node:events';
import type { Host } from './stop-signals.js';

// For tests of programs: a process that is none, in which `runService` and `runProgram` live.

type Line = Readonly<Record<string, unknown>> & { readonly msg?: string };

/** Collects log lines, takes signals by `emit('SIGTERM')`, and remembers with what it exited. */
export class TestProcess extends EventEmitter implements Host {
  readonly #exited = Promise.withResolvers<number>();
  readonly #heard = new Set<() => void>();
  readonly lines: Line[] = [];
  /** What was written to stderr. */
  errors = '';
  readonly argv: readonly string[];

  constructor(
    readonly env: Readonly<Record<string, string>>,
    args: readonly string[] = [],
  ) {
    super();
    this.argv = ['node', 'main.js', ...args];
  }

  readonly stdout = {
    write: (text: string) => {
      this.lines.push(JSON.parse(text) as Line);
      for (const hear of this.#heard) hear();
    },
  };

  readonly stderr = {
    write: (text: string) => {
      this.errors += text;
    },
  };

  exit(code: number): void {
    this.#exited.resolve(code);
  }

  /** The code of the first exit. */
  get exited(): Promise<number> {
    return this.#exited.promise;
  }

  /** The first line with this message, as soon as it is there. */
  async line(msg: string): Promise<Line> {
    const found = () => this.lines.find((line) => line.msg === msg);
    return new Promise((resolve) => {
      const hear = () => {
        const line = found();
        if (line === undefined) return;
        this.#heard.delete(hear);
        resolve(line);
      };
      this.#heard.add(hear);
      hear();
    });
  }
}
