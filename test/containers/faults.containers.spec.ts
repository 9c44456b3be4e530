import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Link } from '@joinleaf/client';
import { startCoordinator, type Agent, type Coordinator } from '@joinleaf/testcontainers';
import { checkHistory } from '../deployment/check-history.js';
import { printedChance } from '../deployment/chance.js';
import { eventually, within } from '../deployment/eventually.js';
import { Journal } from '../deployment/journal.js';
import { sessionsIn } from '../deployment/records.js';
import { Traffic } from '../deployment/traffic.js';
import { AnswerGap } from '../faults/answer-gap.js';
import { ContainedDeployment } from './contained-deployment.js';
import { images } from './images.js';

// Three brokers, two of each service and an agent as containers. Programs on this machine join, invite and leave
// all the time, while containers are killed, stopped, paused and taken off their network. Afterwards the log is
// checked against what everybody was told, and every session is decided again.

const chance = printedChance('faults.containers');
/** What everybody said, for whoever wants to know why a test failed. */
const logFile = join(import.meta.dirname, '../../.joinleaf/faults.containers.log');
const journal = new Journal({ undecidedMs: 15_000 }); // As long as three brokers may be without a leader.
const agentNode = 'agent-1';
const nodes = ['host-1', 'host-2', 'guest-1', 'guest-2', 'guest-3', 'guest-4', 'keeper', agentNode];

const gap = new AnswerGap();
journal.onAnswer = (answer) => {
  gap.hear(answer);
};

let coordinator: Coordinator;
let deployment: ContainedDeployment;
let traffic: Traffic;
const agentLinks: Link[] = [];

beforeAll(async () => {
  coordinator = await startCoordinator({
    ...{ images, nodes, brokers: 3, sessions: 2, notifiers: 2 },
    agents: [
      {
        node: agentNode,
        endpoints: [
          { port: 1, admission: 'accept' },
          { port: 2, admission: 'accept' },
          { port: 3, admission: 'reject' },
        ],
        settings: { JOINLEAF_BOUND_MS: '2000' },
      },
    ],
  });
  deployment = new ContainedDeployment(coordinator);
  traffic = await Traffic.start({
    ...{ deployment, journal, chance: chance.split() },
    endpoints: [1, 2, 3].map((port) => `${agentNode}:${String(port)}`),
    onLink: (link) => {
      if (link.leaf.startsWith(`${agentNode}:`)) agentLinks.push(link);
    },
  });
  await traffic.goesOn(20);
}, 180_000);

afterAll(async () => {
  writeFileSync(logFile, await coordinator.logs(2_000));
  await deployment.close();
  await coordinator.stop();
});

describe('a steady stream of joins goes on', () => {
  beforeEach(() => {
    gap.begin();
  });

  afterEach(() => {
    const { currentTestName = '' } = expect.getState();
    process.stderr.write(
      `faults: ${currentTestName}: ${String(gap.largestMs)} ms without answers\n`,
    );
  });

  it.each(['session-1', 'session-2', 'notifier-1', 'notifier-2'])(
    'when %s is killed: the other one goes on at once',
    async (name) => {
      await coordinator.killService(name);
      await goesOnUntil(() => coordinator.startService(name));
    },
  );

  it('when a session service is stopped: it ends in order, and the other one goes on', async () => {
    const session = coordinator.part('session-1');
    expect(await session.stop()).toBe(0);
    await goesOnUntil(() => session.start());
  });

  it('when every service is killed at the same moment, and comes back', async () => {
    const services = [...coordinator.sessions, ...coordinator.notifiers];
    await Promise.all(services.map((service) => service.kill()));
    await delay(chance.whole(0, 500));
    await Promise.all(services.map((service) => service.start()));
    await traffic.goesOn(15);
  });

  it.each(['broker-1', 'broker-2', 'broker-3'])(
    'when %s of three is killed: two are a majority',
    async (name) => {
      await coordinator.part(name).kill();
      await goesOnUntil(() => coordinator.part(name).start());
    },
  );

  it('when a broker is cut off from everybody, and comes back', async () => {
    await coordinator.disconnectBroker('broker-2');
    await goesOnUntil(() => coordinator.reconnectBroker('broker-2'));
  });

  it('when a session service is cut off, and comes back', async () => {
    await coordinator.part('session-1').disconnect();
    await goesOnUntil(() => coordinator.part('session-1').reconnect());
  });

  it('when a notifier hangs for a while', async () => {
    await coordinator.part('notifier-1').pause();
    await goesOnUntil(() => coordinator.part('notifier-1').goOn());
  });
});

