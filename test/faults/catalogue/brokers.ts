import { setTimeout as delay } from 'node:timers/promises';
import { ensureStreams } from '@joinleaf/jetstream-log';
import { Subjects } from '@joinleaf/wire';
import type { Chance } from '@joinleaf/sim';
import type { Fault, Heal, PassingFault } from '../fault.js';
import type { World } from '../world.js';

/** Faults of brokers as processes: F15 and section 4.4 of the fault model. */
export const brokerFaults: readonly Fault[] = [
  {
    ...{ id: 'F15', name: 'the broker stands still for a moment' },
    ...{ replicas: [1], lastsMs: [1_500, 4_000] },
    inject: ({ cluster }) => {
      cluster.signal(0, 'SIGSTOP');
      return () => {
        cluster.signal(0, 'SIGCONT');
      };
    },
  },
  {
    ...{ id: 'F35', name: 'the only broker is killed' },
    ...{ replicas: [1], lastsMs: [100, 1_500] },
    inject: async ({ cluster }) => {
      await cluster.server(0).kill();
      return () => cluster.server(0).restart();
    },
  },
  leaderLoss('F36', 'the leader of the log is killed', {
    lastsMs: [500, 9_000],
    hurt: async ({ cluster }, leader) => {
      await cluster.server(leader).kill();
      return () => cluster.server(leader).restart();
    },
  }),
  leaderLoss('F37', 'the leader of the log stands still', {
    lastsMs: [3_000, 12_000],
    hurt: ({ cluster }, leader) => {
      cluster.signal(leader, 'SIGSTOP');
      return Promise.resolve(() => {
        cluster.signal(leader, 'SIGCONT');
      });
    },
  }),
  {
    ...leaderLoss('F38', 'the leader is cut off from its peers, and reached by clients', {
      lastsMs: [6_000, 14_000],
      hurt: async ({ cluster }, leader) => {
        const { namespaces } = cluster;
        for (const peer of [0, 1, 2].filter((other) => other !== leader)) {
          await namespaces.filter(leader, ['INPUT', '-s', namespaces.address(peer), '-j', 'DROP']);
          await namespaces.filter(leader, ['OUTPUT', '-d', namespaces.address(peer), '-j', 'DROP']);
        }
        return () => namespaces.unfilter(leader);
      },
    }),
    needs: ['namespaces'],
  },
  {
    ...{ id: 'F39', name: 'every broker in turn is drained and started again' },
    ...{ replicas: [3], lastsMs: [0, 500] },
    inject: async ({ cluster, eventStream }, chance) => {
      const drained = chance.whole(0, 2);
      for (const index of [0, 1, 2]) {
        if (index === drained) {
          cluster.signal(index, 'SIGUSR2'); // A lame duck: it hands over, and sends its clients away.
          await delay(12_000);
        }
        await cluster.server(index).restart();
        await cluster.isWhole(eventStream);
      }
      return () => undefined;
    },
  },
  {
    ...{ id: 'F48', name: 'a broker is killed while services make their streams' },
    ...{ replicas: [3], lastsMs: [500, 2_000] },
    inject: async ({ cluster }, chance) => {
      const subjects = new Subjects(`new${String(chance.whole(1, 1e9))}`);
      const server = cluster.server(chance.whole(0, 2));
      const making = [1, 2, 3].map(() => ensureStreams(cluster.admin, subjects, { replicas: 3 }));
      await delay(chance.whole(0, 100));
      await server.kill();
      const made = await Promise.allSettled(making);
      return async () => {
        await server.restart();
        const wrong = made.flatMap((each) =>
          each.status === 'rejected' ? [`streams could not be made: ${String(each.reason)}`] : [],
        );
        for (const name of Object.values(subjects.streams)) {
          await cluster.manager.streams.delete(name).catch(() => false);
        }
        return wrong;
      };
    },
  },
  {
    ...{ id: 'F40', name: 'every broker is killed at once' },
    ...{ replicas: [3], lastsMs: [500, 3_000] },
    inject: async ({ cluster, eventStream }) => {
      await Promise.all(cluster.servers.map((server) => server.kill()));
      return async () => {
        await Promise.all(cluster.servers.map((server) => server.restart()));
        await cluster.isWhole(eventStream);
      };
    },
  },
];

interface LeaderLoss {
  readonly lastsMs: PassingFault['lastsMs'];
  readonly hurt: (world: World, leader: number, chance: Chance) => Promise<Heal>;
}

function leaderLoss(id: string, name: string, { lastsMs, hurt }: LeaderLoss): PassingFault {
  return {
    ...{ id, name, lastsMs },
    replicas: [3],
    inject: async (world, chance) => {
      const { cluster, eventStream } = world;
      const leader = await cluster.leaderOf(eventStream);
      const { waiting } = world.journal;
      const heal = await hurt(world, leader, chance);
      return async () => {
        await heal();
        await cluster.isWhole(eventStream);
        if ((await cluster.leaderOf(eventStream)) !== leader && waiting > 0) {
          world.sightings.saw('a leader changed while a join was outstanding');
        }
      };
    },
  };
}
