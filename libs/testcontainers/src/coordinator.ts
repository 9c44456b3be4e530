import { getContainerRuntimeClient, ImageName, type StartedNetwork } from 'testcontainers';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { Agent } from './agent.js';
import { agentPort, agentRecipe, brokerPort, settingsFor } from './containers.js';
import type { ConnectOptions, Login, Logins } from './logins.js';
import type { AgentOptions, Plan } from './options.js';
import type { Part } from './part.js';
import type { Stage } from './stage.js';

/** What the joinleaf command said. */
export interface Said {
  /** 0 fine, 1 a failure, 4 a decision comes out differently, 5 damage; more in the command's README. */
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

interface Parts {
  readonly plan: Plan;
  readonly logins: Logins;
  readonly stage: Stage;
}

/** A coordinator in containers: broker, session services, notifiers and leaf agents on their own network. */
export class Coordinator implements AsyncDisposable {
  readonly realm: string;
  readonly images: Plan['images'];
  readonly #plan: Plan;
  readonly #logins: Logins;
  readonly #stage: Stage;

  /** Made by `startCoordinator`. */
  constructor({ plan, logins, stage }: Parts) {
    this.realm = plan.realm;
    this.images = plan.images;
    this.#plan = plan;
    this.#logins = logins;
    this.#stage = stage;
  }

  /** The brokers as programs on this machine reach them. They stay the same, whatever happens to them. */
  get servers(): readonly string[] {
    return this.brokers.map((broker) => broker.address(brokerPort));
  }

  /** The brokers as containers on `network` reach them. */
  get serversInside(): readonly string[] {
    return this.#plan.brokers.map((name) => `${name}:${String(brokerPort)}`);
  }

  get network(): StartedNetwork {
    return this.#stage.network;
  }

  /**
   * What `connect` of `@joinleaf/client` takes, for a program on this machine.
   *
   * @throws TypeError for a node that is not among `nodes`.
   */
  connectOptions(node: string): ConnectOptions {
    return { servers: this.servers, ...this.#logins.node(node), realm: this.realm, node };
  }

  /** The user who may look at everything and write nothing. */
  get auditor(): Login {
    return this.#logins.auditor;
  }

  /** The user of the services, who may do everything in the streams. */
  get services(): Login {
    return this.#logins.services;
  }

  get brokers(): readonly Part[] {
    return this.#plan.brokers.map((name) => this.part(name));
  }

  get sessions(): readonly Part[] {
    return this.#plan.sessions.map((name) => this.part(name));
  }

  get notifiers(): readonly Part[] {
    return this.#plan.notifiers.map((name) => this.part(name));
  }

  /**
   * A container by its name: `broker`, or `broker-1` of three, `session`, `notifier-2`, or an agent's node.
   *
   * @throws TypeError for a name that nobody has.
   */
  part(name: string): Part {
    return this.#stage.part(name);
  }

  /** Ends a service as a crash would; `startService` brings it back. */
  async killService(name: string): Promise<void> {
    await this.part(name).kill();
  }

  async startService(name: string): Promise<void> {
    await this.part(name).start();
  }

  /** Pulls the network cable of a broker: of the first, when it is not said which. */
  async disconnectBroker(name = this.#firstBroker): Promise<void> {
    await this.part(name).disconnect();
  }

  async reconnectBroker(name = this.#firstBroker): Promise<void> {
    await this.part(name).reconnect();
  }

  /** An agent that was started, with the coordinator or later. */
  agent(node: string): Agent {
    const part = this.part(node);
    return {
      node,
      part,
      url: `http://${part.address(agentPort)}`,
      headers: { authorization: `Bearer ${this.#logins.agentToken}` },
    };
  }

  /**
   * Starts one more leaf agent, and returns when it is ready. `agent.part.remove()` ends it before the rest.
   *
   * @throws TypeError for a node that is not among `nodes`; CoordinatorFailed when it does not start.
   */
  async startAgent(agent: AgentOptions): Promise<Agent> {
    await this.#stage.start(agentRecipe(agent, this.#plan, this.#logins));
    return this.agent(agent.node);
  }

  /**
   * Runs the joinleaf command beside the coordinator, as the auditor: `joinleaf('replay', '--all')` decides
   * everything that is on record again, and compares.
   */
  async joinleaf(...words: readonly string[]): Promise<Said> {
    const client = await getContainerRuntimeClient();
    await client.image.pull(ImageName.fromString(this.images.cli));
    const out = [new PassThrough(), new PassThrough()] as const;
    const said = Promise.all(out.map((stream) => text(stream)));
    const settings = Object.entries(settingsFor('cli', this.#plan, this.auditor));
    const [{ StatusCode: exitCode }, container] = (await client.container.dockerode.run(
      this.images.cli,
      [...words],
      [...out],
      {
        Tty: false,
        Env: settings.map((setting) => setting.join('=')),
        HostConfig: { NetworkMode: this.network.getName() },
      },
    )) as [{ readonly StatusCode: number }, { remove(): Promise<void> }];
    for (const stream of out) stream.end();
    await container.remove();
    const [stdout = '', stderr = ''] = await said;
    return { exitCode, stdout, stderr };
  }

  /** The last lines of every container, for whoever wants to know why a test failed. */
  async logs(tail = 20): Promise<string> {
    const told = this.#stage.parts.map(async (part) => {
      const lines = await part.logs(tail).catch(() => ['(it is gone)']);
      return [`== ${part.name}`, ...lines].join('\n');
    });
    return (await Promise.all(told)).join('\n');
  }

  /** Removes every container and the network. Twice is fine. */
  async stop(): Promise<void> {
    await this.#stage.clear();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  get #firstBroker(): string {
    return this.#plan.brokers[0] ?? 'broker';
  }
}
