import { LogRegressed } from '@joinleaf/event-log';
import type { Clock, Requests } from '@joinleaf/request-reply';
import type { Published, Publisher } from './publisher.js';
import type { Got, StoredMessage, StreamAccess } from './stream-access.js';
import { StreamUnreachable, type JetStreamRefusal } from './trouble.js';

// The place after a subject's last message is a slot: whatever is sent with the same expected sequence
// competes for it, and one of all of them is stored. So a try whose answer was lost is repeated with the
// same expectation and the same message id, however often: at most one copy of it can be stored, now or
// when the lost one arrives late. What is never done is to send it for another slot.
//
// "Wrong last sequence" does not say that somebody else was first (our own earlier copy makes the server
// say it too), so the slot is looked at. An empty slot after a lost try proves nothing, because that try may
// still be on its way: only a definite answer to a repetition, or another message in the slot, ends it. The
// doubt outlives the call: a message that was unknown once cannot become "not stored" because its
// repetition was not sent.

export interface SlotWrite {
  readonly subject: string;
  readonly bytes: Uint8Array;
  readonly messageId: string;
  /** The sequence of the subject's last message, as the writer knows it; 0 for none. */
  readonly afterSequence: number;
  /** Whether a message in the slot is this one. */
  readonly isOurs: (message: StoredMessage) => boolean;
  readonly deadlineMs: number;
  /**
   * Called when the server refuses the place although nothing lies in it and what it follows is there. May throw what is
   * wrong with the subject.
   */
  readonly checkSubject?: () => Promise<void>;
}

export type SlotOutcome =
  | { readonly kind: 'ok'; readonly sequence: number }
  /** Stored by an earlier try, which was read back. */
  | { readonly kind: 'found'; readonly message: StoredMessage }
  /** Another message holds the slot: ours is not stored and never will be. */
  | { readonly kind: 'taken'; readonly by: StoredMessage }
  | { readonly kind: 'refused'; readonly reason: 'too-large' | 'log-full' }
  | { readonly kind: 'unavailable'; readonly cause: unknown }
  | { readonly kind: 'unknown'; readonly cause: unknown };

/** How writes went; for metrics, and for tests that must have seen the interesting cases. */
export interface SlotCounts {
  /** Acknowledged at the first try. */
  readonly stored: number;
  readonly taken: number;
  readonly refused: number;
  readonly unavailable: number;
  readonly unknown: number;
  /** Tries whose answer was lost. */
  readonly lost: number;
  /** Messages whose try was lost, and which were then found stored. */
  readonly lostFound: number;
  /** Messages sent again after a lost try. */
  readonly repeated: number;
  /** "Duplicate" acknowledgements. */
  readonly duplicates: number;
}

const wrongLastSequence = 10_071;
const wrongLastSequenceInFlight = 10_164;
const duplicateInFlight = 10_158;
const messageTooLarge = 10_054;
const moved: readonly number[] = [wrongLastSequence, wrongLastSequenceInFlight, duplicateInFlight];
const full: readonly number[] = [10_023, 10_047, 10_077];

// Far more than are ever repeated: who does not know repeats soon, or never.
const doubtsMax = 100_000;
const lookTimeoutMs = 1_000;
const pauseMsMin = 10;
const pauseMsMax = 250;

/** Writes messages into slots of one stream. */
export class SlotWriter {
  readonly counts: { -readonly [K in keyof SlotCounts]: number } = {
    stored: 0,
    taken: 0,
    refused: 0,
    unavailable: 0,
    unknown: 0,
    lost: 0,
    lostFound: 0,
    repeated: 0,
    duplicates: 0,
  };

  /** Why messages that were given up as unknown are in doubt, by message id. */
  readonly #doubts = new Map<string, Doubt>();

  constructor(
    readonly requests: Requests,
    readonly publisher: Publisher,
    readonly access: StreamAccess,
    /** How long one try waits for its acknowledgement, in milliseconds. */
    readonly tryTimeoutMs: number,
  ) {}

  /** @throws LogRegressed when the message that `afterSequence` names is gone, in a stream of one replica. */
  async write(write: SlotWrite): Promise<SlotOutcome> {
    const doubt = this.#doubts.get(write.messageId) ?? null;
    const outcome = await new Writing(this, write, doubt).run();
    if (outcome.kind === 'unknown') this.#remember(write.messageId, { cause: outcome.cause });
    else this.#doubts.delete(write.messageId);
    if (outcome.kind === 'ok') this.counts.stored += 1;
    else if (outcome.kind !== 'found') this.counts[outcome.kind] += 1;
    return outcome;
  }

  #remember(messageId: string, doubt: Doubt): void {
    this.#doubts.set(messageId, doubt);
    const [oldest] = this.#doubts.keys();
    if (this.#doubts.size > doubtsMax && oldest !== undefined) this.#doubts.delete(oldest);
  }
}

/** Why a lost try was lost. From then on the message may be stored at any moment. */
interface Doubt {
  readonly cause: unknown;
}

/** What one look or one try leads to: an outcome, or null to try again. */
type Step = SlotOutcome | null;

class Writing {
  readonly #writer: SlotWriter;
  readonly #write: SlotWrite;
  readonly #clock: Clock;
  readonly #deadline: number;
  #doubt: Doubt | null;
  /** Why the last try was definitely not stored. */
  #hindrance: unknown = null;
  #pauseMs = pauseMsMin;

  constructor(writer: SlotWriter, write: SlotWrite, doubt: Doubt | null) {
    this.#writer = writer;
    this.#write = write;
    this.#doubt = doubt;
    this.#clock = writer.requests.clock;
    this.#deadline = this.#clock.now() + write.deadlineMs;
  }

