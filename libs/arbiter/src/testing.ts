import type { World } from './ports.js';

// For tests: time that passes when it is told to, for several processes that may be paused.

interface Timer {
  at: number;
  readonly everyMs: number | null;
  readonly call: () => void;
}

/** One clock for all processes of a test. */
export class TestTime {
  now = 1_000;
  readonly #processes: TestProcess[] = [];
  #ids = 0;

  process(): TestProcess {
    const process = new TestProcess(this);
    this.#processes.push(process);
    return process;
  }

  newId(): string {
    this.#ids += 1;
    return `id-${String(this.#ids).padStart(6, '0')}`;
  }

  /** Lets time pass in steps of 5 ms; what is begun in one step is done before the next. */
  async pass(ms: number): Promise<void> {
    const until = this.now + ms;
    await settled();
    while (this.now < until) {
      this.now += 5;
      for (const process of this.#processes) process.fire();
      await settled();
    }
  }
}

/** One process: its timers stand still while it is paused, and what is due then happens when it goes on. */
export class TestProcess {
  readonly world: World;
  readonly #timers = new Set<Timer>();
  readonly #waiting: (() => void)[] = [];
  #paused = false;
  #dead = false;

  constructor(time: TestTime) {
    const set = (ms: number, everyMs: number | null, call: () => void) => {
      const timer = { at: time.now + ms, everyMs, call };
      this.#timers.add(timer);
      return () => void this.#timers.delete(timer);
    };
    this.#now = () => time.now;
    this.world = {
      now: () => 1_795_000_000_000 + time.now,
      monotonicMs: () => time.now,
      newId: () => time.newId(),
      sleep: (ms) =>
        new Promise((resolve) => {
          set(ms, null, resolve);
        }),
      after: (ms, call) => set(ms, null, call),
      every: (ms, call) => set(ms, ms, call),
      random: () => 0.5,
    };
  }

  readonly #now: () => number;

  get isAlive(): boolean {
    return !this.#dead;
  }

  pause(): void {
    this.#paused = true;
  }

  goOn(): void {
    this.#paused = false;
    for (const take of this.#waiting.splice(0)) take();
  }

  kill(): void {
    this.#dead = true;
    this.#timers.clear();
  }

  /** Something arrives: taken at once, when it goes on, or never. */
  receive(take: () => void): void {
    if (this.#dead) return;
    if (this.#paused) this.#waiting.push(take);
    else take();
  }

  fire(): void {
    if (this.#paused || this.#dead) return;
    const now = this.#now();
    for (const timer of [...this.#timers]) {
      if (timer.at > now || !this.#timers.has(timer)) continue;
      if (timer.everyMs === null) this.#timers.delete(timer);
      else timer.at = now + timer.everyMs;
      timer.call();
    }
  }
}

/** Waits until no promise is left to continue. */
export const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
