import type { Chance, Simulation } from '@joinleaf/sim';
import type { Play } from './players.js';

/** One kind of fault, and how to bring it about. */
interface Fault {
  readonly name: string;
  readonly strike: () => void;
}

/**
 * The faults of one run: which kinds there are and how often they strike is drawn anew for each, so that some runs are full
 * of one kind and others of many.
 */
export class Swarm {
  readonly #chance: Chance;
  readonly #simulation: Simulation;
  readonly #faults: readonly Fault[];
  readonly #everyMs: number;
  #isOver = false;
  #disturbsBeats = false;

  constructor(simulation: Simulation, play: Play, chance: Chance) {
    this.#simulation = simulation;
    this.#chance = chance;
    this.#everyMs = chance.pick([300, 800, 2_000, 6_000]);
    this.#faults = faultsOf(simulation, play, chance).filter(() => chance.maybe(0.4));
  }

  /** Whether beats may be lost or late on a sound network. */
  get disturbsBeats(): boolean {
    return this.#disturbsBeats;
  }

  get kinds(): readonly string[] {
    return this.#faults.map(({ name }) => name);
  }

  begin(): void {
    const { nats } = this.#simulation;
    const lossy = this.#chance.maybe(0.3);
    const slow = this.#chance.maybe(0.4);
    nats.faults = {
      lost: lossy ? this.#chance.pick([0.001, 0.01, 0.05]) : 0,
      duplicated: lossy ? this.#chance.pick([0, 0.01]) : 0,
      slow: slow ? this.#chance.pick([0.01, 0.1]) : 0,
      slowMs: this.#chance.pick([20, 200, 1_500]),
    };
    const { lost, slow: slowness, slowMs } = nats.faults;
    this.#disturbsBeats = lost > 0 || (slowness > 0 && slowMs >= 1_000);
    if (this.#faults.length > 0) this.#next();
  }

  stop(): void {
    this.#isOver = true;
  }

  #next(): void {
    this.#simulation.timeline.after(this.#chance.between(0, 2 * this.#everyMs), () => {
      if (this.#isOver) return;
      const { name, strike } = this.#chance.pick(this.#faults);
      this.#simulation.count(`fault: ${name}`);
      strike();
      this.#next();
    });
  }
}

function faultsOf(simulation: Simulation, play: Play, chance: Chance): readonly Fault[] {
  const lengths = [50, 400, 1_500, 4_000, 15_000] as const;
  const chosen = { direction: () => chance.pick(directions), forMs: () => chance.pick(lengths) };
  const some = (kind: string) => () =>
    chance.pick(simulation.services.filter((name) => name.startsWith(kind)));
  return [
    ...faultsOfServices(simulation, { ...chosen, some }, chance),
    ...faultsOfNodes(simulation, play, { ...chosen, node: () => chance.pick(play.nodes) }),
    ...faultsOfBrokers(simulation, play, chance),
  ];
}

const directions = ['up', 'down', 'both', 'both'] as const;

interface Chosen {
  readonly direction: () => 'up' | 'down' | 'both';
  readonly forMs: () => number;
}

const fault = (name: string, strike: () => void): Fault => ({ name, strike });

function faultsOfServices(
  simulation: Simulation,
  { direction, forMs, some }: Chosen & { readonly some: (kind: string) => () => string },
  chance: Chance,
): readonly Fault[] {
  const [session, notifier, any] = [some('session'), some('notifier'), some('')];
  return [
    fault('an arbiter is killed', () => {
      simulation.kill(session());
    }),
    fault('a notifier is killed', () => {
      simulation.kill(notifier());
    }),
    fault('a service is paused', () => {
      simulation.pause(any(), forMs());
    }),
    fault('a service is cut off', () => {
      simulation.cut(any(), direction(), forMs());
    }),
    fault("a service's connection breaks", () => {
      simulation.reset(any());
    }),
    fault("a service's clock jumps", () => {
      simulation.skew(any(), chance.between(-5_000, 5_000));
    }),
  ];
}

function faultsOfNodes(
  simulation: Simulation,
  play: Play,
  { direction, forMs, node }: Chosen & { readonly node: () => string },
): readonly Fault[] {
  return [
    fault('a node is killed', () => {
      play.kill(node());
    }),
    fault('a node is paused', () => {
      simulation.pause(node(), forMs());
    }),
    fault('a node is cut off', () => {
      simulation.cut(node(), direction(), forMs());
    }),
    fault("a node's connection breaks", () => {
      simulation.reset(node());
    }),
  ];
}

function faultsOfBrokers(simulation: Simulation, play: Play, chance: Chance): readonly Fault[] {
  return [
    fault('the broker is killed', () => {
      simulation.crashBroker(chance.pick([100, 1_000, 5_000]));
    }),
    fault('the leader is lost', () => {
      const isLost = simulation.jetstream.replicas > 1;
      if (isLost && !play.isSettled) simulation.count('the leader was lost with calls under way');
      simulation.jetstream.loseLeader(chance.between(300, 8_000), chance.pick([0, 500, 3_000]));
    }),
  ];
}
