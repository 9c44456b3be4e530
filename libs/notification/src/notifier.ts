import { LogRegressed, type EventLog, type StoredCommit } from '@joinleaf/event-log';
import type { NotificationStore } from '@joinleaf/jetstream-log';
import { Sessions, type Stopped, type Told } from '@joinleaf/projection';
import { sessionIn, type Bulletin } from '@joinleaf/wire';
import type { End, Waiting } from './bulletin.js';
import { Lanes } from './lanes.js';
import { PendingInvitations } from './pending-invitations.js';

/** Whom the notifier tells how it goes. */
export interface Watcher {
  stopped(stopped: Stopped): void;
  unreadable(sequence: number, subject: string, reason: string): void;
  stored(bulletin: Bulletin, waiting: readonly Waiting[]): void;
  conflicted(): void;
  troubled(node: string, reason: string | null): void;
}

export interface NotifierOptions {
  readonly log: EventLog;
  readonly store: NotificationStore;
  readonly watcher: Watcher;
  /** Bulletins on their way at once. */
  readonly inFlightMax: number;
  /** Notifications that may wait; then the log is read on when some were told. */
  readonly waitingMax: number;
  /** Where the log ends now. */
  readonly logEnd: () => Promise<number>;
  readonly sleep: Sleep;
}

/** A new leader of several replicas may say for seconds that it has less than it has. */
const lookAgainMs = 250;
const looksMax = 40;

/** Waits so many milliseconds; handed in, so that a notifier can live in a simulated world. */
export type Sleep = (ms: number) => Promise<unknown>;

/**
 * Reads the log in order and tells nodes what they are to hear. Every notification is told once: its
 * number and content depend on the log alone, and a node's last bulletin says how far it was told, by
 * whichever notifier.
 */
export class Notifier {
  readonly #options: NotifierOptions;
  readonly #sessions = new Sessions();
  readonly #pending = new PendingInvitations();
  readonly #lanes: Lanes;
  readonly #caughtUp = Promise.withResolvers<undefined>();
  #isCaughtUp = false;
  #waitingFor: { readonly sequence: number; readonly resolve: () => void }[] = [];
  /** The farthest commit that nodes were told of and that the log is known to hold. */
  #held = 0;
  readonly #regressed = Promise.withResolvers<never>();

  constructor(options: NotifierOptions) {
    this.#options = options;
    const { store, inFlightMax, waitingMax, watcher, sleep } = options;
    this.#lanes = new Lanes({
      store,
      sleep,
      inFlightMax,
      waitingMax,
      stored: (bulletin, waiting) => {
        watcher.stored(bulletin, waiting);
      },
      conflicted: () => {
        watcher.conflicted();
      },
      troubled: (node, reason) => {
        watcher.troubled(node, reason);
      },
      foundTold: ({ place }) => {
        if (place !== null) void this.#checkLogHolds(place.sequence);
      },
    });
    this.#regressed.promise.catch(() => undefined); // Whoever follows is told.
  }

  /** Everything that was stored when the reading began has been read. */
  get caughtUp(): Promise<undefined> {
    return this.#caughtUp.promise;
  }

  get isCaughtUp(): boolean {
    return this.#isCaughtUp;
  }

  /** The stream position up to which the log has been read. */
  get sequence(): number {
    return this.#sessions.sequence;
  }

  get waiting(): number {
    return this.#lanes.waiting;
  }

  get figures() {
    const { count, stopped } = this.#sessions;
    return { sessions: count, stopped: stopped.size, nodes: this.#lanes.count };
  }

  /** Why nodes are not told, of one of them; null when all is well. */
  get trouble(): string | null {
    return this.#lanes.trouble;
  }

  /**
   * Reads and tells until the signal.
   *
   * @throws LogRegressed when the log ends before what it held, or before what nodes were told of it.
   */
  async follow(signal: AbortSignal): Promise<void> {
    await Promise.race([this.#read(signal), this.#regressed.promise]);
  }

  async #read(signal: AbortSignal): Promise<void> {
    for await (const item of this.#options.log.follow({ signal })) {
      switch (item.kind) {
        case 'commit':
          this.#take(item.commit);
          if (this.#lanes.isFull) await this.#lanes.room();
          break;
        case 'caught-up':
          this.#isCaughtUp = true;
          this.#caughtUp.resolve(undefined);
          break;
        case 'unreadable':
          this.#skip(item);
      }
      this.#wakeWaiting();
    }
  }

  /** Begins nothing more; waits for what is on its way. What was not told is left for the next start. */
  async stop(): Promise<void> {
    await this.#lanes.stop();
  }

  /** Waits until everything that was read has been told, or the signal. */
  async told(signal: AbortSignal): Promise<void> {
    await this.#lanes.idle(signal);
  }

  /** Whether the log has been read as far as a position, after waiting for it so long. */
  async hasRead(sequence: number, withinMs: number): Promise<boolean> {
    if (this.sequence >= sequence) return true;
    const read = new Promise<true>((resolve) => {
      this.#waitingFor.push({
        sequence,
        resolve: () => {
          resolve(true);
        },
      });
    });
    const late = this.#options.sleep(withinMs).then(() => false);
    return Promise.race([read, late]);
  }

  /** A node's invitations that still wait, among those that it has been told of. */
  pendingOf(node: string, end: End): readonly Told[] {
    const { place } = end;
    if (place === null) return [];
    const toldOf = ({ sequence, index }: Told['place']): boolean =>
      sequence < place.sequence || (sequence === place.sequence && index <= place.index);
    return this.#pending.of(node).filter((told) => toldOf(told.place));
  }

  #take(commit: StoredCommit): void {
    const taken = this.#sessions.take(commit);
    switch (taken.kind) {
      case 'folded':
        this.#pending.take(commit.session, taken);
        this.#lanes.push(taken.told, commit.storedAt);
        return;
      case 'stopped':
        this.#pending.drop(commit.session);
        this.#options.watcher.stopped(taken.stopped);
        return;
      case 'ignored':
        return;
    }
  }

  #skip({ sequence, subject, reason }: Unreadable): void {
    this.#options.watcher.unreadable(sequence, subject, reason);
    const session = sessionIn(subject);
    const stopped = this.#sessions.skip(sequence, session, reason);
    if (stopped === null) return;
    this.#pending.drop(stopped.session);
    this.#options.watcher.stopped(stopped);
  }

  #wakeWaiting(): void {
    if (this.#waitingFor.length === 0) return;
    const reached = this.#waitingFor.filter(({ sequence }) => sequence <= this.sequence);
    this.#waitingFor = this.#waitingFor.filter(({ sequence }) => sequence > this.sequence);
    for (const { resolve } of reached) resolve();
  }

  // Another notifier may be ahead of us. But when nodes know of commits beyond the end of the log, the
  // log has lost them, and what it will hold in their place is another story.
  async #checkLogHolds(sequence: number): Promise<void> {
    if (sequence <= Math.max(this.#held, this.sequence)) return;
    const { logEnd, sleep } = this.#options;
    let end = 0;
    for (let looks = 0; looks < looksMax && end < sequence; looks += 1) {
      if (looks > 0) await sleep(lookAgainMs);
      end = await logEnd().catch(() => sequence);
    }
    this.#held = Math.max(this.#held, end);
    const detail = 'nodes were told of commits that the log does not hold';
    if (end < sequence) this.#regressed.reject(new LogRegressed(sequence, end, detail));
  }
}

interface Unreadable {
  readonly sequence: number;
  readonly subject: string;
  readonly reason: string;
}
