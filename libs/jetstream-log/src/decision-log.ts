import type { RefusalRecord } from '@joinleaf/event-log';
import type { SessionAddress } from '@joinleaf/multipoint';
import { decode, encode, refusalRecordSchema, type Subjects } from '@joinleaf/wire';
import type { JetStreamStoreOptions } from './node-log.js';
import { Publisher, type Published } from './publisher.js';
import { RecordStream, type FollowedRecord, type FollowOptions } from './record-stream.js';
import { UnreadableRecord } from './trouble.js';

/** A refusal as it was read back. */
export interface StoredRefusal extends RefusalRecord {
  readonly sequence: number;
  /** Milliseconds since the Unix epoch, at the broker. */
  readonly storedAt: number;
}

export interface DecisionCounts {
  readonly recorded: number;
  /** Taken, and not acknowledged yet. */
  readonly waiting: number;
  /** Not taken, because too many were waiting, or given up. */
  readonly dropped: number;
  /** Refused by the broker for good. */
  readonly refused: number;
  /** Sent again after no answer. */
  readonly repeated: number;
}

/** Refusals, and late messages that were ignored: kept for some days beside the log, never in it. */
export interface DecisionLog {
  readonly counts: DecisionCounts;
  /** Takes a refusal to be recorded. Does not wait and does not throw: nobody's answer hangs on it. */
  record(refusal: RefusalRecord): void;
  /** Waits until everything taken is stored, `withinMs` at most (default 5 000). */
  flush(withinMs?: number): Promise<DecisionCounts>;
  /** One session's refusals, oldest first. What cannot be read is left out. */
  read(
    session: SessionAddress,
    options?: { readonly signal?: AbortSignal },
  ): AsyncIterable<StoredRefusal>;
  /** The refusals of one command: none, or one for each state that it met. */
  byCommandId(session: SessionAddress, commandId: string): Promise<readonly StoredRefusal[]>;
  follow(options?: FollowOptions): AsyncIterable<FollowedRecord<RefusalRecord>>;
}

export interface JetStreamDecisionLogOptions extends JetStreamStoreOptions {
  /** Refusals that may wait to be stored. */
  readonly bufferMax?: number;
  /** Refusals that are sent before the first of them is acknowledged. */
  readonly inFlightMax?: number;
}

/** Too large; not the stream that was meant. Anything else may pass. */
const forGood: readonly number[] = [10_054, 10_060];

const tryTimeoutMs = 2_000;
const pauseMs = 200;
const flushPollMs = 5;
const refusalBytesMax = 65_536;

/** Refusals, kept in JL_DECISIONS. */
export class JetStreamDecisionLog implements DecisionLog {
  readonly #subjects: Subjects;
  readonly #records: RecordStream<RefusalRecord>;
  readonly #publisher: Publisher;
  readonly #bufferMax: number;
  readonly #inFlightMax: number;
  readonly #buffer: RefusalRecord[] = [];
  #inFlight = 0;
  #counts = { recorded: 0, dropped: 0, refused: 0, repeated: 0 };

  constructor(options: JetStreamDecisionLogOptions) {
    const { nc, subjects, followBy = 'consumer', bufferMax = 10_000, inFlightMax = 256 } = options;
    this.#subjects = subjects;
    this.#bufferMax = bufferMax;
    this.#inFlightMax = inFlightMax;
    this.#records = new RecordStream({
      nc,
      stream: subjects.streams.decisions,
      subject: subjects.allDecisions(),
      decode: (bytes) => decode(refusalRecordSchema, bytes, refusalBytesMax),
      bytesMax: refusalBytesMax,
      complete: false,
      followBy,
    });
    this.#publisher = new Publisher(this.#records.requests);
  }

  get counts(): DecisionCounts {
    return { ...this.#counts, waiting: this.#buffer.length + this.#inFlight };
  }

  record(refusal: RefusalRecord): void {
    if (this.#buffer.length + this.#inFlight >= this.#bufferMax) {
      this.#counts.dropped += 1;
      return;
    }
    this.#buffer.push(refusal);
    this.#sendMore();
  }

  async flush(withinMs = 5_000): Promise<DecisionCounts> {
    const { clock } = this.#records.requests;
    const deadline = clock.now() + withinMs;
    while (this.counts.waiting > 0 && clock.now() < deadline) await clock.delay(flushPollMs);
    return this.counts;
  }

  async *read(
    session: SessionAddress,
    options: { readonly signal?: AbortSignal } = {},
  ): AsyncGenerator<StoredRefusal> {
    for await (const message of this.#records.subject(this.#subjects.decisions(session), options)) {
      try {
        const { record, sequence, storedAt } = this.#records.stored(message);
        yield { ...record, sequence, storedAt };
      } catch (error) {
        if (!(error instanceof UnreadableRecord)) throw error;
      }
    }
  }

  async byCommandId(session: SessionAddress, commandId: string): Promise<readonly StoredRefusal[]> {
    const found: StoredRefusal[] = [];
    for await (const refusal of this.read(session)) {
      if (refusal.commandId === commandId) found.push(refusal);
    }
    return found;
  }

  follow(options: FollowOptions = {}): AsyncIterable<FollowedRecord<RefusalRecord>> {
    return this.#records.follow(options);
  }

  #sendMore(): void {
    while (this.#inFlight < this.#inFlightMax) {
      const refusal = this.#buffer.shift();
      if (refusal === undefined) return;
      this.#inFlight += 1;
      void this.#send(refusal);
    }
  }

  async #send(refusal: RefusalRecord): Promise<void> {
    try {
      while (!(await this.#stored(refusal))) {
        this.#counts.repeated += 1;
        await this.#records.requests.clock.delay(pauseMs);
        await this.#records.requests.whenConnected(tryTimeoutMs);
      }
    } catch {
      this.#counts.refused += 1; // A name in it that no subject can hold.
    }
    this.#inFlight -= 1;
    this.#sendMore();
  }

  /** Whether there is nothing left to do: it is stored, or never will be. */
  async #stored(refusal: RefusalRecord): Promise<boolean> {
    const { session, commandId, basedOn } = refusal;
    const published = await this.#publisher.publish(
      {
        stream: this.#subjects.streams.decisions,
        subject: this.#subjects.decisions(session),
        bytes: encode(refusal),
        messageId: [session, commandId, basedOn.revision, basedOn.decisions].join('.'),
      },
      tryTimeoutMs,
    );
    return this.#judged(published);
  }

  #judged(published: Published): boolean {
    switch (published.kind) {
      case 'stored':
        this.#counts.recorded += 1;
        return true;
      case 'rejected':
        if (!forGood.includes(published.cause.code)) return false;
        this.#counts.refused += 1;
        return true;
      case 'too-large':
      case 'denied':
        this.#counts.refused += 1;
        return true;
      case 'nobody':
      case 'lost':
        return false;
      case 'not-sent':
        if (!this.#records.requests.closed) return false;
        this.#counts.dropped += 1;
        return true;
    }
  }
}
