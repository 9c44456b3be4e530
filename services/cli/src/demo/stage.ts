import { mkdir } from 'node:fs/promises';
import type { NatsCredentials, NatsServerInUse } from '@joinleaf/nats-server';
import { Actor } from './actor-process.js';
import { AgentPlayer } from './agent-player.js';
import { writeAgentSettings } from './agent-settings.js';
import { places } from './places.js';
import type { Player } from './play.js';
import type { Scenario } from './scenario.js';
import { Service } from '@joinleaf/launcher';
import type { Watch } from './watch.js';

const graceMs = 3_000;

export interface StageOptions {
  readonly nats: NatsServerInUse;
  readonly realm: string;
  readonly scenario: Pick<Scenario, 'agents' | 'cast' | 'boundMs'>;
  /** For logs, and for the settings of the agents. */
  readonly folder: string;
}

/**
 * Everything that a scenario needs besides the broker, each as a process of its own: the session
 * service, the notifier, the leaf agents, and the programs of the cast.
 */
export class Stage {
  readonly #options: StageOptions;
  readonly #services: Service[];
  readonly #agents: Service[];
  readonly #actors: readonly Actor[];

  /**
   * Starts all at once, and returns when everybody is ready. When it throws, nothing is left running.
   *
   * @throws ProgramEnded naming a service that ended, with its last lines; Interrupted when somebody wants to leave.
   */
  static async set(options: StageOptions, watch: Watch): Promise<Stage> {
    await mkdir(options.folder, { recursive: true });
    const stage = new Stage(options, await settingsOfAgents(options));
    try {
      await watch.or(stage.#everybodyReady());
      return stage;
    } catch (error) {
      await stage.stop();
      throw error;
    }
  }

  private constructor(options: StageOptions, agentFiles: ReadonlyMap<string, string>) {
    const { nats, folder, scenario } = options;
    const start = (name: string, service: string, login: NatsCredentials, config?: string) =>
      new Service({
        name,
        service,
        settings: settingsOf(options, name, login, config),
        logFolder: folder,
      });
    const { services, nodes } = nats.credentials;
    this.#options = options;
    this.#services = ['session', 'notifier'].map((name) => start(name, name, services));
    this.#agents = [...agentFiles].map(([name, file]) => start(name, 'leaf-agent', nodes, file));
    this.#actors = Object.keys(scenario.cast).map((node) => new Actor(node));
  }

  /** Everybody who runs here. */
  get names(): readonly string[] {
    return [...this.#services, ...this.#agents, ...this.#actors].map(({ name }) => name);
  }

  /** The programs of the cast, and the agents, by name. */
  get players(): ReadonlyMap<string, Player> {
    const players = new Map<string, Player>();
    for (const actor of this.#actors) players.set(actor.name, actor);
    for (const { name, httpUrl } of this.#agents) {
      if (httpUrl !== null) players.set(name, new AgentPlayer(httpUrl));
    }
    return players;
  }

  /** Where the agents' HTTP edges listen. */
  get agentUrls(): readonly string[] {
    return this.#agents.map(({ httpUrl }) => httpUrl).filter((url) => url !== null);
  }

  /** Rejects when one of the services ends though nobody stopped it; never resolves. */
  lives(): Promise<never> {
    return Promise.race([...this.#services, ...this.#agents].map((service) => service.lives));
  }

  /** Lets the programs of the cast close what they have open. */
  async dismiss(): Promise<void> {
    await Promise.all(this.#actors.map((actor) => actor.exit()));
  }

  /** Ends everybody: first who speaks, then who listens to them. May be repeated. */
  async stop(): Promise<void> {
    await this.dismiss();
    await Promise.all(this.#agents.map((agent) => agent.stop()));
    await Promise.all(this.#services.map((service) => service.stop()));
  }

  async #everybodyReady(): Promise<void> {
    await Promise.all([...this.#services, ...this.#agents].map((service) => service.ready()));
    const { nats, realm, scenario } = this.#options;
    const { servers, user, pass } = nats.credentials.nodes;
    const entering = {
      realm,
      credentials: { servers, user, pass },
      boundMs: scenario.boundMs ?? null,
    };
    await Promise.all(this.#actors.map((actor) => actor.enter(entering)));
  }
}

async function settingsOfAgents({ scenario, folder }: StageOptions): Promise<Map<string, string>> {
  const files = Object.entries(scenario.agents).map(async ([node, ports]) => {
    return [node, await writeAgentSettings(`${folder}/${node}.yaml`, node, ports)] as const;
  });
  return new Map(await Promise.all(files));
}

function settingsOf(
  { realm }: StageOptions,
  name: string,
  { servers, user, pass }: NatsCredentials,
  config?: string,
): Readonly<Record<string, string>> {
  return {
    JOINLEAF_SERVERS: servers.join(','),
    ...(user === undefined ? {} : { JOINLEAF_USER: user }),
    ...(pass === undefined ? {} : { JOINLEAF_PASS: pass }),
    ...(config === undefined ? {} : { JOINLEAF_CONFIG: config }),
    JOINLEAF_REALM: realm,
    JOINLEAF_NAME: name,
    JOINLEAF_HTTP_PORT: '0',
    JOINLEAF_GRACE_MS: String(graceMs),
    JOINLEAF_LOG: 'json',
    NODE_COMPILE_CACHE: places.compileCache,
  };
}