  async run(): Promise<SlotOutcome> {
    for (;;) {
      if (this.#doubt !== null) this.#writer.counts.repeated += 1;
      const outcome = await this.#try();
      if (outcome !== null) return outcome;
      await this.#pause();
      if (this.#leftMs() <= 0) return this.#givenUp();
    }
  }

  async #try(): Promise<Step> {
    const { publisher, access, tryTimeoutMs } = this.#writer;
    const { subject, bytes, messageId, afterSequence } = this.#write;
    const published = await publisher.publish(
      { stream: access.stream, subject, bytes, messageId, afterSequence },
      Math.min(tryTimeoutMs, Math.max(1, this.#leftMs())),
    );
    return this.#judge(published);
  }

  async #judge(published: Published): Promise<Step> {
    switch (published.kind) {
      case 'stored':
        if (!published.duplicate) return { kind: 'ok', sequence: published.sequence };
        this.#writer.counts.duplicates += 1;
        return this.#stored(published.sequence);
      case 'rejected':
        return this.#rejected(published.cause);
      case 'too-large':
        return { kind: 'refused', reason: 'too-large' };
      case 'nobody':
      case 'not-sent':
        this.#hindrance = published.cause;
        return null;
      case 'denied':
        this.#hindrance = published.cause;
        return this.#givenUp();
      case 'lost':
        this.#writer.counts.lost += 1;
        this.#doubt = { cause: published.cause };
        return this.#look();
    }
  }

  async #rejected(cause: JetStreamRefusal): Promise<Step> {
    this.#hindrance = cause;
    if (moved.includes(cause.code)) return (await this.#look()) ?? (await this.#checkHead());
    // A lost try is still on its way, and the log may take that one.
    if (this.#doubt !== null) return null;
    if (cause.code === messageTooLarge) return { kind: 'refused', reason: 'too-large' };
    if (full.includes(cause.code)) return { kind: 'refused', reason: 'log-full' };
    return null;
  }

  /** Reads what lies in the slot, if anything. */
  async #look(): Promise<Step> {
    const { subject, afterSequence } = this.#write;
    const got = await this.#get({ seq: afterSequence + 1, next_by_subj: subject });
    if (got.kind !== 'found') return null;
    return this.#recognised(got.message) ?? { kind: 'taken', by: got.message };
  }

  /** Reads the message that the server says is a copy of ours. */
  async #stored(sequence: number): Promise<Step> {
    const got = await this.#get({ seq: sequence });
    if (got.kind === 'unreachable') {
      this.#doubt = { cause: got.cause };
      return null;
    }
    if (got.kind === 'found' && got.message.subject === this.#write.subject) {
      const recognised = this.#recognised(got.message);
      if (recognised !== null) return recognised;
    }
    this.#hindrance = new Error(`the message id ${this.#write.messageId} is in use`);
    return (await this.#look()) ?? this.#givenUp();
  }

  #recognised(message: StoredMessage): SlotOutcome | null {
    if (!this.#write.isOurs(message)) return null;
    if (this.#doubt !== null) this.#writer.counts.lostFound += 1;
    return { kind: 'found', message };
  }

  /** The subject is not where we thought, and nothing lies in the slot: is what it follows still there? */
  async #checkHead(): Promise<Step> {
    const { afterSequence, subject } = this.#write;
    if (afterSequence === 0) return null;
    const got = await this.#get({ seq: afterSequence });
    if (got.kind === 'unreachable') return null;
    if (got.kind === 'found' && got.message.subject === subject) {
      await this.#write.checkSubject?.();
      return null;
    }
    const last = await this.#get({ last_by_subj: subject });
    if (last.kind === 'unreachable') return null;
    const lastSequence = last.kind === 'found' ? last.message.sequence : 0;
    // A new leader of several replicas answers before it has everything that it was elected for.
    if (await this.#isReplicated()) return null;
    throw new LogRegressed(afterSequence, lastSequence, `${subject} has lost its head`);
  }

  async #isReplicated(): Promise<boolean> {
    try {
      const extent = await this.#writer.access.extent(
        Math.min(lookTimeoutMs, Math.max(1, this.#leftMs())),
      );
      return extent === null || extent.replicas > 1;
    } catch (error) {
      if (error instanceof StreamUnreachable) return true;
      throw error;
    }
  }

  async #get(which: Parameters<StreamAccess['get']>[0]): Promise<Got> {
    await this.#writer.requests.whenConnected(Math.max(0, this.#leftMs()));
    return this.#writer.access.get(which, Math.min(lookTimeoutMs, Math.max(1, this.#leftMs())));
  }

  /** A growing pause with jitter, and at least until there is a connection; never beyond the deadline. */
  async #pause(): Promise<void> {
    const pauseMs = this.#pauseMs * (0.5 + this.#clock.random());
    this.#pauseMs = Math.min(this.#pauseMs * 2, pauseMsMax);
    const leftMs = this.#leftMs();
    if (leftMs <= 0) return;
    await this.#clock.delay(Math.min(pauseMs, leftMs));
    await this.#writer.requests.whenConnected(Math.max(0, this.#leftMs()));
  }

  #givenUp(): SlotOutcome {
    return this.#doubt === null
      ? { kind: 'unavailable', cause: this.#hindrance }
      : { kind: 'unknown', cause: this.#doubt.cause };
  }

  #leftMs(): number {
    return this.#deadline - this.#clock.now();
  }
}
