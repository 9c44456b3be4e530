import { connectIn, type ConnectOptions, type Joinleaf, type World } from '@joinleaf/client';
import { inboxPrefixOf, Subjects } from '@joinleaf/wire';
import { Chance } from './chance.js';
import { clockOf } from './clock-of.js';
import { startArbiter } from './sim-arbiter.js';
import type { SimConnection } from './sim-connection.js';
import { SimJetStream } from './sim-jetstream.js';
import { SimNats } from './sim-nats.js';
import { startNotifier } from './sim-notifier.js';
import { SimProcess } from './sim-process.js';
import type { ServiceWorld, SimService } from './sim-service.js';
import { addStreams } from './streams.js';
import { Timeline } from './timeline.js';

export interface SimulationWish {
  readonly seed: number;
  /** Copies of each stream: 1 is one server, 3 a cluster. Default 1. */
  readonly replicas?: 1 | 3;
  /** Default 2 of each. */
  readonly arbiters?: number;
  readonly notifiers?: number;
}

type Start = (process: SimProcess, world: ServiceWorld) => Promise<SimService>;

/** A place for a service, which is started again whenever it has ended. */
interface Slot {
  readonly name: string;
  readonly start: Start;
  process: SimProcess | null;
  service: SimService | null;
}

/** The longest that a killed program may go on being missed. */
const missedWithinMs = 20_000;

/** A time in which somebody could not be heard, through no fault of whoever listens. */
interface Trouble {
  /** Null: everybody. */
  readonly name: string | null;
  readonly from: number;
  readonly until: number;
}

/** A program's process and what it has open. */
interface Program {
  readonly process: SimProcess;
  readonly connections: SimConnection[];
}

/**
 * A whole deployment in one process: the production code of arbiters, notifiers and clients, over a simulated network and
 * broker, on simulated time. The same seed gives the same life, to the last message.
 */
export class Simulation {
  readonly timeline = new Timeline();
  readonly chance: Chance;
  readonly nats: SimNats;
  readonly jetstream: SimJetStream;
  readonly subjects = new Subjects('sim');
  /** What happened, and how often. */
  readonly counts = new Map<string, number>();
  /** What must never happen, and did. */
  readonly findings: string[] = [];
  readonly #slots: readonly Slot[];
  readonly #programs = new Map<string, Program>();
  readonly #troubles: Trouble[] = [];
  #starts = 0;

