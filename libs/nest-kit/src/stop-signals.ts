import type { Log } from './log.js';

/** The parts of `process` that a service uses; a test hands in its own. */
export interface Host {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdout: {
    readonly isTTY?: boolean;
    write(text: string): unknown;
    on?(event: 'error', heard: () => void): unknown;
  };
  readonly stderr: { write(text: string): unknown };
  on(event: StopSignal | 'uncaughtException', heard: (reason: unknown) => void): unknown;
  exit(code: number): void;
}

type StopSignal = 'SIGTERM' | 'SIGINT';
const stopSignals: readonly StopSignal[] = ['SIGTERM', 'SIGINT'];

/** Waits for the first reason to stop. The second signal ends the process at once. */
export class Stopping {
  readonly #asked = new AbortController();
  #exitCode = 0;

  constructor(
    private readonly host: Host,
    private readonly log: Log,
  ) {
    for (const name of stopSignals) {
      host.on(name, () => {
        this.#signalled(name);
      });
    }
    host.on('uncaughtException', (error) => {
      log.fatal({ err: error }, 'a broken assumption; the process ends');
      host.exit(1);
    });
  }

  /** Aborts when the process should stop. */
  get signal(): AbortSignal {
    return this.#asked.signal;
  }

  get exitCode(): number {
    return this.#exitCode;
  }

  /** Stops because of a failure: the process will end with 1. */
  fail(error: unknown): void {
    this.log.fatal({ err: error }, 'failed');
    this.#exitCode = 1;
    this.#asked.abort();
  }

  asked(): Promise<void> {
    return new Promise((resolve) => {
      if (this.signal.aborted) resolve();
      this.signal.addEventListener('abort', () => {
        resolve();
      });
    });
  }

  #signalled(name: StopSignal): void {
    if (this.signal.aborted) {
      this.log.warn({ signal: name }, 'asked twice to stop; the process ends at once');
      this.host.exit(1);
      return;
    }
    this.log.info({ signal: name }, 'stopping');
    this.#asked.abort();
  }
}
