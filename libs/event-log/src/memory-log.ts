import { isSessionAddress, type SessionAddress } from '@joinleaf/multipoint';
import { sealCommit } from './chain.js';
import type { Commit, Head, StoredCommit } from './commit.js';
import {
  commitBytesMax,
  type AppendOutcome,
  type Draft,
  type EventLog,
  type Followed,
  type FollowOptions,
  type ReadOptions,
  type Sha256,
} from './log.js';
import { BadDraft, LogRegressed, UnreadableCommit } from './trouble.js';

export interface MemoryLogOptions {
  readonly sha256: Sha256;
  /** Milliseconds since the Unix epoch: what the broker's clock would say. */
  readonly now: () => number;
  readonly commitBytesMax?: number;
  /** Messages that fit; then the log is full. */
  readonly messagesMax?: number;
}

interface Message {
  readonly session: SessionAddress;
  readonly sequence: number;
  readonly bytes: Uint8Array;
  readonly storedAt: number;
}

/** The log in memory: bytes, hashes, conflicts and followers are real, and nothing outlives the process. */
export class MemoryLog implements EventLog {
  readonly #options: MemoryLogOptions;
  readonly #messages: Message[] = [];
  readonly #bySession = new Map<SessionAddress, Message[]>();
  readonly #followers = new Set<() => void>();

  constructor(options: MemoryLogOptions) {
    this.#options = options;
  }

  async append(session: SessionAddress, head: Head, draft: Draft): Promise<AppendOutcome> {
    const sealed = sealCommit(session, head, draft);
    const bytes = encoder.encode(JSON.stringify(sealed));
    const tail = this.#after(session, head.sequence);
    const lastSequence = tail.at(-1)?.sequence ?? this.#lastSequence(session);
    if (lastSequence < head.sequence) {
      throw new LogRegressed(head.sequence, lastSequence, `session ${session} is behind its head`);
    }
    if (tail.length > 0) return this.#taken(tail, draft);
    const { commitBytesMax: bytesMax = commitBytesMax, messagesMax = Infinity } = this.#options;
    if (bytes.length > bytesMax) return { kind: 'refused', reason: 'too-large' };
    if (this.#messages.length >= messagesMax) return { kind: 'refused', reason: 'log-full' };
    const { sequence } = this.plant(session, bytes);
    return { kind: 'ok', commit: { ...sealed, hash: this.#options.sha256(bytes), sequence } };
  }

  readsMayLag(): boolean {
    return false;
  }

  async *read(session: SessionAddress, options: ReadOptions = {}): AsyncIterable<StoredCommit> {
    if (!isSessionAddress(session)) throw new BadDraft('session', 'is not a session address');
    for (const message of this.#after(session, options.afterSequence ?? 0)) {
      if (options.signal?.aborted) return;
      yield this.#readable(message);
    }
  }

  async *follow(options: FollowOptions = {}): AsyncIterable<Followed> {
    const { afterSequence = 0, signal, known } = options;
    const end = this.#messages.length;
    if (afterSequence > end) throw new LogRegressed(afterSequence, end, 'a reader was further');
    let sequence = afterSequence;
    let caughtUp = false;
    while (!signal?.aborted) {
      if (!caughtUp && sequence >= end) {
        caughtUp = true;
        yield { kind: 'caught-up', sequence: end };
        continue;
      }
      const message = this.#messages[sequence];
      if (message === undefined) {
        await this.#nextMessage(signal);
        continue;
      }
      sequence = message.sequence;
      if (known?.(message.session, sequence) !== true) yield this.#followed(message);
    }
  }

  /** Stores bytes as they are, commit or not: what damage and foreign writers look like. */
  plant(session: SessionAddress, bytes: Uint8Array): { readonly sequence: number } {
    const sequence = this.#messages.length + 1;
    const message = { session, sequence, bytes, storedAt: this.#options.now() };
    this.#messages.push(message);
    const own = this.#bySession.get(session);
    if (own === undefined) this.#bySession.set(session, [message]);
    else own.push(message);
    for (const wake of [...this.#followers]) wake();
    return message;
  }

  #taken(tail: readonly Message[], { commitId }: Draft): AppendOutcome {
    const commits = tail.map((message) => this.#readable(message));
    const [first] = commits;
    return first?.commitId === commitId
      ? { kind: 'ok', commit: first }
      : { kind: 'conflict', tail: commits };
  }

  #after(session: SessionAddress, sequence: number): readonly Message[] {
    const own = this.#bySession.get(session) ?? [];
    let from = own.length;
    while (from > 0 && (own[from - 1]?.sequence ?? 0) > sequence) from -= 1;
    return own.slice(from);
  }

  #lastSequence(session: SessionAddress): number {
    return this.#bySession.get(session)?.at(-1)?.sequence ?? 0;
  }

  #followed(message: Message): Followed {
    try {
      return { kind: 'commit', commit: this.#readable(message) };
    } catch (error) {
      if (!(error instanceof UnreadableCommit)) throw error;
      const { sequence, subject, reason } = error;
      return { kind: 'unreadable', sequence, subject, reason };
    }
  }

  #readable({ session, sequence, bytes, storedAt }: Message): StoredCommit {
    const commit = commitIn(bytes);
    if (typeof commit === 'string') throw new UnreadableCommit(sequence, session, commit);
    if (commit.session !== session) {
      throw new UnreadableCommit(sequence, session, `names session ${commit.session}`);
    }
    return { ...commit, hash: this.#options.sha256(bytes), sequence, storedAt };
  }

  async #nextMessage(signal: AbortSignal | undefined): Promise<void> {
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

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true });

// Enough to tell a commit from anything else: what stands in it was written by this very process.
function commitIn(bytes: Uint8Array): Commit | string {
  let json: unknown;
  try {
    json = JSON.parse(decoder.decode(bytes));
  } catch {
    return 'is not JSON in UTF-8';
  }
  if (typeof json !== 'object' || json === null) return 'is not an object';
  if (!('schema' in json) || json.schema !== 1) return 'schema: is not 1';
  if (!('decisions' in json) || !Array.isArray(json.decisions)) return 'decisions: is missing';
  return json as Commit;
}
