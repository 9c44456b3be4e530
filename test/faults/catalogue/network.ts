import { setTimeout as delay } from 'node:timers/promises';
import type { Chance } from '@joinleaf/sim';
import type { Fault, PassingFault } from '../fault.js';
import { untimelyEnds } from '../untimely-ends.js';
import { parties, sessionParties, type World } from '../world.js';

/** Faults of the network and of time: section 4.5 of the fault model. */
export const networkFaults: readonly Fault[] = [
  packets('F49', 'a broker hears and answers nobody but its peers', [6_000, 16_000], (host) => [
    ['INPUT', '-s', host, '-j', 'DROP'],
    ['OUTPUT', '-d', host, '-j', 'DROP'],
  ]),
  packets('F50', 'a broker hears its clients, and they do not hear it', [6_000, 16_000], (host) => [
    ['OUTPUT', '-d', host, '-j', 'DROP'],
  ]),
  {
    ...{ id: 'F51', name: 'connections are reset again and again' },
    lastsMs: [0, 200],
    inject: async (world, chance) => {
      for (let times = 0; times < 15; times += 1) {
        world.proxy(chance.pick(parties)).reset();
        await delay(chance.whole(50, 300));
      }
      return () => undefined;
    },
  },
  {
    ...{ id: 'F52', name: 'everything takes longer, by a time that varies', mixes: true },
    lastsMs: [3_000, 6_000],
    inject: (world) => world.rule(parties, { match: {}, act: { delayMs: [0, 40] } }),
  },
  packets('F53', 'packets are lost', [4_000, 8_000], (host, chance) => [
    ['INPUT', '-m', 'statistic', '--mode', 'random', '--probability', lossOf(chance), '-j', 'DROP'],
  ]),
  {
    ...{ id: 'F54', name: 'a broker can send next to nothing' },
    needs: ['namespaces'],
    lastsMs: [4_000, 8_000],
    inject: async (world, chance) => {
      const server = chance.whole(0, world.cluster.replicas - 1);
      const { namespaces } = world.cluster;
      await namespaces.narrow(server, chance.pick(['512kbit', '1mbit', '4mbit']));
      return () => namespaces.narrow(server, null);
    },
  },
  {
    ...{ id: 'F55', name: 'everything arrives in pieces of 1 to 7 bytes' },
    lastsMs: [2_000, 3_000],
    inject: (world) => world.rule(parties, { match: {}, act: { slice: [1, 7] } }),
  },
  {
    ...{ id: 'F56', name: 'the wall clock of an arbiter jumps: half a minute, a year, back' },
    needs: ['faketime'],
    lastsMs: [500, 1_000],
    inject: async (world, chance) => {
      const before = await commitsOf(world);
      const party = chance.pick(sessionParties);
      for (const offset of ['+30', '-30', '+31536000', '-86400']) {
        await world.setClock(party, offset);
        await delay(1_000);
      }
      return async () => {
        await world.setClock(party, '+0');
        return untimelyEnds(world, before);
      };
    },
  },
  {
    ...{ id: 'F57', name: 'the clocks of services differ by minutes' },
    needs: ['faketime'],
    lastsMs: [3_000, 6_000],
    inject: async (world) => {
      const before = await commitsOf(world);
      await world.setClock('session-1', '+300');
      await world.setClock('notifier-2', '-300');
      return async () => {
        await world.setClock('session-1', '+0');
        await world.setClock('notifier-2', '+0');
        return untimelyEnds(world, before);
      };
    },
  },
];

const commitsOf = async ({ deployment }: World): Promise<number> =>
  (await deployment.records()).commits.length;

const lossOf = (chance: Chance): string => chance.pick(['0.01', '0.05', '0.20']);

/** Rules for packets at one broker; `host` is where everybody else is. */
function packets(
  id: string,
  name: string,
  lastsMs: PassingFault['lastsMs'],
  rulesFor: (host: string, chance: Chance) => readonly (readonly string[])[],
): PassingFault {
  return {
    ...{ id, name, lastsMs },
    needs: ['namespaces'],
    inject: async ({ cluster }: World, chance) => {
      const { namespaces, replicas } = cluster;
      const server = chance.whole(0, replicas - 1);
      for (const rule of rulesFor(namespaces.hostAddress, chance)) {
        await namespaces.filter(server, rule);
      }
      return () => namespaces.unfilter(server);
    },
  };
}
