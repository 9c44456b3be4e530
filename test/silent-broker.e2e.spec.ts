import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { connectBroker } from '@joinleaf/jetstream-log';
import { printedChance } from './deployment/chance.js';
import { startDeployment, type Deployment } from './deployment/deployment.js';
import { eventually } from './deployment/eventually.js';
import { NatsProxy } from './faults/nats-proxy.js';

// Two ways to the broker, of which the one in use falls silent: nothing is reset, and who dials there anew is taken and
// never greeted. So does a machine whose cable is pulled, or a broker in a container that lost its network.

const chance = printedChance('silent-broker.e2e');

let deployment: Deployment;
let ways: readonly NatsProxy[];

beforeAll(async () => {
  deployment = await startDeployment();
}, 60_000);

afterAll(async () => {
  await deployment.stop();
});

beforeEach(async () => {
  const targets = [{ host: '127.0.0.1', port: deployment.nats.port }];
  ways = await Promise.all([1, 2].map(() => NatsProxy.start({ targets, chance: chance.split() })));
});

afterEach(async () => {
  await Promise.all(ways.map((way) => way[Symbol.asyncDispose]()));
});

const servers = () => ways.flatMap(({ urls }) => urls);

/** Silences the way in use, and tells how often it is dialled from then on. */
function silenceTheOneInUse(): () => number {
  const inUse = ways.filter(({ connections }) => connections > 0);
  expect(inUse).toHaveLength(1);
  const [way] = inUse;
  const { dialled = 0 } = way ?? {};
  way?.freeze();
  return () => (way?.dialled ?? 0) - dialled;
}

describe('when the broker in use falls silent', () => {
  it('a program goes to another one first, and is not given up', async () => {
    const jl = await deployment.connectNode('ada', { servers: servers(), boundMs: 5_000 });
    const root = await jl.openRoot('conf-7', { admit: 'auto' });
    const dialledInVain = silenceTheOneInUse();

    await eventually('it is back', () => jl.stats.reconnects > 0);
    expect(dialledInVain()).toBe(0);
    const bob = await deployment.connectNode('bob');
    await expect(bob.joinLeaf('conf-7')).resolves.toMatchObject({ ok: true });
    expect(root.isOpen).toBe(true);
    const { nodes } = await deployment.records();
    expect(nodes.filter(({ type }) => type === 'NodeLost')).toEqual([]);
  }, 60_000);

  it('a service goes to another one first', async () => {
    const { user, pass } = deployment.nats.credentials.services;
    const broker = await connectBroker({ servers: servers(), name: 'a service', user, pass });
    const dialledInVain = silenceTheOneInUse();

    await eventually('it is back', () => broker.counts.reconnected > 0);
    expect(dialledInVain()).toBe(0);
    await broker.close();
  }, 60_000);
});
