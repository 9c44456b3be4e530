import type { Chance } from './chance.js';
import type { Timeline } from './timeline.js';

/** The wall clock that simulated worlds begin with, in milliseconds since the Unix epoch. */
const epoch = 1_900_000_000_000;

/**
 * A process in the simulation: it can be paused, killed, and given a wall clock that is wrong. Whatever is to happen in it
 * waits while it is paused, and never happens once it is dead.
 */
export class SimProcess {
  #state: 'up' | 'paused' | 'dead' = 'up';
  #heldTimers: (() => void)[] = [];
  #held: (() => void)[] = [];
  #ids = 0;
  /** How far its wall clock is off, in milliseconds. */
  skewMs = 0;

  constructor(
    readonly name: string,
    readonly timeline: Timeline,
    readonly chance: Chance,
  ) {}

  get isAlive(): boolean {
    return this.#state !== 'dead';
  }

  get isUp(): boolean {
    return this.#state === 'up';
  }

  kill(): void {
    this.#state = 'dead';
    this.#heldTimers = [];
    this.#held = [];
  }

  pause(): void {
    if (this.#state === 'up') this.#state = 'paused';
  }

  goOn(): void {
    if (this.#state !== 'paused') return;
    this.#state = 'up';
    // As an event loop does it: first the timers that are due, then what has arrived.
    for (const call of [...this.#heldTimers.splice(0), ...this.#held.splice(0)]) {
      this.timeline.after(0, () => {
        this.#do(call);
      });
    }
  }

  /** Lets something happen in this process. */
  run(call: () => void): void {
    this.#do(call);
  }

  /** Milliseconds since the Unix epoch, as this process believes. */
  wallClock(): number {
    return Math.round(epoch + this.timeline.now + this.skewMs);
  }

  monotonicMs(): number {
    return this.timeline.now;
  }

  after(ms: number, call: () => void): () => void {
    let isOff = false;
    const callOff = this.timeline.after(ms, () => {
      this.#do(() => {
        if (!isOff) call();
      }, this.#heldTimers);
    });
    return () => {
      isOff = true;
      callOff();
    };
  }

  every(ms: number, call: () => void): () => void {
    let stop: () => void = () => undefined;
    let isOver = false;
    const again = () => {
      stop = this.after(ms, () => {
        again();
        call();
      });
      if (isOver) stop();
    };
    again();
    return () => {
      isOver = true;
      stop();
    };
  }

  /** Rejects with the signal's reason when it is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) {
        reject(signal.reason as Error);
        return;
      }
      const abort = () => {
        callOff();
        reject(signal?.reason as Error);
      };
      const callOff = this.after(ms, () => {
        signal?.removeEventListener('abort', abort);
        resolve();
      });
      signal?.addEventListener('abort', abort, { once: true });
    });
  }

  /** An id that nobody else gives. */
  newId(): string {
    this.#ids += 1;
    return `${this.name}-${this.chance.seed.toString(36)}-${String(this.#ids).padStart(4, '0')}`;
  }

  #do(call: () => void, held = this.#held): void {
    if (this.#state === 'dead') return;
    if (this.#state === 'paused') held.push(call);
    else call();
  }
}
