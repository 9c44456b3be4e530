import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { startNatsServer, type RunningNatsServer } from '@joinleaf/nats-server';
import { connect as connectToNats, type NatsConnection } from '@nats-io/transport-node';
import { Broker } from './broker.js';
import { settingsOf } from './options.js';
import { realWorld } from './world.js';

let nats: RunningNatsServer;
let services: NatsConnection;
let broker: Broker;

beforeAll(async () => {
  nats = await startNatsServer();
}, 300_000);
afterAll(async () => {
  await nats.stop();
});

beforeEach(async () => {
  const { servers, user, pass } = nats.credentials.nodes;
  const settings = settingsOf({ servers, user, pass, node: 'ada' });
  broker = await Broker.open(settings, realWorld, { withinMs: 20_000, signal: undefined });
  services = await connectToNats(nats.credentials.services);
});
afterEach(async () => {
  await broker.close(realWorld, 1_000);
  await services.close();
});

const subject = 'jl.main.cmd.ada.1.conf-7.join';
const long = 60_000; // Longer than a test may take.
const ask = (bytes: Uint8Array, timeoutMs = long) => broker.request(subject, bytes, timeoutMs);
/** Answers of a service that waits until it was asked so often. */
const heard = (count: number): Promise<readonly (() => void)[]> => {
  const answers: (() => void)[] = [];
  const asked = Promise.withResolvers<undefined>();
  services.subscribe(subject, {
    callback: (_, message) => {
      if (answers.push(() => message.respond(message.data)) === count) asked.resolve(undefined);
    },
  });
  return asked.promise.then(() => answers);
};

describe('a request', () => {
  it('has its own answer, whichever comes first', async () => {
    const hearing = heard(3);
    await services.flush();
    const asking = Promise.all([1, 2, 3].map((byte) => ask(Uint8Array.of(byte))));
    for (const answer of (await hearing).toReversed()) answer();
    const answers = await asking;
    expect(answers.map((one) => one.kind === 'answer' && [...one.message.data])).toEqual([
      [1],
      [2],
      [3],
    ]);
  });

  it('that nobody serves did not arrive', async () => {
    expect(await ask(Uint8Array.of(1))).toMatchObject({ kind: 'nobody' });
  });

  it('that nobody answers is lost when its time is up, and no other is', async () => {
    const hearing = heard(2);
    await services.flush();
    const [short, patient] = [ask(Uint8Array.of(1), 30), ask(Uint8Array.of(2))];
    expect(await short).toMatchObject({ kind: 'lost' });
    for (const answer of await hearing) answer();
    expect(await patient).toMatchObject({ kind: 'answer' });
  });

  it('that the broker does not allow is denied, and says which', async () => {
    const denied = await broker.request('jl.main.evt.00.conf-7', Uint8Array.of(1), long);
    expect(denied).toMatchObject({ kind: 'denied', cause: { operation: 'publish' } });
  });

  it('on its way when the connection breaks is lost at once', async () => {
    const hearing = heard(1);
    await services.flush();
    const asking = ask(Uint8Array.of(1));
    await hearing;
    await nats.kill();
    expect(await asking).toMatchObject({ kind: 'lost' });
    await nats.restart();
  });

  it('is not sent by a connection that is over', async () => {
    await broker.close(realWorld, 1_000);
    expect(broker.isOver).toBe(true);
    expect(await ask(Uint8Array.of(1))).toMatchObject({ kind: 'not-sent' });
  });
});
