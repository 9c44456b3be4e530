import { setTimeout as delay } from 'node:timers/promises';
import type {
  ConnectOptions,
  Invitation,
  JoinRequest,
  Leaf,
  Link,
  Root,
  Stats,
} from '@joinleaf/client';
import { Actor } from './actor.js';
import { nodeIn } from './check-bulletins.js';
import type { Chance } from '@joinleaf/sim';
import type { Deployment } from './deployment.js';
import { eventually } from './eventually.js';
import { membersOf, storyOf } from './ghosts.js';
import type { Journal } from './journal.js';

export interface TrafficWish {
  readonly deployment: Pick<Deployment, 'connectNode' | 'records'>;
  readonly journal: Journal;
  readonly chance: Chance;
  readonly rooms?: number;
  readonly guests?: number;
  /** Endpoints besides the guests' own that hosts invite, such as those of leaf agents. */
  readonly endpoints?: readonly string[];
  /** How everybody connects. */
  readonly nodeOptions?: Partial<ConnectOptions>;
  /** How the keeper of the lobby connects, when not like everybody. */
  readonly keeperOptions?: Partial<ConnectOptions>;
  /** Called for each link at a host, with the endpoint at its other end. */
  readonly onLink?: (link: Link, room: Room) => void;
}

/** A session with a root, and the program that keeps it. */
export interface Room {
  readonly host: Actor;
  readonly root: Root;
}

const group = '@news';

/**
 * A steady stream of joins, invitations and departures: hosts who let most in and turn some away, guests who
 * come, stay a little and go, a lobby that admits by itself, and a group. It goes on whatever happens to the
 * services, until it is told to stop.
 */
export class Traffic {
  readonly #wish: TrafficWish;
  readonly #loops: Promise<void>[] = [];
  readonly #rooms: Room[] = [];
  readonly #guests: Actor[] = [];
  /** Leaves that accepted an invitation, and leave when their host says so. */
  readonly #invited = new Set<Leaf>();
  #stopping = false;
  /** Resolves when a rest is over; null while there is none. */
  #rest: PromiseWithResolvers<undefined> | null = null;
  #resting = 0;
  #lobby: Room | null = null;

  static async start(wish: TrafficWish): Promise<Traffic> {
    const traffic = new Traffic(wish);
    await traffic.#begin();
    return traffic;
  }

  private constructor(wish: TrafficWish) {
    this.#wish = wish;
  }

  get rooms(): readonly Room[] {
    return this.#rooms;
  }

  get joined(): number {
    return this.#wish.journal.count('joined');
  }

  /** Waits until so many more have joined: whatever happened, it goes on. */
  async goesOn(count: number, withinMs = 40_000): Promise<void> {
    const enough = this.joined + count;
    const what = `${String(count)} more join`;
    await eventually(what, () => this.joined >= enough, { withinMs });
  }

  /** Nobody asks until `goOn`, and every call has its outcome. Members stay what they are. */
  async rest(withinMs = 60_000): Promise<void> {
    this.#rest ??= Promise.withResolvers<undefined>();
    const what = 'everybody rests';
    await eventually(what, () => this.#resting === this.#loops.length, { withinMs });
    await this.#wish.journal.everyOutcome(withinMs);
  }

  goOn(): void {
    this.#rest?.resolve(undefined);
    this.#rest = null;
  }

  /** Nobody asks any more, whatever becomes of what was asked: the deployment is of no more use. */
  giveUp(): void {
    this.#stopping = true;
    this.goOn();
  }

  /**
   * Nobody asks any more, every call has its outcome, and the sessions are closed. The programs stay connected,
   * to hear what there is still to hear.
   */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.goOn();
    await this.#wish.journal.everyOutcome(60_000);
    await Promise.all(this.#loops);
    await this.#noGhosts();
    const open = this.#lobby === null ? this.#rooms : [...this.#rooms, this.#lobby];
    await Promise.all(open.map(({ host, root }) => insistently(() => host.close(root))));
  }

  /** What happened to all clients together. */
  get stats(): Readonly<
    Record<'retries' | 'reconnects' | 'duplicatesDropped' | 'gaps' | 'resumes' | 'unknown', number>
  > {
    const all = this.#clients.map(({ jl }) => jl.stats);
    const sum = (count: (stats: Stats) => number) =>
      all.reduce((total, each) => total + count(each), 0);
    return {
      retries: sum(({ retries }) => retries),
      reconnects: sum(({ reconnects }) => reconnects),
      duplicatesDropped: sum(({ duplicatesDropped }) => duplicatesDropped),
      gaps: sum(({ gaps }) => gaps),
      resumes: sum(({ resumes }) => resumes),
      unknown: sum(({ unknown }) => unknown),
    };
  }

  get #clients(): readonly Actor[] {
    const hosts = [...this.#rooms, ...(this.#lobby === null ? [] : [this.#lobby])].map(
      ({ host }) => host,
    );
    return [...hosts, ...this.#guests];
  }

  // A member that no program knows of is a ghost: somebody who gave up, and was let in all the same.
  async #noGhosts(): Promise<void> {
    const { deployment, journal, endpoints = [] } = this.#wish;
    const sessions = [...this.#rooms.map(({ root }) => root.session), 'lobby', group];
    const agents = new Set(endpoints.map(nodeIn));
    await eventually('every member is known to a program', async () => {
      const records = await deployment.records();
      const open = new Set(
        [...this.#invited].filter(({ isOpen }) => isOpen).map((leaf) => leaf.socket as string),
      );
      const ghosts = sessions
        .flatMap((session) => membersOf(records, session))
        .filter((leaf) => !open.has(leaf) && !agents.has(nodeIn(leaf)));
      const stories = ghosts.map((leaf) => storyOf(leaf, records, journal));
      if (stories.length > 0) throw new Error(stories.join('\n'));
      return true;
    });
  }

  async #begin(): Promise<void> {
    const { deployment, journal, chance, nodeOptions, rooms = 2, guests = 4 } = this.#wish;
    const { keeperOptions } = this.#wish;
    const enter = (node: string, options: Partial<ConnectOptions> = {}) =>
      Actor.enter(deployment, journal, node, { ...nodeOptions, ...options });
    const hosts = await Promise.all(numbers(rooms).map((n) => enter(`host-${n}`)));
    // All of them ask again soon, and every other one gives up soon.
    const patient = { requestTimeoutMs: 300 };
    for (const n of numbers(guests)) {
      const options = Number(n) % 2 === 0 ? { ...patient, callTimeoutMs: 800 } : patient;
      this.#guests.push(await enter(`guest-${n}`, options));
    }
    const keeper = await enter('keeper', keeperOptions);

    for (const [index, host] of hosts.entries()) {
      const root = await host.openRoot(`room-${String(index + 1)}`, { joinDeadlineMs: 5_000 });
      this.#rooms.push({ host, root });
    }
    const lobby = await keeper.openRoot('lobby', { admit: 'auto', capacity: 2 });
    this.#lobby = { host: keeper, root: lobby };
    await keeper.jl.openGroup(group);

    for (const room of this.#rooms) {
      void this.#keepDoor(room, chance.split());
      this.#loops.push(this.#inviteOn(room, chance.split()));
    }
    for (const guest of this.#guests) {
      void this.#beInvited(guest, chance.split());
      this.#loops.push(this.#comeAndGo(guest, chance.split()));
    }
  }

  /** Whether to go on after it. */
  async #pause(ms: number): Promise<boolean> {
    await delay(ms);
    if (this.#rest !== null && !this.#stopping) {
      this.#resting += 1;
      await this.#rest.promise;
      this.#resting -= 1;
    }
    return !this.#stopping;
  }

