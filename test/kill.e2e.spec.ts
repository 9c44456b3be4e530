import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Link } from '@joinleaf/client';
import { checkHistory } from './deployment/check-history.js';
import { printedChance } from './deployment/chance.js';
import { startDeployment, type Deployment } from './deployment/deployment.js';
import { eventually, within } from './deployment/eventually.js';
import { Journal } from './deployment/journal.js';
import { toldTo } from './deployment/records.js';
import type { ServiceSlot } from './deployment/service-slot.js';
import { Traffic } from './deployment/traffic.js';
import { setTimeout as delay } from 'node:timers/promises';

// Services are killed without warning while programs come and go, and started again. Whatever was on record stays on
// record, nobody is told anything twice, and everybody learns what became of every join.

const chance = printedChance('kill.e2e');
const journal = new Journal();
const killsEach = 3;

let deployment: Deployment;
let traffic: Traffic;
/** Links at a host to the endpoint of an agent, by the life of the agent in which they were made. */
const agentLinks: { readonly link: Link; readonly life: number }[] = [];

beforeAll(async () => {
  deployment = await startDeployment({
    agents: [
      {
        node: 'agent-1',
        endpoints: [
          { port: 1, admission: 'accept' },
          { port: 2, admission: 'accept' },
          { port: 3, admission: 'reject' },
        ],
        settings: { JOINLEAF_BOUND_MS: '2000' },
      },
    ],
  });
  traffic = await Traffic.start({
    deployment,
    journal,
    chance: chance.split(),
    endpoints: ['agent-1:1', 'agent-1:2', 'agent-1:3'],
    onLink: (link) => {
      if (link.leaf.startsWith('agent-1:')) {
        agentLinks.push({ link, life: deployment.agent('agent-1').lives });
      }
    },
  });
}, 90_000);

afterAll(async () => {
  await deployment.stop();
});

async function killAndGoOn(slot: ServiceSlot): Promise<void> {
  for (let kill = 1; kill <= killsEach; kill += 1) {
    await traffic.goesOn(chance.whole(3, 15));
    await delay(chance.whole(0, 60));
    await slot.crash(chance.whole(0, 400));
  }
  await traffic.goesOn(10);
}

describe('a steady stream of joins goes on', () => {
  it('when the session service is killed', async () => {
    await killAndGoOn(deployment.session);
    expect(deployment.session.lives).toBe(1 + killsEach);
  }, 90_000);

  it('when the notifier is killed', async () => {
    await killAndGoOn(deployment.notifier);
    expect(deployment.notifier.lives).toBe(1 + killsEach);
  }, 90_000);

  it('when a leaf agent is killed, and its memberships end at the other side', async () => {
    const agent = deployment.agent('agent-1');
    for (let kill = 1; kill <= killsEach; kill += 1) {
      const { life, link } = await anOpenLink(agent.lives);
      await agent.crash(chance.whole(0, 300));
      expect(agent.lives).toBe(life + 1);
      const over = await within('the link to the killed agent is over', link.over);
      // Unless its own host closed it first.
      if (over.by === 'peer') expect(over.code).toBe('WSAECONNABORTED');
    }
    await traffic.goesOn(5);
  }, 90_000);

  it('when a leaf agent is killed and stays away: its bound says when it is lost', async () => {
    const agent = deployment.agent('agent-1');
    const { link } = await anOpenLink(agent.lives);
    await agent.kill();
    const over = await within('the link to the lost agent is over', link.over);
    if (over.by === 'peer') expect(over.code).toBe('WSAECONNABORTED');
    await eventually('its loss is on record', async () =>
      (await deployment.records()).nodes.some(
        ({ type, node }) => type === 'NodeLost' && node === 'agent-1',
      ),
    );
    await agent.start();
    await traffic.goesOn(5);
  }, 90_000);

  it('when several are killed at the same moment', async () => {
    await Promise.all([
      deployment.session.crash(chance.whole(0, 300)),
      deployment.notifier.crash(chance.whole(0, 300)),
      deployment.agent('agent-1').crash(chance.whole(0, 300)),
    ]);
    await traffic.goesOn(10);
  }, 90_000);
});

describe('afterwards', () => {
  it('every join has an outcome', async () => {
    await traffic.stop();
    process.stderr.write(`kill.e2e: ${journal.summary} ${JSON.stringify(traffic.stats)}\n`);
    expect(journal.waiting).toBe(0);
    expect(journal.count('joined')).toBeGreaterThan(50);
    expect(traffic.stats.retries).toBeGreaterThan(0);
  }, 90_000);

  it('nothing is lost, nothing was told twice, and nothing contradicts the record', async () => {
    const records = await checkHistory(deployment, { journal });
    expect(records.commits.length).toBeGreaterThan(100);
    expect(toldTo(records, 'host-1').length).toBeGreaterThan(10);
  }, 60_000);
});

async function anOpenLink(life: number): Promise<{ readonly link: Link; readonly life: number }> {
  return eventually('a member at the agent', () =>
    agentLinks.find((each) => each.life === life && each.link.isOpen),
  );
}
