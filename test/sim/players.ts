import type {
  Invitation,
  Joinleaf,
  JoinRequest,
  Leaf,
  Link,
  Root,
  RootOptions,
  Stats,
} from '@joinleaf/client';
import type { Chance, SimProcess, Simulation } from '@joinleaf/sim';
import { Actor } from '../deployment/actor.js';
import { LifeJournal } from './life-journal.js';

export interface PlayWish {
  readonly simulation: Simulation;
  readonly chance: Chance;
  readonly rooms: readonly string[];
  readonly guests: readonly string[];
}

/** What a node of the play has going on in its present life. */
interface Life {
  readonly process: SimProcess;
  readonly actor: Actor;
  readonly journal: LifeJournal;
  readonly open: Set<Leaf>;
}

type Role = (life: Life, chance: Chance) => Promise<unknown>;

const lobby = 'lobby';

/**
 * Programs that keep rooms and programs that come and go, each of them on a node of its own that may be killed, paused, cut
 * off or given up at any time, and then begins a new life.
 */
export class Play {
  readonly journals: LifeJournal[] = [];
  readonly #wish: PlayWish;
  readonly #lives = new Map<string, Life>();
  readonly #clients: Joinleaf[] = [];
  /** Nodes that do not come back. */
  readonly #gone = new Set<string>();
  #isOver = false;
  #lifeCount = 0;

  constructor(wish: PlayWish) {
    this.#wish = wish;
  }

  get nodes(): readonly string[] {
    const { rooms, guests } = this.#wish;
    return [...rooms.map((room) => `host-of-${room}`), 'keeper', ...guests];
  }

  begin(): void {
    const { rooms, guests } = this.#wish;
    for (const room of rooms) this.#keep(`host-of-${room}`, this.#host(room, {}));
    this.#keep('keeper', this.#host(lobby, { admit: 'auto', capacity: 2 }));
    for (const guest of guests) this.#keep(guest, this.#guest);
  }

  /** Nobody begins anything any more. */
  stop(): void {
    this.#isOver = true;
  }

