import { setTimeout as delay } from 'node:timers/promises';
import { within, eventually } from '../../deployment/eventually.js';
import { Crowd } from '../crowd.js';
import type { Fault } from '../fault.js';
import { hostileNode } from '../hostile-node.js';
import { sessionParties, type World } from '../world.js';
import { beat } from './subjects.js';

/** Faults of agents and membership, of access and operation: sections 4.6 to 4.8 of the fault model. */
export const memberFaults: readonly Fault[] = [
  {
    ...{ id: 'F58', name: 'an agent stands still for less than its bound' },
    lastsMs: [4_500, 5_500],
    inject: async (world) => {
      const lost = await lossesOf(world, 'agent-2');
      world.slot('agent-2').pause();
      return async () => {
        world.slot('agent-2').goOn();
        return nobodyLost(world, 'agent-2', lost);
      };
    },
  },
  {
    ...{ id: 'F59', name: 'an agent is killed: its memberships end at the other side' },
    lastsMs: [0, 100],
    inject: async (world) => {
      const link = await world.linkTo('agent-1');
      const slot = world.slot('agent-1');
      await slot.kill();
      world.detections.died('agent-1');
      await within('the host hears of it', link.over);
      await eventually('the loss is on record', () => world.detections.unnoticed === 0);
      return () => slot.start();
    },
  },
  {
    ...{ id: 'F60', name: 'beats are lost, and the agent lives' },
    lastsMs: [4_000, 6_000],
    inject: async (world) => {
      const lost = await lossesOf(world, 'agent-2');
      const undo = world.rule(['agent-2'], { match: beat, act: 'drop' });
      return async () => {
        undo();
        return nobodyLost(world, 'agent-2', lost);
      };
    },
  },
  {
    ...{ id: 'F61', name: 'an agent is back before anybody missed it' },
    lastsMs: [500, 1_000],
    inject: async (world) => {
      const link = await world.linkTo('agent-2');
      await world.slot('agent-2').crash(0);
      return async () => {
        const over = await within('the membership of its last run is over', link.over);
        const isOurs = over.by !== 'peer';
        return isOurs || over.code === 'WSAECONNABORTED'
          ? []
          : [`a membership of the last run ended with ${String(over.code)}`];
      };
    },
  },
  {
    ...{ id: 'F62', name: 'those who judge silence stood still themselves' },
    lastsMs: [4_000, 8_000],
    inject: async (world) => {
      const lost = await lossesOf(world, 'agent-2');
      for (const party of sessionParties) world.slot(party).pause();
      return async () => {
        for (const party of sessionParties) world.slot(party).goOn();
        return nobodyLost(world, 'agent-2', lost);
      };
    },
  },
  {
    ...{ id: 'F63', name: 'two hundred nodes vanish at once' },
    lastsMs: [0, 100],
    inject: async (world) => {
      await using crowd = await Crowd.gather(world);
      const wrong = await crowd.vanish();
      return () => Promise.resolve(wrong);
    },
  },
  {
    ...{ id: 'F66', name: 'a node publishes and listens where it may not' },
    lastsMs: [0, 200],
    inject: async (world) => {
      const wrong = await hostileNode(world);
      return () => Promise.resolve(wrong);
    },
  },
  {
    ...{ id: 'F72', name: 'services are asked to end, one after the other' },
    lastsMs: [0, 200],
    inject: async (world, chance) => {
      for (const party of ['session-1', 'notifier-1', 'session-2', 'notifier-2'] as const) {
        await world.slot(party).stop();
        await delay(chance.whole(0, 500));
        await world.slot(party).start();
      }
      return () => undefined;
    },
  },
  {
    ...{ id: 'F73', name: 'a service is asked to end twice, and then killed' },
    lastsMs: [300, 1_000],
    inject: async (world, chance) => {
      const slot = world.slot(chance.pick([...sessionParties, 'notifier-1'] as const));
      slot.signal('SIGTERM');
      await delay(chance.whole(0, 50));
      slot.signal('SIGTERM');
      await delay(chance.whole(0, 200));
      await slot.kill();
      return () => slot.start();
    },
  },
];

async function lossesOf(world: World, name: string): Promise<number> {
  const { nodes } = await world.deployment.records();
  return nodes.filter(({ type, node }) => type === 'NodeLost' && node === name).length;
}

async function nobodyLost(world: World, name: string, before: number): Promise<readonly string[]> {
  await delay(1_000); // Five times as long as those who judge need to.
  const now = await lossesOf(world, name);
  return now === before ? [] : [`${name} was given up before its bound`];
}
