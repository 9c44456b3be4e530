import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { newSession } from '@joinleaf/event-log/contract';
import type { SessionAddress } from '@joinleaf/multipoint';
import { natsForTests } from '@joinleaf/nats-server';
import { parkedBytesMax, Subjects } from '@joinleaf/wire';
import { jetstreamManager } from '@nats-io/jetstream';
import {
  connectBroker,
  ensureStreams,
  JetStreamParkedLog,
  sha256,
  streamPlans,
  type Broker,
  type StoredParked,
} from './index.js';

const nats = natsForTests({ beforeAll, afterAll });
let broker: Broker;
let subjects: Subjects;
let session: SessionAddress;
let parked: JetStreamParkedLog;

beforeAll(async () => {
  broker = await connectBroker({ ...nats().credentials.services, name: 'parked' });
});
afterAll(async () => {
  await broker.close();
});
beforeEach(async () => {
  subjects = new Subjects(newSession('realm'));
  session = newSession();
  await ensureStreams(broker.nc, subjects, { replicas: 1 });
  parked = new JetStreamParkedLog({ nc: broker.nc, subjects });
});

async function plant(bytes: Uint8Array | string): Promise<number> {
  const ack = await broker.nc.request(subjects.events(session), bytes);
  return ack.json<{ readonly seq: number }>().seq;
}

const poisoned = (sequence: number) => ({
  stream: subjects.streams.events,
  sequence,
  reason: 'is not JSON in UTF-8',
});
const finder = (by: string) => ({ by, seenAt: 1_795_000_000_000 });

async function kept(): Promise<readonly StoredParked[]> {
  const all: StoredParked[] = [];
  for await (const one of parked.all()) all.push(one);
  return all;
}

describe('a message that cannot be read', () => {
  it('is parked with its reason and its bytes, and stays where it lies', async () => {
    const sequence = await plant('not json');
    expect(await parked.park(poisoned(sequence), finder('session-1'))).toBe('parked');
    const [one] = await kept();
    expect(one?.record).toMatchObject({
      stream: subjects.streams.events,
      sequence,
      subject: subjects.events(session),
      reason: 'is not JSON in UTF-8',
      bytes: Buffer.from('not json').toString('base64'),
      size: 8,
      hash: sha256(Buffer.from('not json')),
      by: 'session-1',
    });
    const manager = await jetstreamManager(broker.nc, { checkAPI: false });
    expect((await manager.streams.info(subjects.streams.events)).state.messages).toBe(1);
  });

  it('is parked once, whoever finds it and however often', async () => {
    const sequence = await plant('not json');
    const finders = ['session-1', 'session-2', 'session-3', 'session-1'];
    const outcomes = await Promise.all(
      finders.map((by) => parked.park(poisoned(sequence), finder(by))),
    );
    expect(outcomes.filter((outcome) => outcome === 'parked').length).toBeGreaterThan(0);
    expect(await parked.park(poisoned(sequence), finder('session-4'))).toBe('known');
    expect(await kept()).toHaveLength(1);
  });

  it('keeps the beginning of a large one, and the hash of all of it', async () => {
    const bytes = new Uint8Array(parkedBytesMax * 3).fill(0x1b);
    const sequence = await plant(bytes);
    await parked.park({ ...poisoned(sequence), reason: 'x'.repeat(5_000) }, finder('session-1'));
    const [one] = await kept();
    expect(one?.record).toMatchObject({ size: bytes.length, hash: sha256(bytes) });
    expect(Buffer.from(one?.record.bytes ?? '', 'base64')).toHaveLength(parkedBytesMax);
    expect(one?.record.reason).toHaveLength(1_024);
  });

  it('is nothing to keep when its stream does not have it', async () => {
    expect(await parked.park(poisoned(7), finder('session-1'))).toBe('absent');
    expect(await kept()).toEqual([]);
  });

  it('is parked beside another one that lay in the same place of a stream that was replaced', async () => {
    expect(await parked.park(poisoned(await plant('first')), finder('session-1'))).toBe('parked');
    const manager = await jetstreamManager(broker.nc, { checkAPI: false });
    const [events] = streamPlans(subjects, 1);
    await manager.streams.delete(subjects.streams.events);
    await manager.streams.add(events?.config ?? { name: 'no plan' });
    const again = poisoned(await plant('second'));
    expect(again.sequence).toBe(1);
    expect(await parked.park(again, finder('session-1'))).toBe('parked');
    expect(
      (await kept()).map(({ record }) => Buffer.from(record.bytes, 'base64').toString()),
    ).toEqual(['first', 'second']);
  });
});
