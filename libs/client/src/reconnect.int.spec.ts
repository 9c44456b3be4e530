import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { startNatsServer, type RunningNatsServer } from '@joinleaf/nats-server';
import { connect as connectToNats, type NatsConnection } from '@nats-io/transport-node';
import type { Joinleaf, Status } from './api.js';
import { connect } from './connect.js';
import { Counterpart } from './counterpart.js';
import type { ConnectOptions } from './options.js';

// A broker that is killed, and sometimes comes back.

let nats: RunningNatsServer;
let services: NatsConnection;
let service: Counterpart;
const open: Joinleaf[] = [];
const unhandled: unknown[] = [];
const note = (reason: unknown) => unhandled.push(reason);

beforeAll(async () => {
  nats = await startNatsServer();
}, 300_000);
afterAll(async () => {
  await nats.stop();
});

beforeEach(async () => {
  process.on('unhandledRejection', note);
  services = await connectToNats({
    ...nats.credentials.services,
    maxReconnectAttempts: -1,
    reconnectTimeWait: 20,
    reconnectJitter: 1,
  });
  service = new Counterpart(services);
  await services.flush();
});

afterEach(async () => {
  await Promise.all(open.splice(0).map((jl) => jl.close()));
  await services.close();
  process.off('unhandledRejection', note);
  expect(unhandled.splice(0)).toEqual([]);
});

const node = async (name: string, options: Partial<ConnectOptions> = {}): Promise<Joinleaf> => {
  const { servers, user, pass } = nats.credentials.nodes;
  const times = { requestTimeoutMs: 300, callTimeoutMs: 20_000, closeTimeoutMs: 1_000 };
  const jl = await connect({ servers, user, pass, node: name, ...times, ...options });
  open.push(jl);
  return jl;
};

