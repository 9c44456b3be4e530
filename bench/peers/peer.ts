// The job that every peer does, as a user would have it done: sessions with a capacity, programs that join them,
// and an end for members whose program is gone. One measuring program goes over these, whoever is behind them.

/** What an answer outlives: nothing, the end of the server's process, or the loss of the machine's power. */
export type Durability = 'memory' | 'OS cache' | 'fsync';

export type Outcome = 'admitted' | 'already' | 'full';

export interface Joined {
  readonly outcome: Outcome;
  /** Tries beside the first, because somebody else was quicker. */
  readonly retries: number;
}

/** A member is called by its program and a number of that program's own: `ada:7`. */
export const memberName = (program: string, number: number): string =>
  `${program}:${String(number)}`;

/** One program's connection, lease, session or node, with which it joins. */
export interface Member {
  readonly program: string;
  /**
   * @param signal - Ends the tries of a join that nobody waits for any more.
   * @throws Error when there is no answer.
   */
  join(session: string, number: number, signal?: AbortSignal): Promise<Joined>;
  /** Gives everything back: what joined by this connection leaves. */
  close(): Promise<void>;
}

export interface Watcher {
  readonly came: (member: string) => void;
  readonly lost: (member: string) => void;
}

/** Whoever sets sessions up and looks at them: what is timed of it is when it is told. */
export interface Keeper {
  /** Sessions that exist already are left as they are. */
  open(sessions: readonly string[], capacity: number): Promise<void>;
  /** Who is on record, as often as it is there. */
  members(session: string): Promise<readonly string[]>;
  /** Is told from now on of every member that comes or goes. */
  watch(session: string, watcher: Watcher): Promise<void>;
  close(): Promise<void>;
}

/** The peer's servers, on loopback. */
export interface Running {
  /** Everything that another process needs for `connect`. */
  readonly address: string;
  readonly port: number;
  readonly version: string;
  /** What can be killed, all of it first. */
  readonly parts: readonly string[];
  /** Ends it as a crash would. */
  kill(part: string): Promise<void>;
  /** Starts it again, on what it had stored. It need not serve yet. */
  restart(part: string): Promise<void>;
  stop(): Promise<void>;
}

export interface StartOptions {
  /** The peer's own folder, empty, on the disk that all share. */
  readonly folder: string;
  /** Silence after which a program counts as dead. */
  readonly boundMs: number;
}

export interface MemberOptions {
  readonly program: string;
  readonly boundMs: number;
}

export interface Peer {
  readonly id: string;
  readonly title: string;
  readonly durability: Durability;
  /** How it does the job, in a sentence. */
  readonly recipe: string;
  /**
   * Whether members may share a connection. Where they cannot, every join makes one.
   */
  readonly sharesConnections: boolean;
  /** Whether sessions are there again after a restart; if not, somebody has to open them again. */
  readonly remembers: boolean;
  /** Peers that differ by how they join alone share the figures of failures: measured where this is true. */
  readonly showsFailures: boolean;
  /** @throws LeftOut when this machine cannot have it. */
  install(tell: (message: string) => void): Promise<void>;
  start(options: StartOptions): Promise<Running>;
  connect(address: string, options: MemberOptions): Promise<Member>;
  keep(address: string, boundMs: number): Promise<Keeper>;
}

/** A peer that this machine cannot have, and why. */
export class LeftOut extends Error {
  override readonly name = 'LeftOut';
}