  /** Whether every call of a program that lives has its outcome. */
  get isSettled(): boolean {
    return [...this.#lives.values()].every(({ journal }) => journal.waiting === 0);
  }

  /** What happened to the clients of all lives. */
  get stats(): readonly Stats[] {
    return this.#clients.map(({ stats }) => stats);
  }

  /** Sockets that a living program holds as a leaf. */
  get held(): ReadonlySet<string> {
    const lives = [...this.#lives.values()].filter(({ process }) => process.isAlive);
    const open = lives.flatMap(({ open: leaves }) => [...leaves].filter(({ isOpen }) => isOpen));
    return new Set(open.map(({ socket }) => socket));
  }

  /** kill -9 of a node's program, which begins again later, or never. */
  kill(node: string): void {
    if (this.#wish.chance.maybe(0.2)) this.#gone.add(node);
    this.#lives.get(node)?.journal.end();
    this.#lives.delete(node);
    this.#wish.simulation.kill(node);
  }

  // A node begins a new life whenever it has none.
  #keep(node: string, role: Role): void {
    const { simulation, chance } = this.#wish;
    const again = () => {
      simulation.timeline.after(chance.between(200, 1_500), () => {
        const isGone = this.#isOver || this.#gone.has(node);
        if (!isGone && !this.#lives.has(node)) void begin().catch(() => undefined);
        if (!this.#isOver) again();
      });
    };
    const begin = async () => {
      const life = await this.#born(node);
      void life.actor.jl.closed.then(() => {
        life.journal.end();
        if (this.#lives.get(node) === life) this.#lives.delete(node);
      });
      await role(life, chance.fork(life.journal.life));
    };
    void begin().catch(() => undefined);
    again();
  }

  async #born(node: string): Promise<Life> {
    const { simulation, chance } = this.#wish;
    this.#lifeCount += 1;
    const process = simulation.process(node);
    const journal = new LifeJournal(`${node} ${String(this.#lifeCount)}`);
    const boundMs = chance.pick([1_000, 2_000, 5_000]);
    const patience = {
      requestTimeoutMs: chance.pick([300, 1_000, 8_000]),
      callTimeoutMs: chance.pick([900, 4_000, 12_000]),
    };
    const life = { process, journal, open: new Set<Leaf>() };
    this.#lives.delete(node);
    const jl = await simulation.connectNode(process, { boundMs, ...patience });
    this.#clients.push(jl);
    const actor = new Actor(jl, journal, (ms) => process.sleep(ms));
    const born: Life = { ...life, actor };
    this.journals.push(journal);
    this.#lives.set(node, born);
    return born;
  }

  async #pause({ process }: Life, ms: number): Promise<boolean> {
    await process.sleep(ms);
    return !this.#isOver;
  }

  #host(session: string, options: RootOptions): Role {
    return async (life, chance) => {
      for (;;) {
        const root = await this.#opened(life, session, options, chance);
        if (root === null) return;
        void this.#answer(life, root, chance);
        await this.#invite(life, root, chance);
        if (this.#isOver || !root.isOpen) return;
        await insistently(life, () => life.actor.close(root));
      }
    };
  }

  async #opened(
    life: Life,
    session: string,
    options: RootOptions,
    chance: Chance,
  ): Promise<Root | null> {
    const capacity = chance.pick([2, 3, 100]);
    for (;;) {
      try {
        return await life.actor.openRoot(session, { joinDeadlineMs: 3_000, capacity, ...options });
      } catch {
        // Its last holder is not known to be gone yet, or nobody is there to ask.
        if (!(await this.#pause(life, chance.between(100, 600)))) return null;
      }
    }
  }

  async #answer(life: Life, root: Root, chance: Chance): Promise<void> {
    for await (const request of root.requests()) {
      void this.#decide(life, request, chance).catch(() => undefined); // The asker's outcome tells.
    }
  }

  async #decide(life: Life, request: JoinRequest, chance: Chance): Promise<void> {
    if (chance.maybe(0.1)) return; // The deadline decides.
    life.journal.answersOne(request);
    if (chance.maybe(0.12)) {
      await request.reject();
      return;
    }
    if (chance.maybe(0.12)) await request.defer();
    const accepted = await request.accept({ calleeData: 'welcome' });
    if (!accepted.ok) return;
    life.actor.watch(accepted.link);
    if (chance.maybe(0.25)) await this.#closeSoon(life, accepted.link, chance);
  }

  async #invite(life: Life, root: Root, chance: Chance): Promise<void> {
    while (root.isOpen && (await this.#pause(life, chance.between(40, 400)))) {
      if (chance.maybe(0.04)) return;
      // One too many: the root has an invitation outstanding already, or will have.
      if (chance.maybe(0.1)) void this.#inviteOne(life, root, chance);
      await this.#inviteOne(life, root, chance);
    }
  }

  async #inviteOne(life: Life, root: Root, chance: Chance): Promise<void> {
    const leaf = `${chance.pick(this.#wish.guests)}:1`;
    const inviting = life.actor.inviteAndWait(root, leaf, { deadlineMs: 1_500 });
    const outcome = await inviting.catch(() => null);
    if (outcome?.ok === true) void this.#closeSoon(life, outcome.link, chance);
  }

  readonly #guest: Role = async (life, chance) => {
    void this.#beInvited(life, chance).catch(() => undefined);
    const { rooms } = this.#wish;
    while (await this.#pause(life, chance.between(20, 300))) {
      const session = chance.pick([...rooms, lobby, lobby]);
      const outcome = await life.actor.ask(session, { deadlineMs: 3_000 });
      if (outcome?.ok !== true) continue;
      life.open.add(outcome.leaf);
      await this.#closeSoon(life, outcome.leaf, chance);
    }
  };

  async #beInvited(life: Life, chance: Chance): Promise<void> {
    for await (const invitation of life.actor.jl.listen(1)) {
      void this.#consider(life, invitation, chance).catch(() => undefined);
    }
  }

  async #consider(life: Life, invitation: Invitation, chance: Chance): Promise<void> {
    if (chance.maybe(0.1)) return;
    life.journal.answersOne(invitation);
    if (chance.maybe(0.12)) {
      await invitation.reject();
      return;
    }
    const accepted = await invitation.accept({ calleeData: 'gladly' });
    if (!accepted.ok) return;
    life.actor.watch(accepted.leaf);
    life.open.add(accepted.leaf);
  }

  async #closeSoon(life: Life, socket: Leaf | Link, chance: Chance): Promise<void> {
    await life.process.sleep(chance.between(0, 600));
    await insistently(life, () => life.actor.close(socket));
  }
}

// Closing is safe to repeat, and has to work in the end.
async function insistently({ process }: Life, work: () => Promise<void>): Promise<void> {
  for (let attempt = 1; attempt <= 100; attempt += 1) {
    try {
      await work();
      return;
    } catch {
      await process.sleep(250);
    }
  }
}
