import type { NodeRecord } from '@joinleaf/wire';

export type NodeStatus = 'up' | 'stopped' | 'lost';

/** The current run of a node, as far as its records and its beats tell. */
export interface NodeLife {
  readonly node: string;
  readonly incarnation: string;
  readonly status: NodeStatus;
  /** Silence that is allowed, in milliseconds. */
  readonly boundMs: number;
  /** When it was last heard, on the monotonic clock, in milliseconds. */
  readonly heardAt: number;
}

/** A run of a node that is over, and may have left sockets behind. */
export interface EndedRun {
  readonly node: string;
  readonly incarnation: string;
  /** The run that took its place, if one did. */
  readonly supersededBy: string | null;
  readonly record: NodeRecord;
}

/** Runs remembered for each node, so that a late message of an older one is recognised. */
const runsMax = 64;

/**
 * The lives of nodes: folded from JL_NODES, refreshed by beats. Every arbiter keeps one, and judges
 * by inbound silence alone.
 */
export class NodeLives {
  readonly #current = new Map<string, NodeLife>();
  readonly #earlier = new Map<string, Set<string>>();

  /** Takes in the next record; answers the run that it ends, if any. */
  apply(record: NodeRecord, heardAt: number): EndedRun | null {
    const { node, incarnation } = record;
    const before = this.#current.get(node);
    if (record.type === 'NodeStarted') {
      if (before?.incarnation === incarnation && before.status === 'up') return null;
      this.#current.set(node, {
        node,
        incarnation,
        status: 'up',
        boundMs: record.boundMs,
        heardAt,
      });
      if (before === undefined || before.incarnation === incarnation) return null;
      this.#remember(node, before.incarnation);
      return before.status === 'up'
        ? { node, incarnation: before.incarnation, supersededBy: incarnation, record }
        : null;
    }
    if (before?.incarnation !== incarnation || before.status !== 'up') {
      return null;
    }
    const status = record.type === 'NodeStopped' ? 'stopped' : 'lost';
    this.#current.set(node, { ...before, status });
    return { node, incarnation, supersededBy: null, record };
  }

  get(node: string): NodeLife | undefined {
    return this.#current.get(node);
  }

  /** Whether this run of a node is known to be over. */
  isOver(node: string, incarnation: string): boolean {
    if (this.#earlier.get(node)?.has(incarnation) === true) return true;
    const current = this.#current.get(node);
    return current?.incarnation === incarnation && current.status !== 'up';
  }

  /** Notes that a run was heard. */
  heard(node: string, incarnation: string, heardAt: number): void {
    const current = this.#current.get(node);
    if (current?.incarnation !== incarnation || current.status !== 'up') return;
    this.#current.set(node, { ...current, heardAt });
  }

  /** Nodes that were silent for longer than they are allowed. */
  silent(now: number): readonly NodeLife[] {
    return [...this.#current.values()].filter(
      ({ status, boundMs, heardAt }) => status === 'up' && now - heardAt > boundMs,
    );
  }

  /** Gives every node a whole window again: who could not listen cannot say that nobody spoke. */
  rearm(now: number): void {
    for (const life of this.#current.values()) {
      if (life.status === 'up') this.#current.set(life.node, { ...life, heardAt: now });
    }
  }

  #remember(node: string, incarnation: string): void {
    const earlier = this.#earlier.get(node) ?? new Set<string>();
    this.#earlier.set(node, earlier.add(incarnation));
    const [oldest] = earlier;
    if (earlier.size > runsMax && oldest !== undefined) earlier.delete(oldest);
  }
}
