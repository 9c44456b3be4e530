import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { ensureStreams } from '@joinleaf/jetstream-log';
import { natsForTests } from '@joinleaf/nats-server';
import { Subjects } from '@joinleaf/wire';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { BrokerClock } from './broker-clock.js';

const nats = natsForTests({ beforeAll, afterAll });
const subjects = new Subjects('clocks');
const hourMs = 3_600_000;

let nc: NatsConnection;
let wrongBy: number;

beforeEach(async () => {
  nc = await connect(nats().credentials.services);
  await ensureStreams(nc, subjects, { replicas: 1 });
  wrongBy = 0;
});

afterEach(async () => {
  await nc.close();
});

const clockOn = (stream: string) =>
  new BrokerClock({
    nc,
    stream,
    wallClock: () => Date.now() + wrongBy,
    monotonicMs: () => performance.now(),
  });

describe('the clock of an arbiter', () => {
  it("is the broker's, however wrong its own is, and whenever that is put right", async () => {
    using clock = clockOn(subjects.streams.events);
    wrongBy = hourMs;
    await clock.start();
    expect(Math.abs(clock.now() - Date.now())).toBeLessThan(hourMs / 2);
    expect(clock.aheadMs).toBeGreaterThan(hourMs / 2);
    wrongBy = -hourMs;
    expect(Math.abs(clock.now() - Date.now())).toBeLessThan(hourMs / 2);
    expect(clock.aheadMs).toBeLessThan(-hourMs / 2);
  });

  it('is its own as long as the broker has not said', async () => {
    using clock = clockOn('no-such-stream');
    wrongBy = hourMs;
    await clock.start();
    expect(clock.aheadMs).toBeNull();
    expect(clock.now()).toBeGreaterThan(Date.now() + hourMs / 2);
  });
});
