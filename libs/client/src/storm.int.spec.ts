import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { startNatsServer, type RunningNatsServer } from '@joinleaf/nats-server';
import { connect as connectToNats, type NatsConnection } from '@nats-io/transport-node';
import type { Joinleaf } from './api.js';
import { connectIn } from './connect.js';
import { Counterpart } from './counterpart.js';
import { realWorld, type World } from './world.js';

// A broker that comes back is asked by everybody whom it left. They all return, and not all in the same moment.

const count = 200;
const spreadMs = 150;

let nats: RunningNatsServer;
let services: NatsConnection;
let service: Counterpart;
const nodes: Joinleaf[] = [];
const slept: number[] = [];
const world: World = {
  ...realWorld,
  sleep: (ms, signal) => {
    slept.push(ms);
    return realWorld.sleep(ms, signal);
  },
};

beforeAll(async () => {
  nats = await startNatsServer();
  services = await connectToNats({
    ...nats.credentials.services,
    maxReconnectAttempts: -1,
    reconnectTimeWait: 20,
    reconnectJitter: 1,
  });
  service = new Counterpart(services);
  service.beatMs = 15_000;
  await services.flush();
}, 300_000);

afterAll(async () => {
  await Promise.all(nodes.map((node) => node.close()));
  await services.close();
  await nats.stop();
});

const eventually = async (sentence: string, isTrue: () => boolean): Promise<void> => {
  for (let tries = 0; tries < 4_000; tries += 1) {
    if (isTrue()) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  throw new Error(`not in time: ${sentence}`);
};

it('lets two hundred nodes come back, spread out, and each asks once for what it missed', async () => {
  const { servers, user, pass } = nats.credentials.nodes;
  for (let i = 0; i < count; i += 1) {
    const login = { servers, user, pass, closeTimeoutMs: 1_000 };
    nodes.push(await connectIn(world, { ...login, node: `node-${String(i)}` }));
  }
  await nats.kill();
  await eventually('all have noticed', () =>
    nodes.every(({ status }) => status === 'disconnected'),
  );
  slept.length = 0;
  const asked = service.resumed.length;
  await nats.restart();
  await eventually('all are back', () =>
    nodes.every(({ stats, status }) => status === 'connected' && stats.resumes === 2),
  );
  expect(service.resumed.length - asked).toBe(count);
  // Before each asks anything, it waits for a time of its own.
  const drawn = slept.filter((ms) => ms < spreadMs).toSorted((a, b) => a - b);
  expect(drawn.length).toBeGreaterThanOrEqual(count);
  expect(new Set(drawn).size).toBe(drawn.length);
  for (let from = 0; from < spreadMs; from += spreadMs / 5) {
    const here = drawn.filter((ms) => ms >= from && ms < from + spreadMs / 5);
    expect(here.length).toBeGreaterThan(0);
    expect(here.length).toBeLessThan(drawn.length / 2);
  }
}, 60_000);
