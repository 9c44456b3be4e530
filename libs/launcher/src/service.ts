import { createWriteStream, mkdirSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { endingWithParent, places } from './places.js';
import { Program } from './program.js';

const readyWithinMsDefault = 30_000;
const graceMs = 4_000;

export interface ServiceOptions {
  /** Its own name, also of its log file. */
  readonly name: string;
  /** The folder in services/. */
  readonly service: string;
  readonly settings: Readonly<Record<string, string>>;
  readonly logFolder: string;
  /** The longest that it may take to be ready, in milliseconds; half a minute when nobody says. */
  readonly readyWithinMs?: number;
}

/** One of our services, as a process of its own; what it prints goes to its log file. */
export class Service {
  readonly name: string;
  readonly #program: Program;
  readonly #readyWithinMs: number;
  readonly #ready = Promise.withResolvers<string | null>();
  #httpUrl: string | null = null;

  /**
   * Starts a service and returns when it says that it is ready.
   *
   * @throws ProgramEnded when it ends before that; Error when it takes longer than it may.
   */
  static async start(options: ServiceOptions): Promise<Service> {
    const service = new Service(options);
    try {
      await service.ready();
      return service;
    } catch (error) {
      await service.kill();
      throw error;
    }
  }

  /** Starts the process. It is of use when it is `ready`. */
  constructor(options: ServiceOptions) {
    const { name, service, settings, logFolder, readyWithinMs = readyWithinMsDefault } = options;
    this.name = name;
    this.#readyWithinMs = readyWithinMs;
    mkdirSync(logFolder, { recursive: true });
    const log = createWriteStream(`${logFolder}/${name}.log`, { flags: 'a' });
    this.#program = new Program({
      name,
      words: [...endingWithParent, places.mainOf(service)],
      environment: environmentWith(settings),
      onLine: (line) => {
        log.write(`${line}\n`);
        const url = readyUrl(line);
        if (url !== undefined) this.#ready.resolve(url);
      },
    });
    void this.#program.ended.then(() => log.end());
  }

  /**
   * Waits until it says that it is ready.
   *
   * @throws ProgramEnded when it ends before that; Error when it takes longer than it may.
   */
  async ready(): Promise<void> {
    const readyWithinMs = this.#readyWithinMs;
    const late = delay(readyWithinMs, undefined, { ref: false }).then((): never => {
      throw new Error(`${this.name} is not ready after ${String(readyWithinMs / 1_000)} s`);
    });
    this.#httpUrl = await Promise.race([this.#ready.promise, this.#program.lives, late]);
  }

  /** Where its HTTP edge listens, once it is ready; null when it has none. */
  get httpUrl(): string | null {
    return this.#httpUrl;
  }

  /** Rejects when it ends though nobody stopped it; never resolves. */
  get lives(): Promise<never> {
    return this.#program.lives;
  }

  get pid(): number | undefined {
    return this.#program.pid;
  }

  async stop(): Promise<void> {
    await this.#program.stop(graceMs);
  }

  /** Ends it as a crash would. */
  async kill(): Promise<void> {
    await this.#program.kill();
  }

  /** Sends it a signal, such as SIGSTOP, and does not wait. */
  signal(signal: NodeJS.Signals): void {
    if (this.#program.pid !== undefined) process.kill(this.#program.pid, signal);
  }
}

// Settings of whoever calls us are for another deployment, not for this one.
function environmentWith(settings: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !name.startsWith('JOINLEAF_') && name !== 'NATS_URL',
  );
  return { ...Object.fromEntries(inherited), ...settings };
}

/** The HTTP address in a `ready` line, null for a service without one; undefined for other lines. */
function readyUrl(line: string): string | null | undefined {
  if (!line.includes('"ready"')) return undefined;
  try {
    const told: unknown = JSON.parse(line);
    if (typeof told !== 'object' || told === null) return undefined;
    const { msg, httpUrl } = told as Readonly<Record<string, unknown>>;
    if (msg !== 'ready') return undefined;
    return typeof httpUrl === 'string' ? httpUrl : null;
  } catch {
    return undefined;
  }
}
