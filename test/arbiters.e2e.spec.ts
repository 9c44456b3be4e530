import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ownersOf } from '@joinleaf/arbiter';
import { connect } from '@nats-io/transport-node';
import { checkHistory } from './deployment/check-history.js';
import { printedChance } from './deployment/chance.js';
import { startDeployment, type Deployment } from './deployment/deployment.js';
import { eventually } from './deployment/eventually.js';
import { Journal } from './deployment/journal.js';
import { partitionOf, type Json, type RawNode } from './deployment/raw-node.js';
import type { ServiceSlot } from './deployment/service-slot.js';
import { Traffic } from './deployment/traffic.js';

// Arbiters that hear of one another share the sessions by partition. One of them may be killed, asked to stop or
// paused at any time: the others take over, and every call ends as it should.

const chance = printedChance('arbiters.e2e');
const partitions = 64;

const heardBy = (slot: ServiceSlot): Promise<number> => slot.metric('joinleaf_partitions_heard');
const ownedBy = (slot: ServiceSlot): Promise<number> => slot.metric('joinleaf_partitions_owned');

/** Waits until each hears what it owns, and all together every partition once. */
async function calm(slots: readonly ServiceSlot[]): Promise<void> {
  const names = slots.map(({ name }) => name);
  const shares = slots.map(({ name }) => ownersOf(names).filter((owner) => owner === name).length);
  await eventually(`${names.join(', ')} share the partitions`, async () => {
    const heard = await Promise.all(slots.map(heardBy));
    const owned = await Promise.all(slots.map(ownedBy));
    return String(heard) === String(shares) && String(owned) === String(shares);
  });
}

const ownerOf = (session: string, slots: readonly ServiceSlot[]): string =>
  ownersOf(slots.map(({ name }) => name))[Number(partitionOf(session))] ?? '';

/** A session of which this one is the owner. */
function sessionOf(owner: ServiceSlot, slots: readonly ServiceSlot[], prefix: string): string {
  for (let i = 0; ; i += 1) {
    const session = `${prefix}-${String(i)}`;
    if (ownerOf(session, slots) === owner.name) return session;
  }
}

async function accepted(asking: Promise<Json>): Promise<Json> {
  const reply = await asking;
  expect(reply).toMatchObject({ ok: true });
  return reply;
}

