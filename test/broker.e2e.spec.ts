import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { checkHistory } from './deployment/check-history.js';
import { printedChance } from './deployment/chance.js';
import { startDeployment, type Deployment } from './deployment/deployment.js';
import { Journal } from './deployment/journal.js';
import { commitsOf, sessionsIn, type Records } from './deployment/records.js';
import { Traffic } from './deployment/traffic.js';
import { Wire } from './deployment/wire.js';

// The broker is killed and comes back on the same files, or hangs for a while, under programs that come and go. What it
// had acknowledged is still there, the services and the clients go on where they were, and nobody hears anything twice.

const chance = printedChance('broker.e2e');
const journal = new Journal();

let deployment: Deployment;
let traffic: Traffic;
let before: Records;
/** What the keeper of the lobby is connected by. */
let wire: Wire;

beforeAll(async () => {
  deployment = await startDeployment({ server: { sync: 'always' } });
  wire = await Wire.to(deployment.nats.port);
  const keeperOptions = { servers: wire.url };
  traffic = await Traffic.start({ deployment, journal, chance: chance.split(), keeperOptions });
}, 90_000);

afterAll(async () => {
  await wire[Symbol.asyncDispose]();
  await deployment.stop();
});

describe('a steady stream of joins goes on', () => {
  it('when the broker is killed and comes back', async () => {
    for (let kill = 1; kill <= 2; kill += 1) {
      await traffic.goesOn(chance.whole(5, 15));
      before = await deployment.records();
      await deployment.nats.kill();
      await delay(chance.whole(0, 800));
      await deployment.nats.restart();
      await traffic.goesOn(5);
    }
  }, 120_000);

  it('when the broker hangs', async () => {
    for (let pause = 1; pause <= 2; pause += 1) {
      await traffic.goesOn(chance.whole(5, 15));
      process.kill(deployment.nats.pid, 'SIGSTOP');
      await delay(1_500);
      process.kill(deployment.nats.pid, 'SIGCONT');
      await traffic.goesOn(5);
    }
  }, 120_000);

  it('when the session service hangs for longer than a node may be silent', async () => {
    const sleeper = await deployment.connectNode('sleeper', { boundMs: 3_000 });
    await deployment.session.freeze(4_000);
    expect(sleeper.status).toBe('connected');
    await traffic.goesOn(5);
  }, 60_000);

  it('when one program is cut off for a while, and hears what it missed', async () => {
    const { resumes } = traffic.stats;
    for (let cut = 1; cut <= 3; cut += 1) {
      wire.cut();
      await traffic.goesOn(12);
      wire.mend();
      await traffic.goesOn(12);
    }
    // The others go on, and so the joins may be done before the one that was cut off is back.
    while (traffic.stats.resumes === resumes) await delay(100);
    expect(traffic.stats.resumes).toBeGreaterThan(resumes);
  }, 60_000);

  it('when the notifier hangs', async () => {
    await deployment.notifier.freeze(2_000);
    await traffic.goesOn(5);
  }, 60_000);
});

describe('afterwards', () => {
  it('every join has an outcome', async () => {
    await traffic.stop();
    process.stderr.write(`broker.e2e: ${journal.summary} ${JSON.stringify(traffic.stats)}\n`);
    expect(journal.waiting).toBe(0);
    expect(journal.count('joined')).toBeGreaterThan(30);
    // What the run was for did happen.
    const { retries, reconnects } = traffic.stats;
    expect(Math.min(retries, reconnects)).toBeGreaterThan(0);
  }, 120_000);

  it('nothing is lost, nothing was told twice, and nothing contradicts the record', async () => {
    const records = await checkHistory(deployment, { journal });
    for (const session of sessionsIn(before)) {
      const then = commitsOf(before, session);
      expect(commitsOf(records, session).slice(0, then.length)).toEqual(then);
    }
    // Nobody was given up for lost: it was the broker that was silent, not they.
    expect(records.nodes.filter(({ type }) => type === 'NodeLost')).toEqual([]);
  }, 60_000);
});
