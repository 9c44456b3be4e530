import type { SessionAddress } from '@joinleaf/multipoint';
import {
  bulletinSchema,
  decode,
  fitsAsItStands,
  type Bulletin,
  type Subjects,
} from '@joinleaf/wire';
import type { JetStreamStoreOptions } from './node-log.js';
import { withPatience } from './read-subject.js';
import {
  RecordStream,
  type FollowedRecord,
  type FollowOptions,
  type RecordOutcome,
  type Stored,
  type WriteOptions,
} from './record-stream.js';
import { StreamUnreachable, SubjectDamaged, UnreadableRecord } from './trouble.js';

export type StoredBulletin = Stored<Bulletin>;
export type BulletinOutcome = RecordOutcome<Bulletin>;

/** A commit that nodes were told of, and where it lay in the log. */
export interface ToldCommit {
  readonly sequence: number;
  readonly session: SessionAddress;
  readonly revision: number;
}

/** What nodes were told, numbered for each node without gaps. */
export interface NotificationStore {
  /** The last bulletin of a node; an acknowledged one is always seen. */
  last(node: string): Promise<StoredBulletin | null>;
  /**
   * Stores a bulletin after the node's last one, which lies at `afterSequence` (0: there is none). Storing is
   * telling: the node hears the same message. Two notifiers may say the same, and both hear ok.
   */
  store(bulletin: Bulletin, options: WriteOptions): Promise<BulletinOutcome>;
  /**
   * A node's bulletins with notifications numbered above `number`, oldest first, at most `bulletinsMax`. They
   * begin later when what came next is no longer kept.
   */
  readAfter(node: string, number: number, bulletinsMax: number): Promise<readonly Bulletin[]>;
  /** Everything that is kept, oldest first. */
  all(options?: { readonly signal?: AbortSignal }): AsyncIterable<StoredBulletin>;
}

/** Bytes of one bulletin at most, as stored. A commit that has more to say to a node takes several. */
export const bulletinBytesMax = 524_288;

/** The number of the last notification in a bulletin. */
export const lastNumberOf = ({ first, notifications }: Bulletin): number =>
  first + notifications.length - 1;

const requestTimeoutMs = 2_000;
const patienceMs = 5_000;
const pagesRememberedMax = 10_000;

/** Where the last page for a node ended, which is where the next one begins. */
interface PageEnd {
  readonly number: number;
  readonly sequence: number;
}

/** What nodes were told, kept in JL_NOTIFICATIONS. */
export class JetStreamNotificationStore implements NotificationStore {
  readonly #subjects: Subjects;
  readonly #records: RecordStream<Bulletin>;
  readonly #pageEnds = new Map<string, PageEnd>();

  constructor({ nc, subjects, followBy = 'consumer' }: JetStreamStoreOptions) {
    this.#subjects = subjects;
    this.#records = new RecordStream({
      nc,
      stream: subjects.streams.notifications,
      subject: subjects.allNotifications(),
      decode: (bytes) => decode(bulletinSchema, bytes, bulletinBytesMax),
      fits: (record) => fitsAsItStands(bulletinSchema, record),
      // The content of a notification depends on its number alone.
      idOf: (bulletin) =>
        `${bulletin.node}.${String(bulletin.first)}-${String(lastNumberOf(bulletin))}`,
      bytesMax: bulletinBytesMax,
      complete: false,
      followBy,
    });
  }

  async last(node: string): Promise<StoredBulletin | null> {
    return this.#records.last(this.#subjects.notifications(node));
  }

  async store(bulletin: Bulletin, options: WriteOptions): Promise<BulletinOutcome> {
    return this.#records.write(this.#subjects.notifications(bulletin.node), bulletin, options);
  }

  async readAfter(
    node: string,
    number: number,
    bulletinsMax: number,
  ): Promise<readonly Bulletin[]> {
    const remembered = this.#pageEnds.get(node);
    if (remembered?.number === number) {
      const page = await this.#page(node, remembered.sequence, bulletinsMax);
      if (page[0]?.record.first === number + 1) return this.#turned(node, page);
    }
    const before = await this.#sequenceBefore(node, number);
    return this.#turned(node, await this.#page(node, before, bulletinsMax));
  }

  all(options: { readonly signal?: AbortSignal } = {}): AsyncIterable<StoredBulletin> {
    return this.#records.soFar(options.signal);
  }

  /** The commit of which somebody was told last; null when there is none, or its bulletin cannot be read. */
  async lastTold(): Promise<ToldCommit | null> {
    try {
      const last = await this.#records.last(this.#subjects.allNotifications());
      const notification = last?.record.notifications.at(-1);
      if (last === null || notification === undefined) return null;
      const { session, revision } = notification;
      return { sequence: last.record.sequence, session, revision };
    } catch (error) {
      if (error instanceof UnreadableRecord || error instanceof SubjectDamaged) return null;
      throw error;
    }
  }

  /** Everything that is kept, and on as it comes; what cannot be read is named. */
  follow(options: FollowOptions = {}): AsyncIterable<FollowedRecord<Bulletin>> {
    return this.#records.follow(options);
  }

  async #page(
    node: string,
    afterSequence: number,
    bulletinsMax: number,
  ): Promise<readonly StoredBulletin[]> {
    const page: StoredBulletin[] = [];
    const subject = this.#subjects.notifications(node);
    const reading = { afterSequence, batchMax: bulletinsMax };
    for await (const message of this.#records.subject(subject, reading)) {
      page.push(this.#records.stored(message));
      if (page.length >= bulletinsMax) break;
    }
    return page;
  }

  #turned(node: string, page: readonly StoredBulletin[]): readonly Bulletin[] {
    const end = page.at(-1);
    this.#pageEnds.delete(node);
    if (end !== undefined) {
      const [oldest] = this.#pageEnds.keys();
      if (this.#pageEnds.size >= pagesRememberedMax && oldest !== undefined) {
        this.#pageEnds.delete(oldest);
      }
      this.#pageEnds.set(node, { number: lastNumberOf(end.record), sequence: end.sequence });
    }
    return page.map(({ record }) => record);
  }

  /**
   * The sequence of a bulletin that holds nothing above `number`, with only few before what comes next: steps
   * back from the end, each twice as long, then halves. What a node asks for is mostly near the end.
   */
  async #sequenceBefore(node: string, number: number): Promise<number> {
    if (number === 0) return 0;
    const last = await this.last(node);
    if (last === null) return 0;
    if (lastNumberOf(last.record) <= number) return last.sequence;
    let [below, above] = [0, last.sequence];
    for (let step = 1; below === 0 && step < last.sequence; step *= 2) {
      const at = await this.#next(node, last.sequence - step);
      if (lastNumberOf(at.record) <= number) below = at.sequence;
      else above = Math.min(above, last.sequence - step);
    }
    while (above - below > 1) {
      const middle = Math.floor((below + above) / 2);
      const at = await this.#next(node, middle);
      if (lastNumberOf(at.record) <= number) below = at.sequence;
      else above = middle;
    }
    return below;
  }

  /** The node's first bulletin at or after a sequence, where there is one. */
  async #next(node: string, sequence: number): Promise<StoredBulletin> {
    const { requests, access } = this.#records;
    const which = { seq: sequence, next_by_subj: this.#subjects.notifications(node) };
    return withPatience(requests, patienceMs, undefined, async () => {
      const got = await access.get(which, requestTimeoutMs);
      if (got.kind === 'found') return this.#records.stored(got.message);
      const cause = got.kind === 'unreachable' ? got.cause : 'its end has gone';
      throw new StreamUnreachable(access.stream, cause);
    });
  }
}
