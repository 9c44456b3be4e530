import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { emptyHead } from '@joinleaf/event-log';
import { appended, Following, newSession, nth } from '@joinleaf/event-log/contract';
import { startNatsServer, type RunningNatsServer } from '@joinleaf/nats-server';
import { Subjects } from '@joinleaf/wire';
import { jetstreamManager, type JetStreamManager } from '@nats-io/jetstream';
import { connectBroker, ensureStreams, JetStreamLog, type Broker } from './index.js';
import { threeServers, until } from './three-servers.js';

// Three servers keep the log, and one of them keeps the consumer of whoever follows it.

const subjects = new Subjects('main');
const stream = subjects.streams.events;
let servers: readonly RunningNatsServer[];
let broker: Broker;
let manager: JetStreamManager;

beforeAll(async () => {
  servers = await Promise.all(threeServers().map((each) => startNatsServer(each)));
  const { user, pass } = nth(servers, 0).credentials.services;
  const urls = servers.map(({ url }) => url);
  const login = { servers: urls, user, pass, name: 'follower', connectWithinMs: 30_000 };
  broker = await connectBroker(login);
  manager = await jetstreamManager(broker.nc, { checkAPI: false });
  await ensureStreams(broker.nc, subjects, { replicas: 3 });
}, 60_000);

afterAll(async () => {
  await broker.close();
  await Promise.all(servers.map((server) => server.stop()));
});

const placeOf = (port: number | undefined) => servers.findIndex((server) => server.port === port);

/** The place among the servers of the one that keeps the only consumer. */
async function keeper(): Promise<number> {
  const [only] = await manager.consumers.list(stream).next();
  return ['broker-0', 'broker-1', 'broker-2'].indexOf(only?.cluster?.leader ?? '');
}

/** Follows the log, with a consumer at the server that the reader is connected to, or at another. Which is chance. */
async function followedFrom(isItsOwn: boolean): Promise<{ following: Following; kept: number }> {
  for (;;) {
    const following = new Following(new JetStreamLog({ nc: broker.nc, subjects }), 0);
    await following.until(({ kind }) => kind === 'caught-up');
    await until(async () => (await keeper()) >= 0);
    const kept = await keeper();
    if ((kept === placeOf(Number(broker.nc.getServer().split(':').at(-1)))) === isItsOwn) {
      return { following, kept };
    }
    await following.end();
    await until(async () => (await keeper()) < 0);
  }
}

it.each([
  ['a server that kept its consumer, and not its connection', false],
  ['a server that kept both', true],
])(
  'who follows a log reads on without %s',
  async (_, isItsOwn) => {
    const { following, kept } = await followedFrom(isItsOwn);
    await nth(servers, kept).kill();
    const log = new JetStreamLog({ nc: broker.nc, subjects });
    let session = newSession();
    await until(() => {
      session = newSession(); // What is not acknowledged may be stored.
      return appended(log, session, emptyHead).then(
        () => true,
        () => false,
      );
    });
    await following.until((one) => one.kind === 'commit' && one.commit.session === session);
    await following.end();
    await nth(servers, kept).restart();
    expect(following.commits().at(-1)?.session).toBe(session);
  },
  90_000,
);
