import { Network, type StartedNetwork } from 'testcontainers';
import { BecomesReady } from './becomes-ready.js';
import type { Recipe } from './containers.js';
import { CoordinatorFailed } from './failed.js';
import { Part } from './part.js';
import { freePorts, isPortTaken } from './ports.js';

const triesMax = 3;

/** A network, and the containers on it by name. */
export class Stage {
  readonly #parts = new Map<string, Part>();
  readonly #starting = new Set<Promise<unknown>>();
  #cleared: Promise<void> | null = null;

  static async set(startWithinMs: number): Promise<Stage> {
    return new Stage(await new Network().start(), startWithinMs);
  }

  private constructor(
    readonly network: StartedNetwork,
    private readonly startWithinMs: number,
  ) {}

  get parts(): readonly Part[] {
    return [...this.#parts.values()];
  }

  /** @throws TypeError for a name that nobody has. */
  part(name: string): Part {
    const part = this.#parts.get(name);
    if (part !== undefined) return part;
    throw new TypeError(`there is no container ${name}: ${[...this.#parts.keys()].join(', ')}`);
  }

  /** Starts a container and returns when it is ready. @throws CoordinatorFailed with its last lines. */
  async start(recipe: Recipe): Promise<Part> {
    const starting = this.#start(recipe);
    this.#starting.add(starting);
    try {
      const part = await starting;
      this.#parts.set(recipe.name, part);
      return part;
    } finally {
      this.#starting.delete(starting);
    }
  }

  /** Removes everything, also what is just being started. Twice is fine. */
  clear(): Promise<void> {
    this.#cleared ??= this.#clear();
    return this.#cleared;
  }

  async #clear(): Promise<void> {
    await Promise.allSettled([...this.#starting]);
    await Promise.allSettled(this.parts.map((part) => part.remove()));
    await this.network.stop();
  }

  async #start(recipe: Recipe): Promise<Part> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await this.#startOnce(recipe);
      } catch (error) {
        if (!isPortTaken(error) || tries === triesMax) throw error;
      }
    }
  }

  async #startOnce(recipe: Recipe): Promise<Part> {
    const { name, path, port } = recipe;
    const withinMs = this.startWithinMs;
    const free = await freePorts(recipe.ports.length);
    const ports = new Map(recipe.ports.map((inside, at) => [inside, free[at] ?? 0]));
    const container = recipe
      .container(ports)
      .withNetwork(this.network)
      .withNetworkAliases(name)
      .withWaitStrategy(new BecomesReady(path, port))
      .withStartupTimeout(withinMs);
    try {
      return new Part(name, await container.start(), this.network, { path, port, withinMs });
    } catch (cause) {
      throw new CoordinatorFailed(name, cause);
    }
  }
}
