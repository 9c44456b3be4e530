import { setTimeout as delay } from 'node:timers/promises';
import { within } from '../../deployment/eventually.js';
import type { Fault, PassingFault } from '../fault.js';
import type { PassingFrame } from '../nats-frames.js';
import { sessionParties, type Party, type World } from '../world.js';
import { acknowledgement, append, command } from './subjects.js';

const toldWithinMs = 20_000;
const strikesWithinMs = 60_000;

/** Faults of appends, acknowledgements and their ambiguity: section 4.2 of the fault model, F3 to F5 with them. */
export const appendFaults: readonly Fault[] = [
  {
    ...{ id: 'F3', name: 'an arbiter is paused between deciding and storing' },
    lastsMs: [2_000, 4_500],
    inject: (world) => {
      const slot = world.slot('session-1');
      // What it sends arrives, and the rest of the world has moved on before it hears so.
      const undo = world.rule(['session-1'], {
        match: { ...append, atMost: 1 },
        act: { delayMs: [1_000, 2_500] },
        then: () => {
          slot.pause();
        },
      });
      return () => {
        undo();
        slot.goOn();
      };
    },
  },
  crashAround('F4', 'an arbiter is killed with its decision not yet stored', {
    match: append,
    lost: (world, party, frame) => {
      world.sightings.losesAppend(frame);
    },
  }),
  crashAround('F5', 'an arbiter is killed with its decision stored and nobody told', {
    match: acknowledgement,
    lost: (world, party, frame) => {
      world.sightings.losesAcknowledgement(party, frame);
    },
  }),
  losing('F13', 'acknowledgements of commits are lost', { chance: 0.3 }),
  {
    ...{ id: 'F14', name: 'commits are lost before they are stored', mixes: true },
    lastsMs: [2_000, 5_000],
    inject: (world) =>
      world.rule(sessionParties, {
        match: { ...append, chance: 0.3 },
        act: 'drop',
        then: (frame) => {
          world.sightings.losesAppend(frame);
        },
      }),
  },
  losing('F16', 'no acknowledgement arrives: every repetition meets its own first copy', {}),
  {
    ...{ id: 'F17', name: 'commits are repeated after the broker has forgotten their ids' },
    lastsMs: [3_000, 4_000],
    inject: async (world) => {
      const { streams } = world.cluster.manager;
      await streams.update(world.eventStream, { duplicate_window: 100 * 1e6 });
      const undo = world.rule(['session-1'], {
        match: { ...acknowledgement, chance: 0.5 },
        act: 'drop',
        then: (frame) => {
          world.sightings.losesAcknowledgement('session-1', frame);
        },
      });
      return async () => {
        undo();
        await streams.update(world.eventStream, { duplicate_window: 120 * 1e9 });
      };
    },
  },
  {
    ...{ id: 'F18', name: 'every command arrives twice, wherever it is decided', mixes: true },
    lastsMs: [2_000, 4_000],
    inject: (world) =>
      world.rule(['programs'], {
        match: command,
        act: 'duplicate',
        then: () => {
          world.sightings.saw('one command arrived twice');
        },
      }),
  },
  {
    ...{ id: 'F19', name: 'five arbiters compete for every place in the log' },
    lastsMs: [3_000, 5_000],
    inject: async (world) => {
      const replicas = { JOINLEAF_REPLICAS: String(world.cluster.replicas) };
      const names = ['session-3', 'session-4', 'session-5'];
      const more = names.map((name) => world.deployment.addSession(name, replicas));
      await Promise.all(more.map((slot) => slot.start()));
      const undo = world.rule(['programs'], { match: command, act: 'duplicate' });
      return async () => {
        undo();
        await Promise.all(more.map((slot) => slot.stop()));
      };
    },
  },
  {
    ...{ id: 'F21', name: 'the log is full' },
    lastsMs: [4_000, 5_000],
    inject: async (world) => {
      const { streams } = world.cluster.manager;
      const { state } = await streams.info(world.eventStream);
      const before = world.journal.answers.length;
      await streams.update(world.eventStream, { max_bytes: state.bytes + 4_096 });
      return async () => {
        const told = await isToldOfNoRoom(world, before);
        await streams.update(world.eventStream, { max_bytes: -1 });
        return told ? [] : ['nobody was told that there is no room in the log (E12)'];
      };
    },
  },
  {
    ...{ id: 'F22', name: 'the log has no leader, again and again', replicas: [3] },
    lastsMs: [500, 1_000],
    inject: async (world) => {
      const before = await world.cluster.leaderOf(world.eventStream);
      for (let times = 0; times < 4; times += 1) {
        const waiting = world.journal.waiting;
        await world.cluster.stepDown(world.eventStream);
        await delay(300);
        const after = await world.cluster.leaderOf(world.eventStream);
        if (after !== before && waiting > 0) {
          world.sightings.saw('a leader changed while a join was outstanding');
        }
      }
      return () => undefined;
    },
  },
];

/** Whether a call that ended after so many others was told that the log has no room. */
async function isToldOfNoRoom(world: World, before: number): Promise<boolean> {
  const isTold = () =>
    world.journal.answers
      .slice(before)
      .some((answer) => answer.kind === 'refused' && answer.rule === 'E12');
  // Where acknowledgements are lost besides, commands wait for them first.
  for (let waited = 0; !isTold() && waited < toldWithinMs; waited += 100) await delay(100);
  return isTold();
}

function losing(id: string, name: string, share: { readonly chance?: number }): PassingFault {
  return {
    ...{ id, name, mixes: true },
    lastsMs: [2_000, 5_000],
    inject: (world) => {
      const undo = sessionParties.map((party) =>
        world.rule([party], {
          match: { ...acknowledgement, ...share },
          act: 'drop',
          then: (frame) => {
            world.sightings.losesAcknowledgement(party, frame);
          },
        }),
      );
      return () => {
        for (const each of undo) each();
      };
    },
  };
}

interface CrashAt {
  readonly match: typeof append;
  readonly lost: (world: World, party: Party, frame: PassingFrame) => void;
}

/** Kills a session service at the moment in which a frame passes, which is lost. */
function crashAround(id: string, name: string, { match, lost }: CrashAt): PassingFault {
  return {
    ...{ id, name },
    lastsMs: [500, 1_500],
    inject: async (world, chance) => {
      const party = chance.pick(sessionParties);
      const slot = world.slot(party);
      const struck = Promise.withResolvers<undefined>();
      const undo = world.rule([party], {
        match,
        act: 'drop',
        then: (frame) => {
          lost(world, party, frame);
          slot.signal('SIGKILL');
          struck.resolve(undefined);
        },
      });
      await within('a frame to kill it at', struck.promise, strikesWithinMs);
      await slot.kill();
      return async () => {
        undo();
        await slot.start();
      };
    },
  };
}
