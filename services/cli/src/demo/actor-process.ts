import { setTimeout as delay } from 'node:timers/promises';
import { reportSchema, type Credentials, type Order, type Outcome } from './actor-protocol.js';
import { places } from './places.js';
import type { Player } from './play.js';
import { Program, ProgramEnded } from '@joinleaf/launcher';
import type { Step } from './scenario.js';

const answerMs = 15_000;
const graceMs = 4_000;

export interface EnterOptions {
  readonly realm: string;
  readonly credentials: Credentials;
  readonly boundMs: number | null;
}

type Wish = Order extends infer O ? (O extends Order ? Omit<O, 'id'> : never) : never;

/** A program of a scenario as a process of its own, seen from the one that tells it what to do. */
export class Actor implements Player {
  /** Its node, too. */
  readonly name: string;
  readonly #program: Program;
  readonly #waiting = new Map<number, (outcome: Outcome) => void>();
  #orders = 0;

  /** Starts the process. It is nobody yet: `enter` gives it its node. */
  constructor(name: string) {
    this.name = name;
    this.#program = new Program({
      name,
      words: [places.actor],
      environment: { ...process.env, NODE_COMPILE_CACHE: places.compileCache },
      onLine: (line, from) => {
        if (from === 'stdout') this.#hear(line);
      },
    });
    this.#program.lives.catch((error: unknown) => {
      const message = error instanceof ProgramEnded ? error.lastLines.join('\n') : String(error);
      for (const settle of this.#waiting.values()) settle({ kind: 'broken', message });
    });
  }

  /** Connects, under its name. */
  async enter(options: EnterOptions): Promise<void> {
    const outcome = await this.#order({ kind: 'enter', node: this.name, ...options });
    if (outcome.kind === 'broken') throw new Error(`${this.name}: ${outcome.message}`);
  }

  act(session: string, step: Step): Promise<Outcome> {
    return this.#order({ kind: 'act', session, step: { ...step, expect: undefined } });
  }

  /** Lets it close what it has open. */
  async exit(): Promise<void> {
    await this.#program.hangUp(graceMs);
  }

  async kill(): Promise<void> {
    await this.#program.kill();
  }

  async #order(wish: Wish): Promise<Outcome> {
    this.#orders += 1;
    const id = this.#orders;
    const order: Order = { ...wish, id };
    const answered = new Promise<Outcome>((resolve) => this.#waiting.set(id, resolve));
    this.#program.write(JSON.stringify(order));
    const late = new AbortController();
    const outcome = await Promise.race([
      answered,
      delay(answerMs, tooLate, { signal: late.signal }).catch(() => tooLate),
    ]);
    late.abort();
    this.#waiting.delete(id);
    return outcome;
  }

  #hear(line: string): void {
    const { id, outcome } = reportSchema.parse(JSON.parse(line));
    this.#waiting.get(id)?.(outcome);
  }
}

const tooLate: Outcome = {
  kind: 'broken',
  message: `nothing happened within ${String(answerMs / 1_000)} s`,
};
