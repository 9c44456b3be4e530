import {
  commitBytesMax,
  BadDraft,
  sealCommit,
  UnreadableCommit,
  type AppendOutcome,
  type Commit,
  type Draft,
  type EventLog,
  type Followed,
  type FollowOptions,
  type Head,
  type ReadOptions,
  type StoredCommit,
} from '@joinleaf/event-log';
import type { SessionAddress } from '@joinleaf/multipoint';
import { Requests } from '@joinleaf/request-reply';
import { commitSchema, encode, fitsAsItStands, sessionIn, type Subjects } from '@joinleaf/wire';
import type { NatsConnection } from '@nats-io/transport-node';
import { followStream, type FollowedMessage } from './follow-stream.js';
import { Publisher } from './publisher.js';
import { askLeader, lastOf, readBetween, readSubject, withPatience } from './read-subject.js';
import { laggingMs } from './lagging.js';
import { SlotWriter, type SlotCounts } from './slot-writer.js';
import { sha256, storedCommit } from './stored-commit.js';
import { StreamAccess, type StoredMessage } from './stream-access.js';
import { StreamUnreachable, SubjectDamaged } from './trouble.js';

export interface JetStreamLogOptions {
  readonly nc: NatsConnection;
  readonly subjects: Subjects;
  /** How long one try of an append waits for its acknowledgement, in milliseconds. */
  readonly tryTimeoutMs?: number;
  /** How long a read puts up with a broker that does not answer, in milliseconds. */
  readonly readPatienceMs?: number;
  /** `polling` for the auditor, who may not create consumers. */
  readonly followBy?: 'consumer' | 'polling';
}

/** What `messages` gives: everything that is stored, and where something is not. */
export type MessageOrNone =
  | { readonly kind: 'message'; readonly message: StoredMessage }
  | Exclude<Followed, { readonly kind: 'commit' }>;

const deadlineMsDefault = 5_000;

/** The event log kept in JetStream. `ensureStreams` has made and checked its stream. */
export class JetStreamLog implements EventLog {
  readonly #options: JetStreamLogOptions;
  readonly #requests: Requests;
  readonly #access: StreamAccess;
  readonly #slots: SlotWriter;

  constructor(options: JetStreamLogOptions) {
    this.#options = options;
    this.#requests = Requests.on(options.nc);
    this.#access = new StreamAccess(this.#requests, options.subjects.streams.events);
    const publisher = new Publisher(this.#requests);
    const tryTimeoutMs = options.tryTimeoutMs ?? 2_000;
    this.#slots = new SlotWriter(this.#requests, publisher, this.#access, tryTimeoutMs);
  }

  /** How appends went so far. */
  get counts(): SlotCounts {
    return { ...this.#slots.counts };
  }

  async append(
    session: SessionAddress,
    head: Head,
    draft: Draft,
    options: { readonly deadlineMs?: number } = {},
  ): Promise<AppendOutcome> {
    const commit = sealCommit(session, head, draft);
    checkReadable(commit);
    const bytes = encode(commit);
    if (bytes.length > commitBytesMax) return { kind: 'refused', reason: 'too-large' };
    const subject = this.#options.subjects.events(session);
    const outcome = await this.#slots.write({
      subject,
      bytes,
      messageId: draft.commitId,
      afterSequence: head.sequence,
      isOurs: (message) => commitIdIn(message) === draft.commitId,
      deadlineMs: options.deadlineMs ?? deadlineMsDefault,
      checkSubject: () => this.#checkEnd(subject, head),
    });
    switch (outcome.kind) {
      case 'ok':
        return {
          kind: 'ok',
          commit: { ...commit, hash: sha256(bytes), sequence: outcome.sequence },
        };
      case 'found':
        return { kind: 'ok', commit: storedCommit(outcome.message) };
      case 'taken':
        return this.#conflict(session, head);
      case 'refused':
      case 'unavailable':
      case 'unknown':
        return outcome;
    }
  }

