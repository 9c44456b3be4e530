import {
  getContainerRuntimeClient,
  type ContainerRuntimeClient,
  type StartedNetwork,
  type StartedTestContainer,
} from 'testcontainers';
import { becomesReady } from './becomes-ready.js';
import { CoordinatorFailed } from './failed.js';
import { linesIn } from './log-frames.js';

/** How one sees that a container is ready, at a port inside of it. */
export interface Readiness {
  readonly path: string;
  readonly port: number;
  readonly withinMs: number;
}

type Container = ReturnType<ContainerRuntimeClient['container']['getById']>;

const graceMs = 10_000;

/** One container of a coordinator, and what can be done to it. Its address stays the same for good. */
export class Part {
  constructor(
    /** Also its name in the network. */
    readonly name: string,
    private readonly started: StartedTestContainer,
    private readonly network: StartedNetwork,
    private readonly readiness: Readiness,
  ) {}

  /** Ends it as a crash would, and returns when it is gone. */
  async kill(): Promise<void> {
    const container = await this.#container();
    await container.kill({ signal: 'SIGKILL' });
    await container.wait();
  }

  /** Asks it to end (SIGTERM), and returns its exit code; 137 when it took longer than 10 s. */
  async stop(): Promise<number> {
    const container = await this.#container();
    await container.stop({ t: graceMs / 1_000 });
    const { StatusCode } = (await container.wait()) as { readonly StatusCode: number };
    return StatusCode;
  }

  /**
   * Starts it again after `kill` or `stop`, with what it had stored, and returns when it is ready.
   *
   * @throws CoordinatorFailed with its last lines; it stays where it is, and can be looked at.
   */
  async start(): Promise<void> {
    const { path, port, withinMs } = this.readiness;
    const container = await this.#container();
    await container.start();
    const url = `http://${this.address(port)}${path}`;
    await becomesReady(container, { url, withinMs }).catch((cause: unknown) => {
      throw new CoordinatorFailed(this.name, cause);
    });
  }

  /** Takes its processor time away: to others it is silent, and for itself no time has passed. */
  async pause(): Promise<void> {
    await (await this.#container()).pause();
  }

  async goOn(): Promise<void> {
    await (await this.#container()).unpause();
  }

  /** Pulls its network cable. Its port on this machine is closed meanwhile, too. */
  async disconnect(): Promise<void> {
    const { network } = await getContainerRuntimeClient();
    await network.getById(this.network.getId()).disconnect({ Container: this.started.getId() });
  }

  /** Puts the cable back. */
  async reconnect(): Promise<void> {
    const client = await getContainerRuntimeClient();
    const network = client.network.getById(this.network.getId());
    await client.container.connectToNetwork(await this.#container(), network, [this.name]);
  }

  get isRunning(): Promise<boolean> {
    return this.#container()
      .then((container) => container.inspect())
      .then(({ State }) => State.Running);
  }

  /** What it said, in all its lives: the last `tail` lines, or everything. */
  async logs(tail?: number): Promise<readonly string[]> {
    const wanted = { stdout: true, stderr: true, follow: false } as const;
    const container = await this.#container();
    return linesIn(await container.logs(tail === undefined ? wanted : { ...wanted, tail }));
  }

  /** Where a port of it is reached from this machine, `host:port`. */
  address(port: number): string {
    return `${this.started.getHost()}:${String(this.started.getMappedPort(port))}`;
  }

  /** Removes it, with what it had stored. */
  async remove(): Promise<void> {
    await this.started.stop({ timeout: 0, remove: true, removeVolumes: true });
  }

  async #container(): Promise<Container> {
    const { container } = await getContainerRuntimeClient();
    return container.getById(this.started.getId());
  }
}
