import { createServer, type Server } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import { startNatsServer, type RunningNatsServer } from '@joinleaf/nats-server';
import {
  BrokerRefusesUs,
  BrokerTooOld,
  BrokerUnreachable,
  connectBroker,
  type BrokerEvent,
} from './index.js';

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  ends.push(() => new Promise((resolve) => server.close(resolve)));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('not listening');
  return address.port;
}

/** Speaks as much NATS as a connection needs. */
const serverOfVersion = (version: string): Server =>
  createServer((socket) => {
    const info = { server_id: 'X', version, headers: true, max_payload: 1_048_576, proto: 1 };
    socket.write(`INFO ${JSON.stringify(info)}\r\n`);
    socket.on('data', (bytes) => {
      if (bytes.includes('PING')) socket.write('PONG\r\n');
    });
    socket.on('error', () => socket.destroy());
  });

const freePort = async (): Promise<number> => {
  const server = createServer();
  const port = await listening(server);
  await ends.pop()?.();
  return port;
};

async function started(): Promise<RunningNatsServer> {
  const server = await startNatsServer();
  ends.push(() => server.stop());
  return server;
}

describe('connectBroker', () => {
  it.each(['2.9.10', '2.11.9', '1.4.0', '2.0.12'])(
    'refuses a server of version %s',
    async (version) => {
      const port = await listening(serverOfVersion(version));
      const connecting = connectBroker({ servers: `127.0.0.1:${String(port)}`, name: 'test' });
      ends.push(() => connecting.then(({ nc }) => nc.close()).catch(() => undefined));
      await expect(connecting).rejects.toThrow(BrokerTooOld);
      await expect(connecting).rejects.toThrow(
        `nats-server 2.12 or newer is needed, this one is ${version}`,
      );
    },
  );

  it.each(['2.12.0', '2.15.1', '3.0.0', '2.15.0-dev'])(
    'takes a server of version %s',
    async (version) => {
      const port = await listening(serverOfVersion(version));
      const broker = await connectBroker({ servers: `127.0.0.1:${String(port)}`, name: 'test' });
      await broker.nc.close();
    },
  );

  it('says at once that nobody answers', async () => {
    const servers = `127.0.0.1:${String(await freePort())}`;
    const events: BrokerEvent['kind'][] = [];
    const onEvent = ({ kind }: BrokerEvent) => events.push(kind);
    const connecting = connectBroker({ servers, name: 'test', onEvent });
    await expect(connecting).rejects.toThrow(BrokerUnreachable);
    expect(events).toEqual([]); // It does not wait, for it was given no time.
  });

  it('waits for a server as long as it may, and no longer', async () => {
    const servers = `127.0.0.1:${String(await freePort())}`;
    const events: BrokerEvent['kind'][] = [];
    const begun = performance.now();
    await expect(
      connectBroker({
        servers,
        name: 'test',
        connectWithinMs: 700,
        onEvent: ({ kind }) => events.push(kind),
      }),
    ).rejects.toThrow(BrokerUnreachable);
    expect(performance.now() - begun).toBeGreaterThan(400);
    expect(events).toContain('waiting');
  });

  it('waits no longer than its caller', async () => {
    const servers = `127.0.0.1:${String(await freePort())}`;
    const signal = AbortSignal.timeout(100);
    await expect(
      connectBroker({ servers, name: 'test', connectWithinMs: 60_000, signal }),
    ).rejects.toThrow(/abort|timeout/i);
  });

  it('connects to a server that comes up later', async () => {
    const port = await freePort();
    const connecting = connectBroker({
      servers: `127.0.0.1:${String(port)}`,
      name: 'test',
      connectWithinMs: 10_000,
    });
    await delay(300);
    const late = serverOfVersion('2.15.1');
    await new Promise<void>((resolve) => late.listen(port, '127.0.0.1', resolve));
    ends.push(() => new Promise((resolve) => late.close(resolve)));
    const broker = await connecting;
    expect(broker.connected).toBe(true);
    await broker.nc.close();
  });

  it('does not wait for a wrong password to become right', async () => {
    const server = await started();
    const wrong = { ...server.credentials.services, pass: 'wrong', name: 'test' };
    await expect(connectBroker({ ...wrong, connectWithinMs: 60_000 })).rejects.toThrow(
      BrokerRefusesUs,
    );
  });

  it('tells and counts what happens to the connection, and comes back', async () => {
    const server = await started();
    const events: BrokerEvent[] = [];
    const broker = await connectBroker({
      ...server.credentials.services,
      name: 'test',
      onEvent: (event) => events.push(event),
    });
    ends.push(() => broker.close());
    await server.kill();
    await until(() => !broker.connected);
    await server.restart();
    await until(() => broker.connected);
    expect(broker.counts).toMatchObject({ disconnected: 1, reconnected: 1, denied: 0 });
    expect(events.map(({ kind }) => kind)).toEqual(['disconnected', 'reconnected']);
  });

  it('can be closed while the server is away, and twice', async () => {
    const server = await started();
    const broker = await connectBroker({ ...server.credentials.services, name: 'test' });
    await server.kill();
    await until(() => !broker.connected);
    await broker.close();
    await broker.close();
    expect(broker.nc.isClosed()).toBe(true);
  });
});

async function until(condition: () => boolean): Promise<void> {
  for (const end = performance.now() + 10_000; performance.now() < end;) {
    if (condition()) return;
    await delay(10);
  }
  throw new Error('it did not happen within ten seconds');
}
