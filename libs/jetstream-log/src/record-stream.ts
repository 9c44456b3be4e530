import type { Result } from '@joinleaf/multipoint';
import { Requests } from '@joinleaf/request-reply';
import { encode, type Malformed } from '@joinleaf/wire';
import type { NatsConnection } from '@nats-io/transport-node';
import { followStream, type FollowedMessage } from './follow-stream.js';
import { Publisher } from './publisher.js';
import { lastOf, readSubject, withPatience } from './read-subject.js';
import { SlotWriter } from './slot-writer.js';
import { inWords, sha256 } from './stored-commit.js';
import { StreamAccess, type StoredMessage } from './stream-access.js';
import { UnreadableRecord } from './trouble.js';

/** A record as it was read back. */
export interface Stored<T> {
  readonly record: T;
  readonly sequence: number;
  /** Milliseconds since the Unix epoch, at the broker. */
  readonly storedAt: number;
}

export type RecordOutcome<T> =
  /** Stored: now, or by an earlier try, or the very same by somebody else. */
  | { readonly kind: 'ok'; readonly sequence: number }
  /** Another record was first, and this one is not stored. */
  | { readonly kind: 'conflict'; readonly by: Stored<T> }
  | { readonly kind: 'refused'; readonly reason: 'too-large' | 'log-full' }
  | { readonly kind: 'unavailable'; readonly cause: unknown }
  | { readonly kind: 'unknown'; readonly cause: unknown };

export interface WriteOptions {
  /** The sequence of the subject's last record, as the writer knows it; 0 for none. */
  readonly afterSequence: number;
  readonly deadlineMs?: number;
}

export interface FollowOptions {
  /** Leaves out records up to this stream sequence. */
  readonly afterSequence?: number;
  readonly signal?: AbortSignal;
}

export type FollowedRecord<T> =
  | ({ readonly kind: 'record' } & Stored<T>)
  | { readonly kind: 'caught-up'; readonly sequence: number }
  | {
      readonly kind: 'unreadable';
      readonly sequence: number;
      readonly subject: string;
      readonly reason: string;
    };

export interface RecordStreamOptions<T> {
  readonly nc: NatsConnection;
  readonly stream: string;
  /** All subjects of the stream. */
  readonly subject: string;
  readonly decode: (bytes: Uint8Array) => Result<T, Malformed>;
  /** Whether it is plain to see that a record can be read back; otherwise it is read back before it is stored. */
  readonly fits?: (record: unknown) => boolean;
  /** Tells records of one subject apart; without it their bytes do. */
  idOf?(record: T): string;
  /** Bytes of one record at most, as stored. */
  readonly bytesMax: number;
  /** Whether the stream never drops records. */
  readonly complete: boolean;
  readonly followBy: 'consumer' | 'polling';
}

const deadlineMsDefault = 5_000;
const tryTimeoutMs = 2_000;
const patienceMs = 5_000;

/** Records of one kind in a stream, each subject with its own order and its own writers. */
export class RecordStream<T> {
  readonly requests: Requests;
  readonly access: StreamAccess;
  readonly #options: RecordStreamOptions<T>;
  readonly #slots: SlotWriter;

  constructor(options: RecordStreamOptions<T>) {
    this.#options = options;
    this.requests = Requests.on(options.nc);
    this.access = new StreamAccess(this.requests, options.stream);
    const publisher = new Publisher(this.requests);
    this.#slots = new SlotWriter(this.requests, publisher, this.access, tryTimeoutMs);
  }

  /**
   * Stores a record after the one at `afterSequence`.
   *
   * @throws LogRegressed when that one is gone; Error for a record that no reader would accept.
   */
  async write(subject: string, record: T, options: WriteOptions): Promise<RecordOutcome<T>> {
    const bytes = encode(record);
    if (bytes.length > this.#options.bytesMax) return { kind: 'refused', reason: 'too-large' };
    this.#checkReadable(record, bytes);
    const { afterSequence, deadlineMs = deadlineMsDefault } = options;
    const outcome = await this.#slots.write({
      subject,
      bytes,
      messageId: `${this.#options.idOf?.(record) ?? sha256(bytes)}.${String(afterSequence)}`,
      afterSequence,
      isOurs: (message) => Buffer.compare(message.bytes, bytes) === 0,
      deadlineMs,
    });
    switch (outcome.kind) {
      case 'ok':
        return outcome;
      case 'found':
        return { kind: 'ok', sequence: outcome.message.sequence };
      case 'taken':
        return { kind: 'conflict', by: this.stored(outcome.by) };
      case 'refused':
      case 'unavailable':
      case 'unknown':
        return outcome;
    }
  }

  #checkReadable(record: T, bytes: Uint8Array): void {
    const { decode, fits } = this.#options;
    if (fits?.(record) === true) return;
    const readable = decode(bytes);
    if (!readable.ok) throw new Error(`the record cannot be read back: ${inWords(readable.error)}`);
  }

  /** The last record of a subject, from the stream's leader. */
  async last(subject: string): Promise<Stored<T> | null> {
    const message = await withPatience(this.requests, patienceMs, undefined, () =>
      lastOf(this.access, subject),
    );
    return message === null ? null : this.stored(message);
  }

  /** A subject's records after a sequence, up to the last one there is. */
  subject(
    subject: string,
    { afterSequence = 0, signal, batchMax }: FollowOptions & { readonly batchMax?: number } = {},
  ): AsyncGenerator<StoredMessage> {
    const reading = { subject, afterSequence, signal, patienceMs, batchMax };
    return readSubject(this.requests, this.access, reading);
  }

  /** All records there are now, in the order of the stream. */
  async *soFar(signal: AbortSignal | undefined): AsyncGenerator<Stored<T>> {
    for await (const followed of this.follow(signal === undefined ? {} : { signal })) {
      if (followed.kind === 'caught-up') return;
      if (followed.kind !== 'record') continue;
      const { record, sequence, storedAt } = followed;
      yield { record, sequence, storedAt };
    }
  }

  follow({ afterSequence = 0, signal }: FollowOptions): AsyncGenerator<FollowedRecord<T>> {
    const { nc, subject, complete, followBy: by } = this.#options;
    const following = { subject, afterSequence, complete, by, signal };
    return followStream(nc, this.requests, this.access, following, (one) => this.#told(one));
  }

  #told(one: FollowedMessage): FollowedRecord<T> {
    switch (one.kind) {
      case 'caught-up':
        return one;
      case 'gap': {
        const reason = `${String(one.from)} to ${String(one.to)} are missing`;
        return { kind: 'unreadable', sequence: one.to, subject: this.#options.subject, reason };
      }
      case 'message':
        return this.#followed(one.message);
    }
  }

  /** @throws UnreadableRecord */
  stored(message: StoredMessage): Stored<T> {
    const followed = this.#followed(message);
    if (followed.kind === 'record') {
      const { record, sequence, storedAt } = followed;
      return { record, sequence, storedAt };
    }
    throw new UnreadableRecord(followed.sequence, followed.subject, followed.reason);
  }

  #followed({ subject, sequence, bytes, storedAt }: StoredMessage) {
    const decoded = this.#options.decode(bytes);
    return decoded.ok
      ? ({ kind: 'record', record: decoded.value, sequence, storedAt } as const)
      : ({ kind: 'unreadable', sequence, subject, reason: inWords(decoded.error) } as const);
  }
}