const eventually = async (sentence: string, isTrue: () => boolean): Promise<void> => {
  for (let tries = 0; tries < 2_000; tries += 1) {
    if (isTrue()) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  throw new Error(`not in time: ${sentence}`);
};

const joined = async (ada: Joinleaf, bob: Joinleaf) => {
  const root = await ada.openRoot('conf-7', { admit: 'auto' });
  const outcome = await bob.joinLeaf('conf-7');
  if (!outcome.ok) throw new Error(outcome.message);
  await eventually('the root has its link', () => root.links.length === 1);
  return { root, leaf: outcome.leaf };
};

describe('a broker that was away', () => {
  it('loses no notification and repeats none', async () => {
    const statuses: Status[] = [];
    const ada = await node('ada', { onStatus: (status) => void statuses.push(status) });
    const bob = await node('bob');
    const { root, leaf } = await joined(ada, bob);
    const events: string[] = [];
    const [link] = root.links;
    if (link === undefined) throw new Error('no link');
    const reading = (async () => {
      for await (const { id, type } of link.events()) events.push(`${type} ${id}`);
    })();
    await nats.kill();
    await eventually('ada noticed', () => ada.status === 'disconnected');
    // Nobody hears this live: the node has to ask for it.
    service.apply('conf-7', { type: 'CloseSocket', socket: leaf.socket });
    await nats.restart();
    await reading;
    expect(events).toEqual(['FD_CLOSE conf-7.4.0']);
    expect(ada.stats).toMatchObject({ heard: 2, duplicatesDropped: 0, reconnects: 1 });
    expect(statuses).toEqual(['disconnected', 'connected']);
    expect(await bob.joinLeaf('conf-7')).toMatchObject({ ok: true });
    await eventually('live again', () => root.links.length === 1);
  }, 30_000);

  it('a call made meanwhile waits for its return, and is sent once', async () => {
    const [ada, bob] = [await node('ada'), await node('bob')];
    await joined(ada, bob);
    await nats.kill();
    await eventually('bob noticed', () => bob.status === 'disconnected');
    const joining = bob.joinLeaf('conf-7', { port: 5 });
    const before = new Set(service.idsOf('join'));
    await new Promise((resolve) => setTimeout(resolve, 200));
    await nats.restart();
    expect(await joining).toMatchObject({ ok: true, leaf: { address: 'bob:5' } });
    const sent = service.idsOf('join').filter((id) => !before.has(id));
    expect(new Set(sent).size).toBe(1);
  }, 30_000);

  it('[H9] what was on its way when the connection broke is asked again, under its own id', async () => {
    const ada = await node('ada', { requestTimeoutMs: 60_000 });
    const losing = Promise.withResolvers<undefined>();
    service.mischief = {
      losesReply: () => {
        losing.resolve(undefined);
        return true;
      },
    };
    const opening = ada.openGroup('@news');
    await losing.promise;
    await nats.kill();
    service.mischief = {};
    await nats.restart();
    await opening;
    const ids = service.idsOf('open');
    expect(ids.length).toBeGreaterThan(1);
    expect(new Set(ids).size).toBe(1);
  }, 30_000);

  it('a call that its own time is too short for did certainly not happen', async () => {
    const bob = await node('bob');
    await nats.kill();
    await eventually('bob noticed', () => bob.status === 'disconnected');
    await expect(bob.joinLeaf('conf-7', { timeoutMs: 100 })).rejects.toMatchObject({
      code: 'WSAENETDOWN',
      retryable: 'safe',
    });
    const signal = AbortSignal.timeout(50);
    await expect(bob.joinLeaf('conf-7', { signal })).rejects.toMatchObject({
      name: 'TimeoutError',
    });
    expect(bob.stats.sockets).toBe(0);
    await nats.restart();
    await eventually('bob is back', () => bob.status === 'connected');
  }, 30_000);

  it('beats again as soon as it is back', async () => {
    service.beatMs = 60_000;
    const ada = await node('ada');
    expect(ada).toMatchObject({ beatMs: 60_000, boundMs: 240_000 });
    expect(service.beats.get('ada')).toBeUndefined();
    await nats.kill();
    await nats.restart();
    await eventually('a beat came', () => service.beats.get('ada') === 1 || ada.stats.beats > 0);
    expect(ada.stats.beats).toBe(1);
  }, 30_000);

  it('[H10] a run that was given up meanwhile learns it on its return', async () => {
    const ada = await node('ada');
    const bob = await node('bob');
    const { root, leaf } = await joined(ada, bob);
    await nats.kill();
    service.loseRun('ada');
    await nats.restart();
    expect(await ada.closed).toMatchObject({ reason: 'fenced', code: 'WSAENETRESET' });
    expect(root.isOpen).toBe(false);
    expect(await leaf.over).toEqual({ code: 'WSAECONNABORTED', by: 'peer' });
  }, 30_000);
});

describe('a run that was given up while it lives', () => {
  it('[H10] learns it from its next beat', async () => {
    const [ada, bob] = [await node('ada'), await node('bob')];
    const { root } = await joined(ada, bob);
    service.loseRun('ada');
    expect(await ada.closed).toMatchObject({ reason: 'fenced', code: 'WSAENETRESET' });
    expect(ada.stats).toMatchObject({ reconnects: 0 });
    expect(root.isOpen).toBe(false);
    expect(bob.status).toBe('connected');
  });
});

describe('closing', () => {
  it('is bounded when the broker is gone', async () => {
    const [ada, bob] = [await node('ada', { closeTimeoutMs: 300 }), await node('bob')];
    const { root } = await joined(ada, bob);
    const pending = root.joinLeaf('bob:1').catch((error: unknown) => error);
    await nats.kill();
    await eventually('ada noticed', () => ada.status === 'disconnected');
    const events = root.events();
    const from = performance.now();
    await ada.close();
    expect(performance.now() - from).toBeLessThan(15_000);
    expect(ada.status).toBe('closed');
    expect(await ada.closed).toMatchObject({ reason: 'closed', code: null });
    expect(await events.next()).toMatchObject({ value: { type: 'LINKED' } });
    expect(await events.next()).toEqual({ done: true, value: undefined });
    expect(await pending).toBeDefined();
    await expect(ada.joinLeaf('conf-7')).rejects.toMatchObject({ code: 'WSANOTINITIALISED' });
    await nats.restart();
  }, 30_000);

  it('is bounded when the service is gone', async () => {
    const ada = await node('ada', { closeTimeoutMs: 300 });
    await ada.openRoot('conf-7');
    await services.close();
    const from = performance.now();
    await ada.close();
    expect(performance.now() - from).toBeLessThan(15_000);
  });

  it('ends what is under way, tells the session and stops the node', async () => {
    const [ada, bob] = [await node('ada'), await node('bob')];
    const { root, leaf } = await joined(ada, bob);
    const asked = await ada.openRoot('conf-8');
    const join = await bob.startJoin('conf-8');
    const request = await asked.requests().next();
    await bob.close();
    expect(await join.connected).toMatchObject({ ok: false, code: 'WSAEINTR', rule: 'R146' });
    expect(await leaf.over).toEqual({ code: null, by: 'self' });
    await eventually('the link is over', () => root.links.length === 0);
    await eventually('the request is gone', () => request.value?.expired === true);
    expect(service.stopped).toEqual(new Set(['bob']));
    await bob.close();
  });

  it('happens at the end of a block', async () => {
    {
      await using ada = await node('ada');
      await using root = await ada.openRoot('conf-7');
      expect(root.isOpen).toBe(true);
      expect(service.session('conf-7').phase).toBe('open');
    }
    expect(service.session('conf-7').phase).toBe('closed');
  });
});

describe('connecting', () => {
  it('waits for a broker that is not there yet', async () => {
    await nats.kill();
    const connecting = node('ada');
    await new Promise((resolve) => setTimeout(resolve, 300));
    await nats.restart();
    expect((await connecting).status).toBe('connected');
  }, 30_000);

  it('gives up when its time is up', async () => {
    const connecting = node('ada', { servers: '127.0.0.1:1', callTimeoutMs: 300 });
    await expect(connecting).rejects.toMatchObject({ code: 'WSAENETDOWN', retryable: 'safe' });
    const signal = AbortSignal.timeout(50);
    const aborted = node('ada', { servers: '127.0.0.1:1', signal });
    await expect(aborted).rejects.toMatchObject({ name: 'TimeoutError' });
  });

  it('survives a callback that throws', async () => {
    const ada = await node('ada', {
      onStatus: () => {
        throw new Error('mine');
      },
    });
    await ada.close();
    expect(ada.stats.callbackErrors).toBe(1);
  });
});
