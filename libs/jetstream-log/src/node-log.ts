import { decode, nodeRecordSchema, type NodeRecord, type Subjects } from '@joinleaf/wire';
import type { NatsConnection } from '@nats-io/transport-node';
import { laggingMs } from './lagging.js';
import {
  RecordStream,
  type FollowedRecord,
  type FollowOptions,
  type RecordOutcome,
  type Stored,
  type WriteOptions,
} from './record-stream.js';

export type StoredNodeRecord = Stored<NodeRecord>;
export type NodeOutcome = RecordOutcome<NodeRecord>;

/** The lives of nodes: when each run of one started, stopped or was lost. Kept for good. */
export interface NodeLog {
  /**
   * Stores a record after the node's last one, which lies at `afterSequence` (0: there is none). At most one
   * of all records for the same place is stored; the others hear of it as a conflict.
   */
  append(record: NodeRecord, options: WriteOptions): Promise<NodeOutcome>;
  /** A node's last record; an acknowledged append is always seen. */
  last(node: string): Promise<StoredNodeRecord | null>;
  /** Whether `last` may miss what was acknowledged, as of the event log. */
  readsMayLag(): boolean;
  /** Everything so far, oldest first. */
  all(options?: { readonly signal?: AbortSignal }): AsyncIterable<StoredNodeRecord>;
  follow(options?: FollowOptions): AsyncIterable<FollowedRecord<NodeRecord>>;
}

export interface JetStreamStoreOptions {
  readonly nc: NatsConnection;
  readonly subjects: Subjects;
  /** `polling` for a user who may not create consumers. */
  readonly followBy?: 'consumer' | 'polling';
}

const recordBytesMax = 4_096;

/** The lives of nodes, kept in JL_NODES. */
export class JetStreamNodeLog implements NodeLog {
  readonly #subjects: Subjects;
  readonly #records: RecordStream<NodeRecord>;

  constructor({ nc, subjects, followBy = 'consumer' }: JetStreamStoreOptions) {
    this.#subjects = subjects;
    this.#records = new RecordStream({
      nc,
      stream: subjects.streams.nodes,
      subject: subjects.allNodeRecords(),
      decode: (bytes) => decode(nodeRecordSchema, bytes, recordBytesMax),
      bytesMax: recordBytesMax,
      complete: true,
      followBy,
    });
  }

  async append(record: NodeRecord, options: WriteOptions): Promise<NodeOutcome> {
    return this.#records.write(this.#subjects.nodeRecords(record.node), record, options);
  }

  async last(node: string): Promise<StoredNodeRecord | null> {
    return this.#records.last(this.#subjects.nodeRecords(node));
  }

  readsMayLag(): boolean {
    const { access, requests } = this.#records;
    return !access.isAlone && requests.sinceTroubleMs < laggingMs;
  }

  all(options: { readonly signal?: AbortSignal } = {}): AsyncIterable<StoredNodeRecord> {
    return this.#records.soFar(options.signal);
  }

  follow(options: FollowOptions = {}): AsyncIterable<FollowedRecord<NodeRecord>> {
    return this.#records.follow(options);
  }
}
