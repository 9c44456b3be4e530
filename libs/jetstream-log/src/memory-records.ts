import type {
  FollowedRecord,
  FollowOptions,
  RecordOutcome,
  Stored,
  WriteOptions,
} from './record-stream.js';

interface Entry<T> extends Stored<T> {
  readonly subject: string;
}

/** Records in memory, with the promises of a stream: an order, one winner for each place, live followers. */
export class MemoryRecords<T> {
  readonly #now: () => number;
  readonly #entries: Entry<T>[] = [];
  readonly #followers = new Set<() => void>();

  constructor(now: () => number) {
    this.#now = now;
  }

  write(subject: string, record: T, { afterSequence }: WriteOptions): RecordOutcome<T> {
    const [by] = this.subject(subject, afterSequence);
    if (by !== undefined) {
      return JSON.stringify(by.record) === JSON.stringify(record)
        ? { kind: 'ok', sequence: by.sequence }
        : { kind: 'conflict', by };
    }
    return { kind: 'ok', sequence: this.add(subject, record) };
  }

  add(subject: string, record: T): number {
    const sequence = this.#entries.length + 1;
    // Copied, as a stream would: what the writer does with it later is not stored.
    this.#entries.push({
      subject,
      record: structuredClone(record),
      sequence,
      storedAt: this.#now(),
    });
    for (const wake of [...this.#followers]) wake();
    return sequence;
  }

  subject(subject: string, afterSequence = 0): readonly Stored<T>[] {
    return this.#entries
      .slice(afterSequence)
      .filter((entry) => entry.subject === subject)
      .map(asStored);
  }

  soFar(): readonly Stored<T>[] {
    return this.#entries.map(asStored);
  }

  async *follow({ afterSequence = 0, signal }: FollowOptions): AsyncGenerator<FollowedRecord<T>> {
    const over = () => signal?.aborted === true;
    const end = this.#entries.length;
    let next = afterSequence;
    let caughtUp = false;
    while (!over()) {
      const entry = this.#entries[next];
      if (!caughtUp && next >= end) {
        caughtUp = true;
        yield { kind: 'caught-up', sequence: end };
      } else if (entry === undefined) {
        await this.#more(signal);
      } else {
        next = entry.sequence;
        yield { kind: 'record', ...asStored(entry) };
      }
    }
  }

  async #more(signal: AbortSignal | undefined): Promise<void> {
    await new Promise<void>((resolve) => {
      const wake = () => {
        this.#followers.delete(wake);
        signal?.removeEventListener('abort', wake);
        resolve();
      };
      this.#followers.add(wake);
      signal?.addEventListener('abort', wake);
    });
  }
}

const asStored = <T>({ record, sequence, storedAt }: Entry<T>): Stored<T> => ({
  record,
  sequence,
  storedAt,
});
