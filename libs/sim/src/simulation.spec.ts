import { describe, expect, it } from '@jest/globals';
import { Simulation } from './simulation.js';

/** Plays a little, and answers everything that the log holds. */
async function played(seed: number, replicas: 1 | 3): Promise<string> {
  const simulation = new Simulation({ seed, replicas });
  const { timeline, jetstream, subjects } = simulation;
  simulation.start();
  await timeline.run(() => false, 1_000);
  void (async () => {
    const ada = await simulation.connectNode(simulation.process('ada'));
    await ada.openRoot('conf-7', { admit: 'auto', capacity: 2 });
    for (const name of ['bob', 'cid', 'dan']) {
      const node = await simulation.connectNode(simulation.process(name));
      await node.joinLeaf('conf-7');
    }
  })();
  timeline.after(700, () => {
    simulation.kill('session-1');
  });
  await timeline.run(() => false, 8_000);
  expect(simulation.findings).toEqual([]);
  const stored = jetstream.stream(subjects.streams.events).readable;
  return stored.map(({ data }) => Buffer.from(data).toString('utf8')).join('\n');
}

describe('a simulation', () => {
  it.each([1, 3] as const)('lives the same life again, R%d', async (replicas) => {
    const first = await played(11, replicas);
    expect(first).toContain('"LeafAdmitted"');
    expect(await played(11, replicas)).toBe(first);
    expect(await played(12, replicas)).not.toBe(first);
  });
});
