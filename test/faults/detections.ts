import type { Subjects } from '@joinleaf/wire';
import type { NatsConnection } from '@nats-io/transport-node';

/** Hears of losses the moment they are put on record, and measures how long that took. */
export class Detections {
  readonly timesMs: number[] = [];
  readonly #dead = new Map<string, number>();
  /** Given up while they lived, such as on a machine that is too busy to let them beat. */
  readonly #lost = new Set<string>();

  constructor(nc: NatsConnection, subjects: Subjects) {
    nc.subscribe(subjects.allNodeRecords(), {
      callback: (error, message) => {
        if (error === null) this.#hear(message.string());
      },
    });
  }

  /** This node is dead from now on. */
  died(node: string): void {
    if (!this.#lost.has(node)) this.#dead.set(node, performance.now());
  }

  /** Nodes that are dead, and not known to be. */
  get unnoticed(): number {
    return this.#dead.size;
  }

  #hear(text: string): void {
    const { type, node } = JSON.parse(text) as { readonly type?: string; readonly node?: string };
    if (node === undefined) return;
    if (type === 'NodeStarted') this.#lost.delete(node);
    if (type !== 'NodeLost') return;
    this.#lost.add(node);
    const since = this.#dead.get(node);
    if (since === undefined) return;
    this.#dead.delete(node);
    this.timesMs.push(Math.round(performance.now() - since));
  }
}
