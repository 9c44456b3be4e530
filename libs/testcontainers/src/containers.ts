import { GenericContainer } from 'testcontainers';
import type { Logins, Login } from './logins.js';
import type { AgentOptions, Plan, Settings } from './options.js';

// Each kind of container: its image, its settings, and how one sees that it is ready.

/** Ports on this machine, by the port inside. */
export type Ports = ReadonlyMap<number, number>;

export interface Recipe {
  readonly name: string;
  /** Ports that are wanted on this machine. */
  readonly ports: readonly number[];
  /** What answers when it is ready. */
  readonly path: string;
  readonly port: number;
  container(ports: Ports): GenericContainer;
}

const clientPort = 4_222;
const routePort = 6_222;
const monitorPort = 8_222;

export const brokerPort = clientPort;
export const agentPort = 8_083;

export function brokerRecipe(name: string, plan: Plan, logins: Logins): Recipe {
  const isCluster = plan.brokers.length > 1;
  const { services, auditor, sys, routes } = logins;
  const peers = plan.brokers.map(
    (peer) => `nats://${routes.user}:${routes.pass}@${peer}:${String(routePort)}`,
  );
  const environment = {
    JOINLEAF_NATS_NAME: name,
    JOINLEAF_NATS_SERVICES_PASSWORD: services.pass,
    JOINLEAF_NATS_AUDITOR_PASSWORD: auditor.pass,
    JOINLEAF_NATS_SYS_PASSWORD: sys.pass,
    JOINLEAF_NATS_ROUTES_PASSWORD: routes.pass,
    JOINLEAF_NATS_ROUTES: `[${peers.join(', ')}]`,
  };
  // The addresses inside the network mean nothing to clients on this machine.
  const alone = ['nats-server', '--config', '/etc/nats/server.conf'];
  const together = ['nats-server', '--config', '/etc/nats/cluster.conf', '--no_advertise'];
  return {
    name,
    ports: [clientPort, monitorPort],
    path: '/healthz',
    port: monitorPort,
    container: (ports) =>
      published(new GenericContainer(plan.images.broker), ports)
        .withEnvironment(environment)
        .withCommand(isCluster ? together : alone)
        .withCopyContentToContainer([
          { content: logins.nodeUsersConf(plan.realm), target: '/etc/nats/node-users.conf' },
        ]),
  };
}

export const sessionRecipe = (name: string, plan: Plan, logins: Logins): Recipe =>
  serviceRecipe(name, plan.images.session, 8_081, {
    ...settingsFor(name, plan, logins.services),
    JOINLEAF_REPLICAS: String(plan.brokers.length),
    ...plan.sessionSettings,
  });

export const notifierRecipe = (name: string, plan: Plan, logins: Logins): Recipe =>
  serviceRecipe(name, plan.images.notifier, 8_082, {
    ...settingsFor(name, plan, logins.services),
    JOINLEAF_REPLICAS: String(plan.brokers.length),
    ...plan.notifierSettings,
  });

export const agentRecipe = (agent: AgentOptions, plan: Plan, logins: Logins): Recipe =>
  serviceRecipe(agent.node, plan.images.leafAgent, agentPort, {
    ...settingsFor(agent.node, plan, logins.node(agent.node)),
    JOINLEAF_NODE: agent.node,
    JOINLEAF_ENDPOINTS: JSON.stringify(agent.endpoints),
    JOINLEAF_HTTP_TOKEN: logins.agentToken,
    ...agent.settings,
  });

/** What every program of ours is told about where and who it is. */
export const settingsFor = (name: string, plan: Plan, { user, pass }: Login): Settings => ({
  JOINLEAF_SERVERS: plan.brokers.map((broker) => `${broker}:${String(clientPort)}`).join(','),
  JOINLEAF_USER: user,
  JOINLEAF_PASS: pass,
  JOINLEAF_REALM: plan.realm,
  JOINLEAF_NAME: name,
});

const serviceRecipe = (name: string, image: string, port: number, settings: Settings): Recipe => ({
  name,
  ports: [port],
  path: '/health/ready',
  port,
  container: (ports) =>
    published(new GenericContainer(image), ports).withEnvironment({ ...settings }),
});

const published = (container: GenericContainer, ports: Ports): GenericContainer =>
  container.withExposedPorts(...[...ports].map(([inside, host]) => ({ container: inside, host })));
