import type { Datum, Descriptor, Effect } from '@joinleaf/multipoint';
import { decodeDatum, encodeDatum, type Subjects } from '@joinleaf/wire';
import type { Broker, Subscription } from './broker.js';
import type { Counters } from './stats.js';
import { ignore } from './waits.js';
import type { World } from './world.js';

type Publish = Extract<Effect, { type: 'publish' }>;
type Tune = Extract<Effect, { type: 'tune' }>;

/** Bytes of a socket that the broker has taken. */
export interface Taken {
  readonly socket: Descriptor;
  readonly bytes: number;
}

export interface DataPlaneParts {
  readonly broker: Broker;
  readonly subjects: Subjects;
  readonly node: string;
  readonly counters: Counters;
  readonly world: World;
}

/** Where what comes in goes. */
export interface DataHearer {
  heardData(datum: Datum): void;
  flushed(taken: readonly Taken[]): void;
  drained(socket: Descriptor): void;
}

/** How long FD_CLOSE waits for data that may still be travelling, in milliseconds. */
const drainMs = 250;

/** Session data and side chats, over the broker and past every service. */
export class DataPlane {
  readonly #tuned = new Map<string, Subscription>();
  #sent: Taken[] = [];
  #isFlushing = false;
  #hearer: DataHearer | null = null;

  constructor(private readonly parts: DataPlaneParts) {}

  /** From now on what comes in is heard, first of all what is said to this node alone. */
  start(hearer: DataHearer): void {
    this.#hearer = hearer;
    const { subjects, node } = this.parts;
    this.#subscribe(subjects.dataTo(node));
  }

  tune({ session, channel, on }: Tune): void {
    const subject = this.parts.subjects.dataOf(session, channel);
    const tuned = this.#tuned.get(subject);
    if (on && tuned === undefined) this.#tuned.set(subject, this.#subscribe(subject));
    if (on || tuned === undefined) return;
    tuned.end();
    this.#tuned.delete(subject);
  }

  publish({ socket, datum, isLocal }: Publish): void {
    const { broker, subjects, counters } = this.parts;
    if (datum.kind === 'data') counters.add('dataSent', 1);
    if (isLocal) {
      // Not within the call that sends: it comes as everything else comes.
      queueMicrotask(() => this.#hearer?.heardData(datum));
      return;
    }
    broker.send(subjects.data(datum), encodeDatum(datum));
    this.#sent.push({ socket, bytes: datum.bytes.length });
    void this.#flush();
  }

  drain(socket: Descriptor): void {
    this.parts.world
      .sleep(drainMs)
      .then(() => this.#hearer?.drained(socket))
      .catch(ignore);
  }

  // One question for all that was sent meanwhile: the broker answers it behind them.
  async #flush(): Promise<void> {
    if (this.#isFlushing) return;
    this.#isFlushing = true;
    try {
      while (this.#sent.length > 0) {
        await this.#flushOnce();
      }
    } finally {
      this.#isFlushing = false;
    }
  }

  async #flushOnce(): Promise<void> {
    // The end of this turn, so that a program that sends a lot asks once.
    await new Promise(setImmediate);
    const sent = this.#sent;
    this.#sent = [];
    await this.parts.broker.flush();
    this.#hearer?.flushed(sent);
  }

  #subscribe(subject: string): Subscription {
    const { broker, counters } = this.parts;
    const take = (bytes: Uint8Array, from: string) => {
      const datum = decodeDatum(from, bytes);
      if (datum === null) {
        counters.add('malformed', 1);
        return;
      }
      if (datum.kind === 'data') counters.add('dataHeard', 1);
      this.#hearer?.heardData(datum);
    };
    return broker.subscribe(subject, take, () => {
      counters.add('dataDenied', 1);
    });
  }
}