  async #keepDoor({ host, root }: Room, chance: Chance): Promise<void> {
    for await (const request of root.requests()) {
      void this.#answer(host, request, chance).catch(() => undefined); // The asker's outcome tells.
    }
  }

  async #answer(host: Actor, request: JoinRequest, chance: Chance): Promise<void> {
    if (chance.oneIn(8)) {
      host.journal.answersOne(request);
      await request.reject();
      return;
    }
    if (chance.oneIn(8)) await request.defer();
    host.journal.answersOne(request);
    const accepted = await request.accept({ calleeData: 'welcome' });
    if (!accepted.ok) return;
    host.watch(accepted.link);
    if (chance.oneIn(4)) await this.#closeSoon(host, accepted.link, chance);
  }

  async #inviteOn(room: Room, chance: Chance): Promise<void> {
    const { endpoints = [], onLink } = this.#wish;
    const { host, root } = room;
    while (await this.#pause(chance.whole(5, 60))) {
      const guest = chance.pick(this.#guests);
      const leaf = chance.pick([`${guest.node}:1`, `${guest.node}:1`, ...endpoints]);
      const outcome = await host.inviteAndWait(root, leaf, { deadlineMs: 1_500 }).catch(() => null);
      if (!outcome?.ok) continue;
      onLink?.(outcome.link, room);
      if (!endpoints.includes(leaf) || chance.oneIn(3)) {
        await this.#closeSoon(host, outcome.link, chance);
      }
    }
  }

  async #comeAndGo(guest: Actor, chance: Chance): Promise<void> {
    while (await this.#pause(chance.whole(1, 40))) {
      const session = chance.pick([...this.#rooms.map(({ root }) => root.session), 'lobby', group]);
      const outcome = await guest.ask(session, { deadlineMs: 5_000 });
      if (outcome?.ok) await this.#closeSoon(guest, outcome.leaf, chance);
    }
  }

  async #beInvited(guest: Actor, chance: Chance): Promise<void> {
    for await (const invitation of guest.jl.listen(1)) {
      void this.#consider(guest, invitation, chance).catch(() => undefined);
    }
  }

  async #consider(guest: Actor, invitation: Invitation, chance: Chance): Promise<void> {
    if (chance.oneIn(10)) return; // Neither yes nor no: the deadline decides.
    if (chance.oneIn(8)) {
      await invitation.reject();
      return;
    }
    const accepted = await invitation.accept({ calleeData: 'gladly' });
    if (!accepted.ok) return;
    guest.watch(accepted.leaf);
    this.#invited.add(accepted.leaf);
    await accepted.leaf.over;
  }

  async #closeSoon(actor: Actor, socket: Leaf | Link, chance: Chance): Promise<void> {
    await delay(chance.whole(0, 120));
    await insistently(() => actor.close(socket));
  }
}

const numbers = (count: number): string[] =>
  Array.from({ length: count }, (_, index) => String(index + 1));

// Closing is safe to repeat, and has to work in the end.
async function insistently(work: () => Promise<void>): Promise<void> {
  for (let attempt = 1; attempt <= 40; attempt += 1) {
    try {
      await work();
      return;
    } catch {
      await delay(250);
    }
  }
}
