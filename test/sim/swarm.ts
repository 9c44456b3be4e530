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

  constructor(simulation: Simulation, play: Play, chance: Chance) {
    this.#simulation = simulation;
    this.#chance = chance;
    this.#everyMs = chance.pick([300, 800, 2_000, 6_000]);
    this.#faults = faultsOf(simulation, play, chance).filter(() => chance.maybe(0.4));
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
  const ofKind = (kind: string) => simulation.services.filter((name) => name.startsWith(kind));
  const session = () => chance.pick(ofKind('session'));
  const notifier = () => chance.pick(ofKind('notifier'));
  const service = () => chance.pick(simulation.services);
  const node = () => chance.pick(play.nodes);
  const direction = () => chance.pick(['up', 'down', 'both', 'both'] as const);
  const forMs = () => chance.pick([50, 400, 1_500, 4_000, 15_000]);
  return [
    {
      name: 'an arbiter is killed',
      strike: () => {
        simulation.kill(session());
      },
    },
    {
      name: 'a notifier is killed',
      strike: () => {
        simulation.kill(notifier());
      },
    },
    {
      name: 'a service is paused',
      strike: () => {
        simulation.pause(service(), forMs());
      },
    },
    {
      name: 'a service is cut off',
      strike: () => {
        simulation.cut(service(), direction(), forMs());
      },
    },
    {
      name: "a service's connection breaks",
      strike: () => {
        simulation.reset(service());
      },
    },
    {
      name: "a service's clock jumps",
      strike: () => {
        simulation.skew(service(), chance.between(-5_000, 5_000));
      },
    },
    {
      name: 'a node is killed',
      strike: () => {
        play.kill(node());
      },
    },
    {
      name: 'a node is paused',
      strike: () => {
        simulation.pause(node(), forMs());
      },
    },
    {
      name: 'a node is cut off',
      strike: () => {
        simulation.cut(node(), direction(), forMs());
      },
    },
    {
      name: "a node's connection breaks",
      strike: () => {
        simulation.reset(node());
      },
    },
    {
      name: 'the broker is killed',
      strike: () => {
        simulation.crashBroker(chance.pick([100, 1_000, 5_000]));
      },
    },
    {
      name: 'the leader is lost',
      strike: () => {
        simulation.jetstream.loseLeader(chance.between(300, 8_000), chance.pick([0, 500, 3_000]));
      },
    },
  ];
}