describe('an agent', () => {
  beforeEach(async () => {
    // What happened to the brokers may have kept it silent for longer than its bound: then it has ended.
    const { part } = coordinator.agent(agentNode);
    if (!(await part.isRunning)) await part.start();
  });

  it('that is killed is missed at the other side, and can be invited again', async () => {
    const link = await openLink();
    const { part } = coordinator.agent(agentNode);
    await part.kill();
    await missed(link);
    await part.start();
    await openLink();
  });

  it('that is cut off for longer than its bound is missed at the other side', async () => {
    const link = await openLink();
    const { part } = coordinator.agent(agentNode);
    const before = await losses();
    await part.disconnect();
    await missed(link);
    await eventually('its loss is on record', async () => (await losses()) > before);
    await part.reconnect();
    // It learns from its next request that its run is over, and ends: whoever runs it starts it again.
    await askAt(coordinator.agent(agentNode), link.session);
    await eventually('the agent ends', async () => !(await part.isRunning));
    await part.start();
    await openLink();
  });
});

describe('afterwards', () => {
  it('every join has an outcome', async () => {
    await traffic.stop();
    process.stderr.write(`faults: ${journal.summary} ${JSON.stringify(traffic.stats)}\n`);
    expect(journal.waiting).toBe(0);
    expect(Math.min(traffic.stats.retries, traffic.stats.reconnects)).toBeGreaterThan(0);
  });

  it('nothing is lost, nothing was told twice, and nothing contradicts the record', async () => {
    const records = await checkHistory(deployment, { journal });
    for (const record of records.nodes) {
      if (record.type !== 'NodeLost') continue;
      const { node, silentMs, boundMs } = record;
      const words = `${node} was silent for ${String(silentMs)} of ${String(boundMs)} ms`;
      process.stderr.write(`faults: given up: ${words}\n`);
    }
    expect(sessionsIn(records).length).toBeGreaterThan(3);
  });

  it('every session comes out the same when the command decides it again', async () => {
    const { exitCode, stdout } = await coordinator.joinleaf('replay', '--all');
    expect([exitCode, stdout]).toEqual([0, expect.stringContaining('0 diverged · 0 damaged')]);
    process.stderr.write(`faults: ${stdout}`);
  });

  it('and the log is whole', async () => {
    const { exitCode, stdout } = await coordinator.joinleaf('verify', '--all');
    expect([exitCode, stdout]).toEqual([0, expect.stringContaining('settings ok, 3 copies')]);
  });
});

/** While something is away, and when it is back; it comes back in any case, for the test after this one. */
async function goesOnUntil(isBack: () => Promise<void>): Promise<void> {
  try {
    await traffic.goesOn(10);
  } finally {
    await isBack();
  }
  await traffic.goesOn(5);
}

async function openLink(): Promise<Link> {
  return eventually('a member at the agent', () => agentLinks.find(({ isOpen }) => isOpen));
}

/** How many runs of the agent were given up for lost. */
async function losses(): Promise<number> {
  const { nodes: lives } = await deployment.records();
  return lives.filter(({ type, node }) => type === 'NodeLost' && node === agentNode).length;
}

async function missed(link: Link): Promise<void> {
  const over = await within('the link to the agent is over', link.over);
  // Unless its own host closed it first.
  if (over.by === 'peer') expect(over.code).toBe('WSAECONNABORTED');
}

/** A program asks an agent to join; what becomes of it does not matter. */
async function askAt({ url, headers }: Agent, session: string): Promise<void> {
  await fetch(`${url}/v1/endpoints/port-1/memberships`, {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json' },
    body: JSON.stringify({ session }),
  }).catch(() => undefined);
}
