import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { connectBroker } from '@joinleaf/jetstream-log';
import { printedChance } from './deployment/chance.js';
import { startDeployment, type Deployment } from './deployment/deployment.js';
import { eventually } from './deployment/eventually.js';
import { NatsProxy } from './faults/nats-proxy.js';

// Two ways to the broker, of which the one in use falls silent: nothing is reset, and who dials there anew is taken and
// never greeted. So does a machine whose cable is pulled, or a broker in a container that lost its network. Or it lives, and what it is
// told goes no further, as with a broker that has lost its peers.

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

/** Does something to the way in use, and tells how often it is dialled from then on. */
function toTheOneInUse(hurt: (way: NatsProxy) => void): () => number {
  const [way, another] = ways.filter(({ connections }) => connections > 0);
  if (way === undefined || another !== undefined) throw new Error('one of the two is in use');
  const { dialled } = way;
  hurt(way);
  return () => way.dialled - dialled;
}

const silence = (way: NatsProxy) => {
  way.freeze();
};
const isolate = (way: NatsProxy) => {
  way.rule({ match: { direction: 'up', subject: /^jl\./ }, act: 'drop' });
};

describe('when the broker in use', () => {
  it.each([
    { what: 'falls silent', hurt: silence },
    { what: 'lives, and is cut off from its peers', hurt: isolate },
  ])(
    '$what, a program goes to another one, and is not given up',
    async ({ hurt, what }) => {
      const jl = await deployment.connectNode('ada', { servers: servers(), boundMs: 10_000 });
      const session = `conf-${String(what.length)}`;
      const root = await jl.openRoot(session, { admit: 'auto' });
      await eventually('it has beaten', () => jl.stats.beats > 1);
      const dialledInVain = toTheOneInUse(hurt);

      await eventually('it is back', () => jl.stats.reconnects > 0);
      expect(dialledInVain()).toBe(0);
      const bob = await deployment.connectNode('bob');
      await expect(bob.joinLeaf(session)).resolves.toMatchObject({ ok: true });
      expect(root.isOpen).toBe(true);
      const { nodes } = await deployment.records();
      expect(nodes.filter(({ type }) => type === 'NodeLost')).toEqual([]);
      await Promise.all([jl.close(), bob.close()]);
    },
    60_000,
  );

  it('falls silent, a service goes to another one first', async () => {
    const { user, pass } = deployment.nats.credentials.services;
    const broker = await connectBroker({ servers: servers(), name: 'a service', user, pass });
    const dialledInVain = toTheOneInUse(silence);

    await eventually('it is back', () => broker.counts.reconnected > 0);
    expect(dialledInVain()).toBe(0);
    await broker.close();
  }, 60_000);
});
