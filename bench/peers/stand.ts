import { memberName, type Joined, type Member, type Peer } from './peer.js';
import { startPeer, type Started } from './started.js';
import { wrongIn } from './verdict.js';

const programs = 8;
const manySessions = 200;
/** More than any run admits, and checked all the same. */
const roomForAll = 100_000;
const patientBoundMs = 60_000;
const closedAtOnce = 16;

/** A peer that runs, with the programs that join it. */
export class Stand implements AsyncDisposable {
  readonly #admitted = new Map<string, Set<string>>();
  readonly #visitors: Member[] = [];
  #members: readonly Member[] = [];
  #started = new AsyncDisposableStack();
  #serial = 1_000; // Those before are for whoever calls members by their numbers.

  /** Starts the peer and its programs, and opens the many sessions. */
  static async set(peer: Peer): Promise<Stand> {
    await using stack = new AsyncDisposableStack();
    const { running, keeper } = await startPeer(peer, patientBoundMs, stack);
    const stand = new Stand(peer, { running, keeper });
    stack.defer(() => stand.#leave());
    await stand.#connect();
    await stand.open(stand.many);
    stand.#started = stack.move();
    return stand;
  }

  readonly many = Array.from({ length: manySessions }, (_, index) => `many-${String(index)}`);

  private constructor(
    readonly peer: Peer,
    private readonly parts: Started,
  ) {}

  get version(): string {
    return this.parts.running.version;
  }

  async open(sessions: readonly string[], capacity = roomForAll): Promise<void> {
    await this.parts.keeper.open(sessions, capacity);
    for (const session of sessions) this.#admitted.set(session, new Set());
  }

  /** Calls back for the members that the keeper is told of from now on. */
  watch(session: string, came: (member: string) => void): Promise<void> {
    return this.parts.keeper.watch(session, { came, lost: () => undefined });
  }

  /** Somebody new joins, by one of the programs that are connected. */
  async joinNew(session: string, signal?: AbortSignal): Promise<Joined> {
    this.#serial += 1;
    return this.join(session, this.#serial, signal);
  }

  /** The same number is the same member. */
  async join(session: string, number: number, signal?: AbortSignal): Promise<Joined> {
    const member = this.#members[number % programs];
    if (member === undefined) throw new Error('nobody is connected');
    const own = Math.floor(number / programs) + 1;
    const joined = await member.join(session, own, signal);
    if (joined.outcome === 'admitted') this.#keep(session, memberName(member.program, own));
    return joined;
  }

  /** A program that was not there before connects, and joins. */
  async joinAnew(session: string): Promise<Joined> {
    this.#serial += 1;
    const program = `visitor-${String(this.#serial)}`;
    const { peer, parts } = this;
    const member = await peer.connect(parts.running.address, { program, boundMs: patientBoundMs });
    this.#visitors.push(member);
    const joined = await member.join(session, 1);
    if (joined.outcome === 'admitted') this.#keep(session, memberName(program, 1));
    return joined;
  }

  /** What is wrong with these sessions; null when nothing is. */
  async wrong(
    sessions: readonly string[],
    { capacity = roomForAll, unanswered = 0 } = {},
  ): Promise<string | null> {
    for (const session of sessions) {
      const members = await this.parts.keeper.members(session);
      const admitted = this.#admitted.get(session) ?? new Set<string>();
      const wrong = wrongIn({ session, capacity, admitted, unanswered, members });
      if (wrong !== null) return wrong;
    }
    return null;
  }

  /** Between two runs: visitors go, and where a member is a connection, the others go too. */
  async clear(): Promise<void> {
    const visitors = this.#visitors.splice(0);
    while (visitors.length > 0) {
      await Promise.all(visitors.splice(0, closedAtOnce).map((visitor) => visitor.close()));
    }
    if (this.peer.sharesConnections) return;
    await this.#disconnect();
    await this.#connect();
    for (const admitted of this.#admitted.values()) admitted.clear();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#started.disposeAsync();
  }

  async #leave(): Promise<void> {
    await this.clear().catch(() => undefined);
    await this.#disconnect().catch(() => undefined);
  }

  async #connect(): Promise<void> {
    const names = Array.from({ length: programs }, (_, index) => `program-${String(index)}`);
    const { address } = this.parts.running;
    this.#members = await Promise.all(
      names.map((program) => this.peer.connect(address, { program, boundMs: patientBoundMs })),
    );
  }

  async #disconnect(): Promise<void> {
    await Promise.all(this.#members.map((member) => member.close()));
  }

  #keep(session: string, name: string): void {
    this.#admitted.get(session)?.add(name);
  }
}
