import { within } from '../../deployment/eventually.js';
import type { Fault } from '../fault.js';
import { slowedDown } from '../slow-consumer.js';
import { notifierParties, sessionParties } from '../world.js';
import { followed, telling, told } from './subjects.js';

const followers = [...sessionParties, ...notifierParties] as const;

/** A follower whose consumer delivers out of order makes a new one each time: more than this, and it never ends. */
const often = 0.05;

/** Faults of delivery and projection: section 4.3 of the fault model. */
export const deliveryFaults: readonly Fault[] = [
  {
    ...{ id: 'F23', name: 'commits and notifications are delivered twice', mixes: true },
    lastsMs: [2_000, 4_000],
    inject: (world) => {
      const undo = [
        world.rule(followers, { match: { ...followed, chance: often }, act: 'duplicate' }),
        world.rule(['programs'], { match: { ...told, chance: 0.5 }, act: 'duplicate' }),
      ];
      return () => {
        for (const each of undo) each();
      };
    },
  },
  {
    ...{ id: 'F24', name: 'commits and notifications are delivered in another order', mixes: true },
    lastsMs: [2_000, 4_000],
    inject: (world) => {
      const act = { overtakenMs: [0, 60] } as const;
      const undo = [
        world.rule(followers, { match: { ...followed, chance: often }, act }),
        world.rule(['programs'], { match: { ...told, chance: 0.3 }, act }),
      ];
      return () => {
        for (const each of undo) each();
      };
    },
  },
  {
    ...{ id: 'F25', name: 'some commits and notifications are not delivered', mixes: true },
    lastsMs: [2_000, 4_000],
    inject: (world) => {
      const undo = [
        world.rule(followers, { match: { ...followed, chance: often }, act: 'drop' }),
        world.rule(['programs'], { match: { ...told, chance: 0.1 }, act: 'drop' }),
      ];
      return () => {
        for (const each of undo) each();
      };
    },
  },
  {
    ...{ id: 'F26', name: 'consumers of the log are deleted' },
    lastsMs: [1_000, 2_000],
    inject: async (world) => {
      const { consumers } = world.cluster.manager;
      for await (const { name } of consumers.list(world.eventStream)) {
        await consumers.delete(world.eventStream, name).catch(() => false);
      }
      return () => undefined;
    },
  },
  {
    ...{ id: 'F27', name: 'notifiers hear nothing of the log, over a connection that lives' },
    lastsMs: [8_000, 14_000],
    inject: (world) =>
      world.rule(notifierParties, { match: { direction: 'down', verb: /MSG$/ }, act: 'drop' }),
  },
  {
    ...{ id: 'F28', name: 'an arbiter takes nothing, until the broker cuts it off for that' },
    lastsMs: [300, 2_000],
    inject: (world, chance) => slowedDown(world, chance.pick(sessionParties)),
  },
  {
    ...{ id: 'F30', name: 'somebody with all rights publishes garbage into the log' },
    lastsMs: [1_000, 2_000],
    inject: async (world, chance) => {
      const { realm } = world.deployment;
      const session = `garbage-${String(chance.whole(1, 9_999))}`;
      world.expected.push(session);
      const subject = `jl.${realm}.evt.00.${session}`;
      const unknown = JSON.stringify({ schema: 1, session, type: 'NobodyKnowsThis' });
      for (const text of ['not even json', '{}', unknown, '\u0000'.repeat(100)]) {
        await world.cluster.admin.request(subject, text, { timeout: 5_000 });
      }
      return () => undefined;
    },
  },
  {
    ...{ id: 'F32', name: 'a notifier is killed with a bulletin on its way' },
    lastsMs: [300, 1_000],
    inject: async (world, chance) => {
      const party = chance.pick(notifierParties);
      const slot = world.slot(party);
      const struck = Promise.withResolvers<undefined>();
      const undo = world.rule([party], {
        match: telling,
        act: chance.pick(['drop', 'pass'] as const),
        then: () => {
          slot.signal('SIGKILL');
          struck.resolve(undefined);
        },
      });
      await within('a bulletin to kill it at', struck.promise, 60_000);
      await slot.kill();
      return async () => {
        undo();
        await slot.start();
      };
    },
  },
  {
    ...{ id: 'F33', name: 'two notifiers tell the same at the same time', mixes: true },
    lastsMs: [2_000, 3_000],
    inject: (world) =>
      // Both find the same place in every node's list, and one of them has it.
      world.rule(notifierParties, { match: telling, act: { delayMs: [0, 30] } }),
  },
];
