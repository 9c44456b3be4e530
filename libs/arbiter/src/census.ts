import type { ChainedCommit } from '@joinleaf/event-log';
import {
  socketParts,
  type SessionAddress,
  type SessionEvent,
  type SocketId,
} from '@joinleaf/multipoint';

/** One run of a node, as text: `ada/1k3f9x`. */
export type NodeRun = `${string}/${string}`;

export const nodeRun = (node: string, incarnation: string): NodeRun => `${node}/${incarnation}`;

const runOf = (socket: SocketId): NodeRun => {
  const { node, incarnation } = socketParts(socket);
  return nodeRun(node, incarnation);
};

/** Beside the joins of a session: how long it waits for another root. */
const vacancy = 'vacancy';

// One for each session, and nearly all of them wait for nothing: an empty map would be most of it.
interface Entry {
  /** Deadlines of outstanding joins, by join, and that of a vacancy; null when there are none. */
  deadlines: Map<string, number> | null;
  /** Runs of nodes that have had a socket in this incarnation of the session. */
  runs: NodeRun[];
}

/**
 * What an arbiter has to know of sessions that it does not hold: which joins wait until when, and which
 * sessions a node may be in (it may have left: asking one session too many is harmless).
 */
export class Census {
  readonly #entries = new Map<SessionAddress, Entry>();
  readonly #sessionsByRun = new Map<NodeRun, Set<SessionAddress>>();

  /** Takes in the next commit of the stream; answers the runs of nodes that it brought in. */
  apply({ session, decisions }: ChainedCommit): ReadonlySet<NodeRun> {
    const arrived = new Set<NodeRun>();
    for (const { command, events } of decisions) {
      for (const event of events) this.#applyEvent(session, event, arrived);
      if (command.type !== 'LoseNode') continue;
      this.#takeOut(session, nodeRun(command.node, command.incarnation), arrived);
    }
    return arrived;
  }

  sessionsOf(run: NodeRun): readonly SessionAddress[] {
    return [...(this.#sessionsByRun.get(run) ?? [])];
  }

  /** The earliest deadline of a session; null when nothing waits in it. */
  earliestDeadline(session: SessionAddress): number | null {
    const deadlines = this.#entries.get(session)?.deadlines ?? null;
    if (deadlines === null) return null;
    let earliest = Infinity;
    for (const at of deadlines.values()) earliest = Math.min(earliest, at);
    return earliest;
  }

  #applyEvent(session: SessionAddress, event: SessionEvent, arrived: Set<NodeRun>): void {
    switch (event.type) {
      case 'SessionOpened':
        this.#forget(session);
        if (event.root !== null) this.#bring(session, event.root, arrived);
        return;
      case 'JoinRequested':
        this.#bring(session, event.caller, arrived);
        if (event.deadlineAt !== null) this.#await(session, event.join, event.deadlineAt);
        return;
      case 'LeafAdmitted':
        this.#bring(session, event.leaf, arrived);
        this.#settle(session, event.join);
        return;
      case 'JoinFailed':
      case 'JoinCancelled':
        this.#settle(session, event.join);
        return;
      case 'RootLost':
        this.#await(session, vacancy, event.until);
        return;
      case 'RootReplaced':
        this.#bring(session, event.root, arrived);
        this.#settle(session, vacancy);
        return;
      case 'SessionClosed':
        this.#forget(session);
        return;
      case 'ListenStarted':
      case 'PolicyChanged':
      case 'JoinDeferred':
      case 'HeirElected':
      case 'CommandSettled':
      case 'MemberLeft':
      case 'SessionShutDown':
        return;
    }
  }

  #entry(session: SessionAddress): Entry {
    const entry = this.#entries.get(session) ?? { deadlines: null, runs: [] };
    this.#entries.set(session, entry);
    return entry;
  }

  #await(session: SessionAddress, what: string, at: number): void {
    (this.#entry(session).deadlines ??= new Map()).set(what, at);
  }

  #settle(session: SessionAddress, what: string): void {
    const entry = this.#entries.get(session);
    entry?.deadlines?.delete(what);
    if (entry?.deadlines?.size === 0) entry.deadlines = null;
  }

  #bring(session: SessionAddress, socket: SocketId, arrived: Set<NodeRun>): void {
    const run = runOf(socket);
    const sessions = this.#sessionsByRun.get(run) ?? new Set();
    if (sessions.has(session)) return;
    arrived.add(run);
    this.#sessionsByRun.set(run, sessions.add(session));
    const entry = this.#entry(session);
    if (entry.runs.length === 0)
      entry.runs = [run]; // Pushing would make room for many more.
    else entry.runs.push(run);
  }

  #takeOut(session: SessionAddress, run: NodeRun, arrived: Set<NodeRun>): void {
    const entry = this.#entries.get(session);
    if (entry !== undefined) entry.runs = entry.runs.filter((other) => other !== run);
    this.#unlist(session, run);
    arrived.delete(run);
  }

  #forget(session: SessionAddress): void {
    for (const run of this.#entries.get(session)?.runs ?? []) this.#unlist(session, run);
    this.#entries.delete(session);
  }

  #unlist(session: SessionAddress, run: NodeRun): void {
    const sessions = this.#sessionsByRun.get(run);
    sessions?.delete(session);
    if (sessions?.size === 0) this.#sessionsByRun.delete(run);
  }
}
