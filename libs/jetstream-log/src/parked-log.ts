import { decode, parkedBytesMax, parkedSchema, type Parked, type Subjects } from '@joinleaf/wire';
import type { JetStreamStoreOptions } from './node-log.js';
import { askLeader, withPatience } from './read-subject.js';
import { RecordStream, type RecordOutcome, type Stored } from './record-stream.js';
import { sha256 } from './stored-commit.js';
import { StreamAccess, type StoredMessage } from './stream-access.js';
import { StreamUnreachable } from './trouble.js';

export type StoredParked = Stored<Parked>;

/** A stored message that somebody could not read. */
export interface Poisoned {
  readonly stream: string;
  readonly sequence: number;
  readonly reason: string;
}

export interface Finder {
  /** The service that found it. */
  readonly by: string;
  /** Milliseconds since the Unix epoch. */
  readonly seenAt: number;
}

export type ParkOutcome =
  | 'parked'
  /** Somebody has parked the very same message before. */
  | 'known'
  /** The stream no longer gives the message out: there is nothing to keep. */
  | 'absent';

const patienceMs = 10_000;
const recordBytesMax = 65_536;
const reasonMax = 1_024;
const triesMax = 8;

/** Messages that cannot be read, each with its reason, kept in JL_PARKED for whoever has to look into it. */
export class JetStreamParkedLog {
  readonly #subjects: Subjects;
  readonly #records: RecordStream<Parked>;

  constructor({ nc, subjects, followBy = 'consumer' }: JetStreamStoreOptions) {
    this.#subjects = subjects;
    this.#records = new RecordStream({
      nc,
      stream: subjects.streams.parked,
      subject: subjects.allParked(),
      decode: (bytes) => decode(parkedSchema, bytes, recordBytesMax),
      bytesMax: recordBytesMax,
      complete: false,
      followBy,
    });
  }

  /**
   * Parks a message once, however many services find it and however often they start. Another message that by now lies
   * in the same place, in a stream that was set back, is parked beside it.
   *
   * @throws StreamUnreachable when the broker gives no definite answer.
   */
  async park(poisoned: Poisoned, finder: Finder): Promise<ParkOutcome> {
    const message = await this.#message(poisoned);
    if (message === null) return 'absent';
    const record = parkedOf(poisoned, message, finder);
    const subject = this.#subjects.parked(poisoned.stream, poisoned.sequence);
    let afterSequence = 0;
    for (let tries = 1; ; tries += 1) {
      const outcome = await this.#records.write(subject, record, { afterSequence });
      if (outcome.kind === 'ok') return 'parked';
      if (outcome.kind === 'conflict') {
        if (outcome.by.record.hash === record.hash) return 'known';
        afterSequence = outcome.by.sequence;
      }
      if (tries === triesMax) throw new StreamUnreachable(poisoned.stream, causeOf(outcome));
    }
  }

  /** Everything that is parked now, in the order in which it was found. */
  all(options: { readonly signal?: AbortSignal } = {}): AsyncIterable<StoredParked> {
    return this.#records.soFar(options.signal);
  }

  async #message({ stream, sequence }: Poisoned): Promise<StoredMessage | null> {
    const { requests } = this.#records;
    const access = new StreamAccess(requests, stream);
    return withPatience(requests, patienceMs, undefined, () =>
      askLeader(access, { seq: sequence }),
    );
  }
}

function parkedOf({ stream, reason }: Poisoned, message: StoredMessage, finder: Finder): Parked {
  const { subject, sequence, bytes, storedAt } = message;
  return {
    schema: 1,
    stream,
    sequence,
    subject,
    reason: reason.slice(0, reasonMax),
    bytes: Buffer.from(bytes.subarray(0, parkedBytesMax)).toString('base64'),
    size: bytes.length,
    hash: sha256(bytes),
    storedAt,
    ...finder,
  };
}

const causeOf = (outcome: RecordOutcome<Parked>): unknown =>
  'cause' in outcome ? outcome.cause : outcome.kind;
