import type { NodeRecord } from '@joinleaf/wire';

export type NodeStatus = 'up' | 'suspected' | 'stopped' | 'lost';

/** The current run of a node, as far as its records and its beats tell. */
export interface NodeLife {
  readonly node: string;
  readonly incarnation: string;
  readonly status: NodeStatus;
  /** Silence that is allowed, in milliseconds. */
  readonly boundMs: number;
  /** When it was last heard, on the monotonic clock, in milliseconds. */
  readonly heardAt: number;
  /** Since when it is suspected; null when it is not. */
  readonly suspicion: Suspicion | null;
}

export interface Suspicion {
  /** As recorded, in milliseconds since the Unix epoch. */
  readonly at: number;
  /** When we learned of it, on the monotonic clock. */
  readonly since: number;
}

/** Whether a run counts: who is suspected is not lost. */
export const isUp = ({ status }: NodeLife): boolean => status === 'up' || status === 'suspected';

/** What should be put on record about a node. */
export interface Verdict {
  readonly life: NodeLife;
  readonly is: 'suspected' | 'heard' | 'lost';
  readonly silentMs: number;
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
  /** Silence before this says nothing: we could not listen. */
  #listeningSince = 0;

  /** Takes in the next record; answers the run that it ends, if any. */
  apply(record: NodeRecord, now: number): EndedRun | null {
    const { node, incarnation } = record;
    const before = this.#current.get(node);
    if (record.type === 'NodeStarted') return this.#start(record, before, now);
    if (before?.incarnation !== incarnation || !isUp(before)) return null;
    switch (record.type) {
      case 'NodeSuspected':
        this.#set({ ...before, status: 'suspected', suspicion: { at: record.at, since: now } });
        return null;
      case 'NodeHeard':
        this.#set({ ...before, status: 'up', suspicion: null, heardAt: now });
        return null;
      case 'NodeStopped':
      case 'NodeLost':
        this.#set({ ...before, status: record.type === 'NodeStopped' ? 'stopped' : 'lost' });
        return { node, incarnation, supersededBy: null, record };
    }
  }

  get(node: string): NodeLife | undefined {
    return this.#current.get(node);
  }

  /** How many nodes are in this state. */
  count(status: NodeStatus): number {
    let count = 0;
    for (const life of this.#current.values()) if (life.status === status) count += 1;
    return count;
  }

  /** Whether this run of a node is known to be over. */
  isOver(node: string, incarnation: string): boolean {
    if (this.#earlier.get(node)?.has(incarnation) === true) return true;
    const current = this.#current.get(node);
    return current?.incarnation === incarnation && !isUp(current);
  }

  /** Notes that a run was heard. */
  heard(node: string, incarnation: string, heardAt: number): void {
    const current = this.#current.get(node);
    if (current?.incarnation === incarnation && isUp(current)) this.#set({ ...current, heardAt });
  }

  /**
   * What the silence of nodes says now. Half the bound makes suspect, the whole of it lost; where somebody else is to
   * judge, `graceMs` later.
   */
  verdicts(now: number, graceMs: (node: string) => number): readonly Verdict[] {
    const verdicts: Verdict[] = [];
    for (const node of this.#current.keys()) {
      const verdict = this.verdict(node, now, graceMs);
      if (verdict !== null) verdicts.push(verdict);
    }
    return verdicts;
  }

  /** The same of one node. */
  verdict(node: string, now: number, graceMs: (node: string) => number): Verdict | null {
    const life = this.#current.get(node);
    if (life === undefined || !isUp(life)) return null;
    const silentMs = Math.round(now - Math.max(life.heardAt, this.#listeningSince));
    const is = verdictOn(life, { silentMs, now, graceMs });
    return is === null ? null : { life, is, silentMs };
  }

  /** Gives every node a whole window again: who could not listen cannot say that nobody spoke. */
  rearm(now: number): void {
    this.#listeningSince = now;
  }

  #start(
    record: Extract<NodeRecord, { readonly type: 'NodeStarted' }>,
    before: NodeLife | undefined,
    now: number,
  ): EndedRun | null {
    const { node, incarnation, boundMs } = record;
    if (before?.incarnation === incarnation && isUp(before)) return null;
    this.#set({ node, incarnation, status: 'up', boundMs, heardAt: now, suspicion: null });
    if (before === undefined || before.incarnation === incarnation) return null;
    this.#remember(node, before.incarnation);
    return isUp(before)
      ? { node, incarnation: before.incarnation, supersededBy: incarnation, record }
      : null;
  }

  #set(life: NodeLife): void {
    this.#current.set(life.node, life);
  }

  #remember(node: string, incarnation: string): void {
    const earlier = this.#earlier.get(node) ?? new Set<string>();
    this.#earlier.set(node, earlier.add(incarnation));
    const [oldest] = earlier;
    if (earlier.size > runsMax && oldest !== undefined) earlier.delete(oldest);
  }
}

interface Judging {
  readonly silentMs: number;
  readonly now: number;
  readonly graceMs: (node: string) => number;
}

function verdictOn(life: NodeLife, { silentMs, now, graceMs }: Judging): Verdict['is'] | null {
  const { node, boundMs, heardAt, suspicion } = life;
  const isSilent = silentMs > boundMs / 2;
  if (suspicion === null && !isSilent) return null;
  const grace = graceMs(node);
  if (silentMs > boundMs + grace) return 'lost';
  if (suspicion === null) return silentMs > boundMs / 2 + grace ? 'suspected' : null;
  // Having listened anew is no sign of life: it has to have spoken since.
  const spoke = !isSilent && heardAt > suspicion.since;
  return spoke && now >= suspicion.since + grace ? 'heard' : null;
}