  async *read(session: SessionAddress, options: ReadOptions = {}): AsyncGenerator<StoredCommit> {
    const { afterSequence = 0, signal } = options;
    const subject = this.#options.subjects.events(session);
    const patienceMs = this.#options.readPatienceMs ?? deadlineMsDefault;
    const reading = { subject, afterSequence, signal, patienceMs };
    let sequence = afterSequence;
    let due = afterSequence === 0 ? 1 : null;
    try {
      for await (const message of readSubject(this.#requests, this.#access, reading)) {
        const commit = storedCommit(message);
        if (commit.revision !== due) {
          const between = { ...reading, from: sequence + 1, before: message.sequence };
          const missed = readBetween(this.#requests, this.#access, between);
          for await (const one of missed) yield storedCommit(one);
        }
        sequence = message.sequence;
        due = commit.revision + 1;
        yield commit;
      }
    } catch (error) {
      if (!(error instanceof SubjectDamaged)) throw error;
      throw unreadableAfter(sequence, error);
    }
  }

  /**
   * The commit at one place of the stream, from its leader; null when there is none, or what is there is none.
   *
   * @throws StreamUnreachable
   */
  async commitAt(sequence: number): Promise<StoredCommit | null> {
    const patienceMs = this.#options.readPatienceMs ?? deadlineMsDefault;
    const message = await withPatience(this.#requests, patienceMs, undefined, () =>
      askLeader(this.#access, { seq: sequence }),
    );
    if (message === null) return null;
    const read = commitOrReason(message);
    return read.kind === 'commit' ? read.commit : null;
  }

  readsMayLag(): boolean {
    return !this.#access.isAlone && this.#requests.sinceTroubleMs < laggingMs;
  }

  follow(options: FollowOptions = {}): AsyncGenerator<Followed> {
    const allEvents = this.#options.subjects.allEvents();
    return this.#follow(options, (one) => {
      if (one.kind !== 'message') return withoutMessage(one, allEvents);
      return isKnown(one, options) ? null : commitOrReason(one.message);
    });
  }

  /** The same, messages unread: for who reads them elsewhere, with `storedCommit`. */
  messages(options: ReadOptions = {}): AsyncGenerator<MessageOrNone> {
    const allEvents = this.#options.subjects.allEvents();
    return this.#follow(options, (one) =>
      one.kind === 'message' ? one : withoutMessage(one, allEvents),
    );
  }

  #follow<T>(
    { afterSequence = 0, signal }: ReadOptions,
    tell: (followed: FollowedMessage) => T | null,
  ): AsyncGenerator<T> {
    const { nc, subjects, followBy: by = 'consumer' } = this.#options;
    const subject = subjects.allEvents();
    const following = { subject, afterSequence, complete: true, by, signal };
    return followStream(nc, this.#requests, this.#access, following, tell);
  }

  // Whoever heard of all commits but a damaged last one asks for a place that the server holds taken.
  async #checkEnd(subject: string, { sequence }: Head): Promise<void> {
    try {
      await lastOf(this.#access, subject);
    } catch (error) {
      if (error instanceof StreamUnreachable) return;
      throw error instanceof SubjectDamaged ? unreadableAfter(sequence, error) : error;
    }
  }

  // Not stored, that is certain; without the tail the caller could not decide again.
  async #conflict(session: SessionAddress, { sequence }: Head): Promise<AppendOutcome> {
    const tail: StoredCommit[] = [];
    try {
      for await (const commit of this.read(session, { afterSequence: sequence })) tail.push(commit);
    } catch (cause) {
      if (cause instanceof StreamUnreachable) return { kind: 'unavailable', cause };
      throw cause;
    }
    return { kind: 'conflict', tail };
  }
}

const unreadableAfter = (sequence: number, { subject, message }: SubjectDamaged) =>
  new UnreadableCommit(sequence + 1, subject, `${message}, which lies there or later`);

// Nothing can be taken out of this log again: what no reader would accept is not put into it.
function checkReadable(commit: Commit): void {
  if (fitsAsItStands(commitSchema, commit)) return;
  const parsed = commitSchema.safeParse(commit);
  if (parsed.success) return;
  const [issue] = parsed.error.issues;
  throw new BadDraft(issue?.path.join('.') ?? 'shape', issue?.message ?? 'does not fit');
}

function commitIdIn({ bytes }: StoredMessage): unknown {
  try {
    const json: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return typeof json === 'object' && json !== null && 'commitId' in json ? json.commitId : null;
  } catch {
    return null;
  }
}

function isKnown(
  { message: { subject, sequence } }: Extract<FollowedMessage, { kind: 'message' }>,
  { known }: FollowOptions,
): boolean {
  if (known === undefined) return false;
  const session = sessionIn(subject);
  return session !== null && known(session, sequence);
}

function withoutMessage(
  followed: Exclude<FollowedMessage, { kind: 'message' }>,
  allEvents: string,
): Exclude<Followed, { kind: 'commit' }> {
  if (followed.kind === 'caught-up') return followed;
  const { from, to } = followed;
  const reason =
    from === to ? `${String(from)} is missing` : `${String(from)} to ${String(to)} are missing`;
  return { kind: 'unreadable', sequence: to, subject: allEvents, reason };
}

function commitOrReason(message: StoredMessage): Followed {
  try {
    return { kind: 'commit', commit: storedCommit(message) };
  } catch (error) {
    if (!(error instanceof UnreadableCommit)) throw error;
    const { sequence, subject, reason } = error;
    return { kind: 'unreadable', sequence, subject, reason };
  }
}
