import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { checkHistory } from './deployment/check-history.js';
import { printedChance } from './deployment/chance.js';
import { startDeployment, type Deployment } from './deployment/deployment.js';
import { within } from './deployment/eventually.js';
import { Journal } from './deployment/journal.js';
import { Traffic } from './deployment/traffic.js';

// The moment that matters most: a commit is on its way to the log, and the connection is gone, or the service is, before
// the commit arrived or before its answer did. Whoever was answered was told the truth, and whoever was not finds out.

const chance = printedChance('appends.e2e');
const journal = new Journal();
const roundsEach = 3;
// Stands in the headers of every append to the log, and nowhere else.
const append = 'Nats-Expected-Stream: JL_EVENTS';

let deployment: Deployment;
let traffic: Traffic;

beforeAll(async () => {
  deployment = await startDeployment({ wiredSessions: true });
  traffic = await Traffic.start({ deployment, journal, chance: chance.split() });
}, 90_000);

afterAll(async () => {
  await deployment.stop();
});

describe.each(['before', 'after'] as const)('an append is interrupted %s it is stored', (when) => {
  it.each([
    ['and the service comes back by itself', false],
    ['and the service is killed', true],
  ])(
    '%s',
    async (_, isKilled) => {
      const { session, wire } = deployment;
      for (let round = 1; round <= roundsEach; round += 1) {
        await traffic.goesOn(chance.whole(3, 8));
        await within('an append is under way', wire.interrupt(append, when));
        if (isKilled) await session.kill();
        wire.mend();
        await session.start();
      }
      await traffic.goesOn(5);
    },
    90_000,
  );
});

describe('afterwards', () => {
  it('every join has an outcome', async () => {
    await traffic.stop();
    process.stderr.write(`appends.e2e: ${journal.summary} ${JSON.stringify(traffic.stats)}\n`);
    expect(journal.waiting).toBe(0);
    expect(traffic.stats.retries).toBeGreaterThan(0);
  }, 90_000);

  it('nothing is lost, nothing was told twice, and nothing contradicts the record', async () => {
    await checkHistory(deployment, { journal });
  }, 60_000);
});
