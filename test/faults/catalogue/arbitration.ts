import { setTimeout as delay } from 'node:timers/promises';
import type { Fault } from '../fault.js';
import { raceAt, stormAt } from '../rivals.js';
import { commandTo } from './subjects.js';

/** Faults of arbitration: section 4.1 of the fault model. */
export const arbitrationFaults: readonly Fault[] = [
  {
    ...{ id: 'F1', name: 'two arbiters decide about one root at the same time' },
    lastsMs: [0, 200],
    inject: async (world, chance) => {
      const wrong = await raceAt(world, chance);
      return () => Promise.resolve(wrong);
    },
  },
  {
    ...{ id: 'F2', name: 'an arbiter loses its connection with commands in hand' },
    lastsMs: [2_000, 4_000],
    inject: (world, chance) => {
      const proxy = world.proxy(chance.pick(['session-1', 'session-2']));
      proxy.cut();
      return () => {
        proxy.mend();
      };
    },
  },
  {
    ...{ id: 'F7', name: 'joins of roots and of leaves cross on their way' },
    lastsMs: [2_000, 4_000],
    inject: async (world) => {
      // Held until there are some, and then let go together.
      const barrier = async () => {
        const letGo = world.rule(['programs'], { match: commandTo('join'), act: 'hold' });
        await delay(150);
        letGo();
        await delay(50);
      };
      for (let times = 0; times < 8; times += 1) await barrier();
      return () => undefined;
    },
  },
  {
    ...{ id: 'F8', name: 'ends of joins overtake each other', mixes: true },
    lastsMs: [2_000, 4_000],
    inject: (world) =>
      world.rule(['programs'], {
        match: { ...commandTo('accept', 'reject', 'close', 'cancel', 'answer'), chance: 0.5 },
        act: { overtakenMs: [20, 250] },
      }),
  },
  {
    ...{ id: 'F9', name: 'a root closes while joins are outstanding' },
    lastsMs: [0, 200],
    inject: async (world, chance) => {
      const wrong = await stormAt(world, chance, { asking: 20, thenClose: true });
      return () => Promise.resolve(wrong);
    },
  },
  {
    ...{ id: 'F10', name: 'a deadline passes in two arbiters with different clocks' },
    needs: ['faketime'],
    lastsMs: [4_000, 6_000],
    inject: async (world) => {
      await world.setClock('session-1', '+2');
      const undo = world.rule(['programs'], {
        match: { ...commandTo('accept', 'reject'), chance: 0.7 },
        act: 'drop',
      });
      return async () => {
        undo();
        await world.setClock('session-1', '+0');
      };
    },
  },
  {
    ...{ id: 'F11', name: 'a storm of joins at one root' },
    lastsMs: [0, 200],
    inject: async (world, chance) => {
      const wrong = await stormAt(world, chance, { asking: 1_000, thenClose: false });
      return () => Promise.resolve(wrong);
    },
  },
];
