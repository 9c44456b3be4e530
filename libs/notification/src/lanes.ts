import type { NotificationStore } from '@joinleaf/jetstream-log';
import type { Told } from '@joinleaf/projection';
import type { Bulletin } from '@joinleaf/wire';
import type { End, Waiting } from './bulletin.js';
import { NodeLane, type LaneWorld } from './node-lane.js';
import { Slots } from './slots.js';

export interface LanesOptions {
  readonly store: NotificationStore;
  readonly inFlightMax: number;
  readonly waitingMax: number;
  readonly sleep: (ms: number) => Promise<unknown>;
  stored(bulletin: Bulletin, waiting: readonly Waiting[]): void;
  conflicted(): void;
  troubled(node: string, reason: string | null): void;
  foundTold(end: End): void;
}

/** A lane for every node: nodes are told side by side, each of them in order. */
export class Lanes {
  readonly #options: LanesOptions;
  readonly #lanes = new Map<string, NodeLane>();
  readonly #troubles = new Map<string, string>();
  readonly #world: LaneWorld;
  #waiting = 0;
  #settling: (() => void)[] = [];

  constructor(options: LanesOptions) {
    this.#options = options;
    this.#world = {
      store: options.store,
      slots: new Slots(options.inFlightMax),
      sleep: options.sleep,
      settled: (count) => {
        this.#settled(count);
      },
      stored: (bulletin, waiting) => {
        options.stored(bulletin, waiting);
      },
      conflicted: () => {
        options.conflicted();
      },
      troubled: (node, reason) => {
        this.#troubled(node, reason);
      },
      foundTold: (_, end) => {
        options.foundTold(end);
      },
    };
  }

  get count(): number {
    return this.#lanes.size;
  }

  /** Notifications that were read and not told yet. */
  get waiting(): number {
    return this.#waiting;
  }

  get trouble(): string | null {
    const [first] = this.#troubles.values();
    return first ?? null;
  }

  /** Takes what one commit tells. */
  push(told: readonly Told[], storedAt: number): void {
    this.#waiting += told.length;
    for (const [node, own] of Map.groupBy(told, (each) => each.node)) {
      this.#lane(node).push(own.map((each) => ({ ...each, storedAt })));
    }
  }

  get isFull(): boolean {
    return this.#waiting >= this.#options.waitingMax;
  }

  /** Waits until fewer than the bound are waiting. */
  async room(): Promise<void> {
    while (this.isFull) await this.#nextSettling();
  }

  /** Waits until everything was told, or the signal. */
  async idle(signal: AbortSignal): Promise<void> {
    const aborted = new Promise<void>((resolve) => {
      signal.addEventListener('abort', () => {
        resolve();
      });
    });
    while (this.#waiting > 0 && !signal.aborted) {
      await Promise.race([this.#nextSettling(), aborted]);
    }
  }

  /** Lets every lane finish the bulletin that is on its way. */
  async stop(): Promise<void> {
    for (const lane of this.#lanes.values()) lane.stop();
    while ([...this.#lanes.values()].some((lane) => !lane.idle)) await this.#nextSettling();
  }

  #lane(node: string): NodeLane {
    const known = this.#lanes.get(node);
    if (known !== undefined) return known;
    const lane = new NodeLane(node, this.#world);
    this.#lanes.set(node, lane);
    return lane;
  }

  #settled(count: number): void {
    this.#waiting -= count;
    for (const each of this.#settling.splice(0)) each();
  }

  #nextSettling(): Promise<void> {
    return new Promise((resolve) => this.#settling.push(resolve));
  }

  #troubled(node: string, reason: string | null): void {
    if (reason === null) this.#troubles.delete(node);
    else this.#troubles.set(node, reason);
    this.#options.troubled(node, reason);
  }
}
