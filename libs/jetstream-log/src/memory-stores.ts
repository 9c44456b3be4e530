import type { RefusalRecord } from '@joinleaf/event-log';
import type { SessionAddress } from '@joinleaf/multipoint';
import { Subjects, type Bulletin, type NodeRecord } from '@joinleaf/wire';
import type { DecisionCounts, DecisionLog, StoredRefusal } from './decision-log.js';
import { MemoryRecords } from './memory-records.js';
import type { NodeLog, NodeOutcome, StoredNodeRecord } from './node-log.js';
import {
  lastNumberOf,
  type BulletinOutcome,
  type NotificationStore,
  type StoredBulletin,
} from './notification-store.js';
import type { FollowedRecord, FollowOptions, WriteOptions } from './record-stream.js';

// The side stores in memory, for tests of whoever uses them. They pass the same suite as the real ones.

const subjects = new Subjects('memory');

/** Refusals in memory; each is stored at once. */
export class MemoryDecisionLog implements DecisionLog {
  readonly #records: MemoryRecords<RefusalRecord>;
  readonly #identities = new Set<string>();

  constructor(now: () => number = Date.now) {
    this.#records = new MemoryRecords(now);
  }

  get counts(): DecisionCounts {
    return { recorded: this.#identities.size, waiting: 0, dropped: 0, refused: 0, repeated: 0 };
  }

  record(refusal: RefusalRecord): void {
    const { session, commandId, basedOn } = refusal;
    const identity = [session, commandId, basedOn.revision, basedOn.decisions].join('.');
    if (this.#identities.has(identity)) return;
    this.#identities.add(identity);
    this.#records.add(subjects.decisions(session), refusal);
  }

  async flush(): Promise<DecisionCounts> {
    return this.counts;
  }

  async *read(session: SessionAddress): AsyncGenerator<StoredRefusal> {
    for (const { record, sequence, storedAt } of this.#records.subject(
      subjects.decisions(session),
    )) {
      yield { ...record, sequence, storedAt };
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
}

/** The lives of nodes in memory. */
export class MemoryNodeLog implements NodeLog {
  readonly #records: MemoryRecords<NodeRecord>;

  constructor(now: () => number = Date.now) {
    this.#records = new MemoryRecords(now);
  }

  async append(record: NodeRecord, options: WriteOptions): Promise<NodeOutcome> {
    return this.#records.write(subjects.nodeRecords(record.node), record, options);
  }

  async last(node: string): Promise<StoredNodeRecord | null> {
    return this.#records.subject(subjects.nodeRecords(node)).at(-1) ?? null;
  }

  readsMayLag(): boolean {
    return false;
  }

  async *all(): AsyncGenerator<StoredNodeRecord> {
    yield* this.#records.soFar();
  }

  follow(options: FollowOptions = {}): AsyncIterable<FollowedRecord<NodeRecord>> {
    return this.#records.follow(options);
  }
}

/** What nodes were told, in memory. `onStored` hears what a node's own subscription would. */
export class MemoryNotificationStore implements NotificationStore {
  readonly #records: MemoryRecords<Bulletin>;
  readonly #onStored: (bulletin: Bulletin) => void;

  constructor(
    now: () => number = Date.now,
    onStored: (bulletin: Bulletin) => void = () => undefined,
  ) {
    this.#records = new MemoryRecords(now);
    this.#onStored = onStored;
  }

  async last(node: string): Promise<StoredBulletin | null> {
    return this.#records.subject(subjects.notifications(node)).at(-1) ?? null;
  }

  async store(bulletin: Bulletin, options: WriteOptions): Promise<BulletinOutcome> {
    const outcome = this.#records.write(subjects.notifications(bulletin.node), bulletin, options);
    if (outcome.kind === 'ok') this.#onStored(bulletin);
    return outcome;
  }

  async readAfter(
    node: string,
    number: number,
    bulletinsMax: number,
  ): Promise<readonly Bulletin[]> {
    return this.#records
      .subject(subjects.notifications(node))
      .map(({ record }) => record)
      .filter((bulletin) => lastNumberOf(bulletin) > number)
      .slice(0, bulletinsMax);
  }

  async *all(): AsyncGenerator<StoredBulletin> {
    yield* this.#records.soFar();
  }
}