describe.each([2, 3])('%i session services', (count) => {
  const journal = new Journal();
  let deployment: Deployment;
  let host: RawNode;
  let traffic: Traffic;

  beforeAll(async () => {
    deployment = await startDeployment({ sessions: count });
    host = await deployment.connectRaw('host');
    await host.start({ boundMs: 60_000 });
  }, 60_000);

  afterAll(async () => {
    await deployment.stop();
  });

  it('share the partitions: each is heard by its owner alone', async () => {
    await calm(deployment.sessions);
  });

  it('leave a session to its owner in calm times', async () => {
    const sessions = Array.from({ length: 24 }, (_, index) => `calm-${String(index)}`);
    for (const session of sessions) {
      const root = host.socket();
      await accepted(host.ask(session, 'open', { socket: root, policy: { admit: 'auto' } }));
      await accepted(host.ask(session, 'listen', { socket: root, backlog: 10 }));
      const joins = Array.from({ length: 5 }, (_, port) =>
        host.ask(session, 'join', {
          ...{ as: 'leaf', socket: host.socket() },
          local: `host:${String(port + 1)}`,
        }),
      );
      await Promise.all(joins.map(accepted));
    }
    for (const session of sessions) {
      const writers = new Set((await deployment.commitsOf(session)).map(({ arbiter }) => arbiter));
      expect([...writers]).toEqual([ownerOf(session, deployment.sessions)]);
    }
  });

  it('[E16] let a join time out once, though the owner of its session was killed', async () => {
    const [owner, ...others] = deployment.sessions as [ServiceSlot, ...ServiceSlot[]];
    const session = sessionOf(owner, deployment.sessions, 'orphan');
    await accepted(host.ask(session, 'open', { socket: host.socket() }));
    const [root, leaf] = [String(Number(host.socket()) - 1), host.socket()];
    await accepted(host.ask(session, 'listen', { socket: root, backlog: 10 }));
    const body = { as: 'leaf', socket: leaf, local: 'host:9', deadlineMs: 1_500 };
    await accepted(host.ask(session, 'join', body));
    await owner.kill();
    const told = await host.hears('FD_CONNECT', host.socketId(leaf));
    expect(told).toMatchObject({ code: 'WSAETIMEDOUT' });
    const failed = (await deployment.commitsOf(session)).flatMap(({ arbiter, decisions }) =>
      decisions.flatMap(({ events }) =>
        events.flatMap(({ type }) => (type === 'JoinFailed' ? [arbiter] : [])),
      ),
    );
    expect(failed).toHaveLength(1);
    expect(others.map(({ name }) => name)).toContain(failed[0]);
    await owner.start();
    await calm(deployment.sessions);
  });

  it('go on when one of them is killed under load, and when it is back', async () => {
    traffic = await Traffic.start({ deployment, journal, chance: chance.split() });
    for (let kill = 1; kill <= 2; kill += 1) {
      const slot = chance.pick(deployment.sessions);
      await traffic.goesOn(10);
      await slot.kill();
      await calm(deployment.sessions.filter((each) => each !== slot));
      await traffic.goesOn(10);
      await slot.start();
      await calm(deployment.sessions);
    }
  }, 120_000);

  it('hand over when one is asked to stop, and nobody notices', async () => {
    const slot = chance.pick(deployment.sessions);
    const others = deployment.sessions.filter((each) => each !== slot);
    let isOver = false;
    // Each of these would reject if for a moment nobody heard its partition.
    const asking = Array.from({ length: 32 }, async (_, worker) => {
      for (let i = 0; !isOver; i += 1) {
        const session = `handed-${String(worker)}-${String(i % 10)}`;
        const reply = await host.ask(session, 'close', { socket: '999999' });
        expect(reply).toMatchObject({ rule: expect.not.stringMatching(/^H12$|^E2$/) as unknown });
      }
    });
    const asked = Promise.all(asking);
    asked.catch(() => undefined); // It is awaited below.
    await traffic.goesOn(5);
    await slot.stop();
    await calm(others);
    await traffic.goesOn(5);
    isOver = true;
    await asked;
    await slot.start();
    await calm(deployment.sessions);
  }, 90_000);

  it('go on while one is paused for 5 s, and take it back', async () => {
    const slot = chance.pick(deployment.sessions);
    const others = deployment.sessions.filter((each) => each !== slot);
    const paused = slot.freeze(5_000);
    await eventually('the others own everything', async () => {
      const owned = await Promise.all(others.map(ownedBy));
      return owned.reduce((sum, each) => sum + each, 0) === partitions;
    });
    await paused;
    await calm(deployment.sessions);
    await traffic.goesOn(10);
  }, 120_000);

  it('have told everybody what became of every call, and left a history without a flaw', async () => {
    await traffic.stop();
    process.stderr.write(`arbiters.e2e: ${journal.summary} ${JSON.stringify(traffic.stats)}\n`);
    expect(journal.waiting).toBe(0);
    await host.tell('stop');
    const records = await checkHistory(deployment, { journal });
    expect(records.commits.length).toBeGreaterThan(100);
  }, 120_000);
});

describe('arbiters that differ', () => {
  it('say so wherever an operator looks, and decide all the same', async () => {
    await using deployment = await startDeployment();
    await using stack = new AsyncDisposableStack();
    const nc = await connect(deployment.nats.credentials.services);
    stack.defer(() => nc.close());
    const { session: slot } = deployment;
    const stranger = {
      ...{ v: 1, name: 'stranger', instance: 'i-1', state: 'coming' },
      ...{ decider: 'multipoint/99', config: 'other', partitions: '0'.repeat(16) },
    };
    const beating = setInterval(() => {
      nc.publish(deployment.subjects.arbiters(), JSON.stringify(stranger));
    }, 100);
    stack.defer(() => {
      clearInterval(beating);
    });
    await eventually('the difference is counted', async () => {
      return (await slot.metric('joinleaf_arbiters_mismatched')) === 2;
    });
    const ready = await fetch(`${slot.httpUrl}/health/ready`);
    expect(ready.status).toBe(200);
    expect(await ready.json()).toMatchObject({
      notes: { arbiters: expect.stringContaining('stranger decides by multipoint/99') as unknown },
    });
    const info = (await nc.request('$SRV.INFO.joinleaf-session')).json<{ metadata: Json }>();
    expect(info.metadata.mismatch).toContain('stranger');
    const node = await deployment.connectRaw('ada');
    await node.start();
    await accepted(node.ask('conf-7', 'open', { socket: '1' }));
  }, 60_000);
});
