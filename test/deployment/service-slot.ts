import { setTimeout as delay } from 'node:timers/promises';
import { Service, type ServiceOptions } from '@joinleaf/launcher';

/** A place for one service, which may be killed and started again under the same name. */
export class ServiceSlot {
  #service: Service | null = null;
  /** How many lives it has had. */
  lives = 0;

  constructor(private readonly options: ServiceOptions) {}

  get name(): string {
    return this.options.name;
  }

  get httpUrl(): string {
    const url = this.#service?.httpUrl;
    if (url === undefined || url === null) throw new Error(`${this.name} has no HTTP edge now`);
    return url;
  }

  get pid(): number | undefined {
    return this.#service?.pid;
  }

  get isRunning(): boolean {
    return this.#service !== null;
  }

  async start(): Promise<void> {
    if (this.#service !== null) return;
    this.lives += 1;
    const service = await Service.start(this.options);
    this.#service = service;
  }

  /** Ends it as a crash would, and starts it again after a pause. */
  async crash(pauseMs: number): Promise<void> {
    await this.kill();
    await delay(pauseMs);
    await this.start();
  }

  async kill(): Promise<void> {
    const service = this.#service;
    this.#service = null;
    await service?.kill();
  }

  async stop(): Promise<void> {
    const service = this.#service;
    this.#service = null;
    await service?.stop();
  }

  /** Takes its processor time away for a while: to others it is silent, and for itself no time has passed. */
  async freeze(ms: number): Promise<void> {
    this.pause();
    await delay(ms);
    this.goOn();
  }

  /** Does nothing when it has just ended. */
  signal(signal: NodeJS.Signals): void {
    try {
      this.#service?.signal(signal);
    } catch {
      // There is no such process any more.
    }
  }

  /** Settles when it has ended by itself; never when it was killed or stopped. */
  async ends(): Promise<void> {
    const service = this.#service;
    if (service === null) return new Promise<void>(() => undefined);
    await service.lives.catch(() => undefined);
    if (this.#service === service) this.#service = null;
  }

  pause(): void {
    this.signal('SIGSTOP');
  }

  goOn(): void {
    this.signal('SIGCONT');
  }

  /** The value of one line of its metrics; 0 when there is no such line. */
  async metric(start: string): Promise<number> {
    const text = await (await fetch(`${this.httpUrl}/metrics`)).text();
    const lines = text.split('\n').filter((line) => line.startsWith(start));
    return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
  }
}
