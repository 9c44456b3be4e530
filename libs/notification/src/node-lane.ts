import type { NotificationStore } from '@joinleaf/jetstream-log';
import type { Bulletin } from '@joinleaf/wire';
import {
  bulletinNotifications,
  endOf,
  nextBulletin,
  wasTold,
  type End,
  type Waiting,
} from './bulletin.js';
import type { Slots } from './slots.js';

/** What a lane needs, and whom it tells how it goes. */
export interface LaneWorld {
  readonly store: NotificationStore;
  /** Bounds the bulletins that are on their way at once, over all nodes. */
  readonly slots: Slots;
  readonly sleep: (ms: number) => Promise<unknown>;
  /** So many notifications wait no longer: told, now or before. */
  settled(count: number): void;
  stored(bulletin: Bulletin, waiting: readonly Waiting[]): void;
  conflicted(): void;
  /** The store did not take it; the lane tries again. Null: it goes on. */
  troubled(node: string, reason: string | null): void;
  /** Somebody has told this node of a commit that far in the log. */
  foundTold(node: string, end: End): void;
}

const pauseMsMin = 50;
const pauseMsMax = 2_000;

/**
 * Tells one node, in order, one bulletin at a time. Another notifier may be doing the same: what it
 * has told is found at the node's last bulletin and left out here.
 */
export class NodeLane {
  #waiting: Waiting[] = [];
  /** How many at the beginning of `#waiting` are done with. */
  #done = 0;
  #end: End | null = null;
  #running = false;
  #stopped = false;

  constructor(
    private readonly node: string,
    private readonly world: LaneWorld,
  ) {}

  get idle(): boolean {
    return !this.#running;
  }

  /** Adds what comes next for this node, and tells it as soon as it is its turn. */
  push(waiting: readonly Waiting[]): void {
    for (const each of waiting) this.#waiting.push(each);
    if (!this.#running && !this.#stopped) void this.#run();
  }

  /** Begins no further bulletin; what is on its way is finished. */
  stop(): void {
    this.#stopped = true;
  }

  async #run(): Promise<void> {
    this.#running = true;
    for (let failures = 0; this.#done < this.#waiting.length && !this.#stopped;) {
      const trouble = await this.#next();
      if (trouble === null) {
        if (failures > 0) this.world.troubled(this.node, null);
        failures = 0;
      } else {
        failures += 1;
        this.world.troubled(this.node, trouble);
        await this.world.sleep(Math.min(pauseMsMin * 2 ** failures, pauseMsMax));
      }
    }
    this.#running = false;
    this.world.settled(0);
  }

  // Null when it went on, else why not.
  async #next(): Promise<string | null> {
    const { slots } = this.world;
    const turn = slots.take();
    if (turn !== null) await turn;
    try {
      const end = (this.#end ??= await this.#readEnd());
      this.#leaveOut(end);
      const waiting = this.#waiting.slice(this.#done, this.#done + bulletinNotifications);
      const bulletin = nextBulletin(this.node, end, waiting);
      return bulletin === null ? null : await this.#store(bulletin, end);
    } catch (error) {
      return error instanceof Error ? error.message : 'unknown';
    } finally {
      slots.giveBack();
    }
  }

  async #readEnd(): Promise<End> {
    const end = endOf(await this.world.store.last(this.node));
    this.world.foundTold(this.node, end);
    return end;
  }

  #leaveOut(end: End): void {
    let at = this.#done;
    for (let next = this.#waiting[at]; next !== undefined; next = this.#waiting[at]) {
      if (!wasTold(end, next.place)) break;
      at += 1;
    }
    this.#drop(at - this.#done);
  }

  async #store(bulletin: Bulletin, end: End): Promise<string | null> {
    const afterSequence = end.storeSequence;
    const outcome = await this.world.store.store(bulletin, { afterSequence });
    switch (outcome.kind) {
      case 'ok': {
        const told = this.#waiting.slice(this.#done, this.#done + bulletin.notifications.length);
        const last = told.at(-1);
        this.#end = {
          number: end.number + told.length,
          place: last?.place ?? end.place,
          storeSequence: outcome.sequence,
        };
        this.world.stored(bulletin, told);
        this.#drop(told.length);
        return null;
      }
      case 'conflict':
        this.world.conflicted();
        this.#end = null;
        return null;
      case 'refused':
        return `the notifications stream refused it: ${outcome.reason}`;
      case 'unavailable':
      case 'unknown':
        this.#end = null;
        return outcome.cause instanceof Error ? outcome.cause.message : outcome.kind;
    }
  }

  #drop(count: number): void {
    if (count === 0) return;
    this.#done += count;
    if (this.#done * 2 > this.#waiting.length) {
      this.#waiting = this.#waiting.slice(this.#done);
      this.#done = 0;
    }
    this.world.settled(count);
  }
}
