import { describe, expect, it } from '@jest/globals';
import { decode, nodeRecordSchema } from '@joinleaf/wire';
import { Simulation } from './simulation.js';

const never = () => false;
const boundsMs = [1_000, 1_000, 1_500, 2_000, 3_000];

/** Who was given up. */
function lost({ jetstream, subjects }: Simulation): readonly string[] {
  return jetstream.stream(subjects.streams.nodes).readable.flatMap(({ data }) => {
    const decoded = decode(nodeRecordSchema, data, data.length);
    return decoded.ok && decoded.value.type === 'NodeLost' ? [decoded.value.node] : [];
  });
}

/** Nodes with short bounds, and a moment that is none of their own choosing. */
async function begun(seed: number, arbiters: number): Promise<Simulation> {
  const simulation = new Simulation({ seed, arbiters, notifiers: 1 });
  const { timeline, chance } = simulation;
  simulation.start();
  await timeline.run(never, 1_000);
  for (const [index, boundMs] of boundsMs.entries()) {
    const process = simulation.process(`node-${String(index)}`);
    void simulation.connectNode(process, { boundMs });
  }
  await timeline.run(never, 3_000 + chance.between(0, 500));
  return simulation;
}

const cutsMs = [900, 2_500, 2_900];

describe('an arbiter that hears nothing, over a connection that looks alive,', () => {
  it.each([1, 2])('gives nobody up who beats, of %d', async (arbiters) => {
    for (const seed of [4, 6, 11, 12, 16]) {
      for (const cutMs of cutsMs) {
        const simulation = await begun(seed, arbiters);
        const { timeline } = simulation;
        simulation.cut('session-1', 'down', cutMs);
        await timeline.run(never, timeline.now + cutMs + 6_000);
        expect({ seed, cutMs, lost: lost(simulation) }).toEqual({ seed, cutMs, lost: [] });
      }
    }
  });

  it.each([1, 2])('misses the dead when it hears again, of %d', async (arbiters) => {
    for (let seed = 1; seed <= 6; seed += 1) {
      const simulation = await begun(seed, arbiters);
      const { timeline } = simulation;
      simulation.cut('session-1', 'down', 1_500);
      simulation.kill('node-0');
      await timeline.run(never, timeline.now + 6_000);
      expect({ seed, lost: lost(simulation) }).toEqual({ seed, lost: ['node-0'] });
    }
  });
});