  constructor({ seed, replicas = 1, arbiters = 2, notifiers = 2 }: SimulationWish) {
    this.chance = new Chance(seed);
    this.nats = new SimNats(this.timeline, this.chance.fork('network'));
    this.jetstream = new SimJetStream(this.nats, replicas);
    addStreams(this.jetstream, this.subjects);
    this.#slots = [
      ...slots('session', arbiters, startArbiter),
      ...slots('notifier', notifiers, startNotifier),
    ];
  }

  get services(): readonly string[] {
    return this.#slots.map(({ name }) => name);
  }

  get programs(): readonly string[] {
    return [...this.#programs.keys()];
  }

  /** Starts every service; they are ready a little later. */
  start(): void {
    for (const slot of this.#slots) this.#startService(slot);
  }

  count(what: string, times = 1): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + times);
  }

  /** A process for a program of this name; whatever had the name before is killed. */
  process(name: string): SimProcess {
    this.kill(name);
    const process = this.#newProcess(name);
    this.#programs.set(name, { process, connections: [] });
    return process;
  }

  /** Connects a program's process as a node. Rejects as `connect` of the client does. */
  connectNode(process: SimProcess, options: Partial<ConnectOptions> = {}): Promise<Joinleaf> {
    const connections = this.#programs.get(process.name)?.connections ?? [];
    const wish = { servers: 'simulated', realm: this.subjects.realm, node: process.name };
    return connectIn(clientWorld(process), { ...wish, ...options }, async ({ node, boundMs }) => {
      const inboxPrefix = inboxPrefixOf(node);
      const pingMs = Math.min(Math.max(Math.floor((boundMs ?? 15_000) / 5), 250), 5_000);
      const connection = await this.nats.connect({ process, inboxPrefix, pingMs });
      connections.push(connection);
      return connection.nc;
    });
  }

  /** kill -9. A service is started again after a while, a program is not. */
  kill(name: string): void {
    const process = this.#processOf(name);
    if (process === null) return;
    this.#troubled(name, missedWithinMs);
    process.kill();
    for (const connection of this.#connectionsOf(process)) connection.reset();
    const slot = this.#slots.find((one) => one.name === name);
    if (slot === undefined) this.#programs.delete(name);
    else this.#restart(slot);
  }

  /** Whether a program could have been silent at some time between these, for what was done to it or to the broker. */
  wasTroubled(name: string, from: number, until: number): boolean {
    return this.#troubles.some(
      (each) =>
        (each.name === null || each.name === name) && each.from <= until && each.until >= from,
    );
  }

  pause(name: string, forMs: number): void {
    this.#troubled(name, forMs);
    const process = this.#processOf(name);
    process?.pause();
    this.timeline.after(forMs, () => process?.goOn());
  }

  /** Cuts a process off from the broker without a word, in one direction or both. */
  cut(name: string, direction: 'up' | 'down' | 'both', forMs: number): void {
    this.#troubled(name, forMs);
    const process = this.#processOf(name);
    if (process === null) return;
    const connections = this.#connectionsOf(process);
    for (const connection of connections) connection.cut(direction);
    this.timeline.after(forMs, () => {
      for (const connection of connections) connection.heal();
    });
  }

  /** Breaks a process's connections; they are made again. */
  reset(name: string): void {
    this.#troubled(name, 0);
    const process = this.#processOf(name);
    if (process === null) return;
    for (const connection of this.#connectionsOf(process)) connection.reset();
  }

  /** Sets the wall clock of a process wrong. */
  skew(name: string, ms: number): void {
    const process = this.#processOf(name);
    if (process !== null) process.skewMs = ms;
  }

  /** The server is killed, and comes back. */
  crashBroker(forMs: number): void {
    this.#troubled(null, forMs);
    this.nats.crash();
    this.timeline.after(forMs, () => {
      this.nats.comeBack();
    });
  }

  /** No more faults: everything that was broken works again. */
  heal(): void {
    this.nats.heal();
    for (const slot of this.#slots) slot.process?.goOn();
    for (const { process } of this.#programs.values()) process.goOn();
    for (const slot of this.#slots) this.skew(slot.name, 0);
  }

  /** How all appends went so far, of the services that live. */
  get appends(): Readonly<Record<string, number>> {
    const sum: Record<string, number> = {};
    for (const { service } of this.#slots) {
      for (const [name, value] of Object.entries(service?.counts() ?? {})) {
        sum[name] = (sum[name] ?? 0) + value;
      }
    }
    return sum;
  }

  #troubled(name: string | null, forMs: number): void {
    const { now: from } = this.timeline;
    this.#troubles.push({ name, from, until: from + forMs });
  }

  #processOf(name: string): SimProcess | null {
    const slot = this.#slots.find((one) => one.name === name);
    return slot === undefined ? (this.#programs.get(name)?.process ?? null) : slot.process;
  }

  #connectionsOf(process: SimProcess): readonly SimConnection[] {
    return this.nats.connections.filter((connection) => connection.process === process);
  }

  #newProcess(name: string): SimProcess {
    this.#starts += 1;
    const chance = this.chance.fork(`${name} ${String(this.#starts)}`);
    return new SimProcess(name, this.timeline, chance);
  }

  #startService(slot: Slot): void {
    const process = this.#newProcess(slot.name);
    slot.process = process;
    slot.service = null;
    const world = {
      nats: this.nats,
      subjects: this.subjects,
      counted: (what: string) => {
        this.count(what);
      },
      found: (finding: string) => {
        if (process.isAlive) this.findings.push(finding);
      },
    };
    const ended = slot.start(process, world).then(
      (service) => {
        if (process.isAlive) slot.service = service;
        return service.ended;
      },
      (cause: unknown) => cause,
    );
    void ended.then((cause) => {
      if (!process.isAlive) return;
      this.count(`exit: ${cause instanceof Error ? cause.name : String(cause)}`);
      this.kill(slot.name);
    });
  }

  #restart(slot: Slot): void {
    this.timeline.after(this.chance.between(300, 2_000), () => {
      if (slot.process?.isAlive !== true) this.#startService(slot);
    });
  }
}

const slots = (kind: string, count: number, start: Start): readonly Slot[] =>
  Array.from({ length: count }, (_, index) => {
    return { name: `${kind}-${String(index + 1)}`, start, process: null, service: null };
  });

const clientWorld = (process: SimProcess): World => ({
  ...clockOf(process),
  sleep: (ms, signal) => process.sleep(ms, signal),
  newId: () => process.newId(),
  newIncarnation: () => `run${Math.floor(process.chance.next() * 36 ** 6).toString(36)}`,
});
