import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { natsForTests } from '@joinleaf/nats-server';
import { connect as connectToNats, type NatsConnection } from '@nats-io/transport-node';
import type { Joinleaf, Leaf, Link, Root, RootOptions, SocketEvent } from './api.js';
import { connect } from './connect.js';
import { Counterpart } from './counterpart.js';
import type { ConnectOptions } from './options.js';

// A root's program is gone, and its session goes on: with the program itself when it is back, or with a member.

const nats = natsForTests({ beforeAll, afterAll });
let services: NatsConnection;
let service: Counterpart;
const open: Joinleaf[] = [];

beforeEach(async () => {
  services = await connectToNats(nats().credentials.services);
  service = new Counterpart(services);
  await services.flush();
});

afterEach(async () => {
  await Promise.all(open.splice(0).map((jl) => jl.close()));
  await services.close();
});

const node = async (name: string, options: Partial<ConnectOptions> = {}): Promise<Joinleaf> => {
  const { servers, user, pass } = nats().credentials.nodes;
  const jl = await connect({ servers, user, pass, node: name, closeTimeoutMs: 1_000, ...options });
  open.push(jl);
  return jl;
};

const join = async (jl: Joinleaf): Promise<Leaf> => {
  const joined = await jl.joinLeaf('conf-7');
  if (!joined.ok) throw new Error(joined.message);
  return joined.leaf;
};

const next = async <T extends SocketEvent['type']>(
  events: AsyncIterable<SocketEvent>,
  type: T,
): Promise<Extract<SocketEvent, { type: T }>> => {
  for await (const event of events) {
    if (event.type === type) return event as Extract<SocketEvent, { type: T }>;
  }
  throw new Error(`${type} never came`);
};

// A root hears of its links in its own time.
const linksOf = async (root: Root, count: number): Promise<readonly Link[]> => {
  const events = root.events();
  while (root.links.length < count) await events.next();
  return root.links;
};

const firstText = async (member: Pick<Leaf, 'messages'>): Promise<string> => {
  for await (const message of member.messages()) return message.text();
  throw new Error('nothing was heard');
};

/** Ada keeps conf-7, Bob and Carol are in, and Ada's run is lost. */
async function bereft(rootLoss: 'linger' | 'elect-oldest', more: RootOptions = {}) {
  const [ada, bob, carol] = [await node('ada'), await node('bob'), await node('carol')];
  await ada.openRoot('conf-7', { admit: 'auto', rootLoss, ...more });
  const bobs = await join(bob);
  const carols = await join(carol);
  service.loseRun('ada');
  return { ada, bob, carol, bobs, carols };
}

describe('a session that lingers', () => {
  it('[H19] [H20] [H23] is taken back by its program, started again, with a link for everybody', async () => {
    const { bobs, carols } = await bereft('linger');
    expect(await next(bobs.events(), 'ROOT_LOST')).toMatchObject({ heir: false });
    const again = await node('ada');
    const root = await again.openRoot('conf-7', { backlog: 3 });
    expect(root.incarnation).toBe(1);
    await next(carols.events(), 'ROOT_REPLACED');
    expect(await next(bobs.events(), 'ROOT_REPLACED')).toMatchObject({ root: root.socket });
    const [linkToBob, linkToCarol] = await linksOf(root, 2);
    expect([linkToBob?.leaf, linkToCarol?.leaf]).toEqual([bobs.address, carols.address]);
    expect(bobs.isOpen && carols.isOpen).toBe(true);

    const heard = firstText(bobs);
    await linkToBob?.send('welcome back');
    expect(await heard).toBe('welcome back');
    await bobs.close();
    expect(await linkToBob?.over).toEqual({ code: null, by: 'peer' });
    expect(service.session('conf-7')).toMatchObject({
      policy: { admit: 'auto', rootLoss: 'linger' },
    });
  });

  it('[H19] refuses new joins, and a join that waited is announced to the next root', async () => {
    const [ada, bob, carol] = [await node('ada'), await node('bob'), await node('carol')];
    await ada.openRoot('conf-7', { rootLoss: 'linger' });
    const joining = await bob.startJoin('conf-7');
    service.loseRun('ada');
    expect(await carol.joinLeaf('conf-7')).toMatchObject({
      code: 'WSAECONNREFUSED',
      rule: 'H19',
      retry: 'same-socket',
    });
    const root = await (await node('ada')).openRoot('conf-7');
    for await (const request of root.requests()) {
      expect(await request.accept({ calleeData: 'here I am' })).toMatchObject({
        ok: true,
        join: 'J1',
      });
      break;
    }
    expect(await joining.connected).toMatchObject({ ok: true, join: 'J1' });
  });

  it('[H22] ends when nobody comes: everybody hears FD_CLOSE', async () => {
    const { bobs, carols } = await bereft('linger');
    service.expireAll();
    for (const leaf of [bobs, carols]) {
      expect(await leaf.over).toEqual({ code: 'WSAECONNABORTED', by: 'peer' });
    }
  });

  it('[H19] has nobody to chat with meanwhile, and its data goes on', async () => {
    const { bobs, carols } = await bereft('linger');
    await next(bobs.events(), 'ROOT_LOST');
    expect(bobs.trySend('hello?', { chat: true })).toMatchObject({
      code: 'WSAEOPNOTSUPP',
      rule: 'R162',
      message: expect.stringMatching(/nobody to have a side chat with/),
    });
    const heard = firstText(carols);
    await bobs.send('still here');
    expect(await heard).toBe('still here');
  });

  it('[H20] is not taken over with another data plane', async () => {
    await bereft('linger');
    await expect((await node('dave')).openRoot('conf-7', { data: 'rooted' })).rejects.toMatchObject(
      {
        refusal: { code: 'WSAEINVAL', rule: 'H20' },
      },
    );
  });
});

describe('a session that elects', () => {
  it.each(['nonrooted', 'rooted'] as const)(
    '[H21] is its oldest member’s, data %s: succeed makes it the root',
    async (data) => {
      const { bobs, carols } = await bereft('elect-oldest', { data });
      expect(await next(bobs.events(), 'ROOT_LOST')).toMatchObject({ heir: true });
      expect(await next(carols.events(), 'ROOT_LOST')).toMatchObject({ heir: false });
      await expect(carols.succeed()).rejects.toMatchObject({
        refusal: { code: 'WSAEADDRINUSE', rule: 'H21' },
      });
      const root = await bobs.succeed();
      expect(root).toMatchObject({ session: 'conf-7', incarnation: 1 });
      expect(await next(carols.events(), 'ROOT_REPLACED')).toMatchObject({ root: root.socket });
      const heard = firstText(root);
      await carols.send('to the root');
      expect(await heard).toBe('to the root');
      await expect(carols.succeed()).rejects.toMatchObject({
        refusal: { code: 'WSAEADDRINUSE', rule: 'R12' },
      });
    },
  );

  it('[H21] is the next one’s when the heir is lost too', async () => {
    const { carols, bobs } = await bereft('elect-oldest');
    await next(bobs.events(), 'ROOT_LOST');
    service.loseRun('bob');
    for await (const event of carols.events()) {
      if (event.type === 'ROOT_LOST' && event.heir) break;
    }
    const root = await carols.succeed({ backlog: null });
    await next(carols.events(), 'ROOT_REPLACED');
    const [link] = await linksOf(root, 1);
    expect(link?.leaf).toBe(carols.address);
  });
});

describe('news that a node knows nothing of', () => {
  it('[H24] are skipped and counted, and what comes with them is heard', async () => {
    const [ada, bob] = [await node('ada'), await node('bob')];
    await ada.openRoot('conf-7', { admit: 'auto' });
    const later = { id: 'conf-7.9.0', session: 'conf-7', revision: 9, kind: 'LATER', to: 'bob:1' };
    service.mischief = {
      publishes: (bulletin) => {
        const { first, notifications } = bulletin;
        if (bulletin.node !== 'bob') return [bulletin];
        // Its number is taken, and what follows has the next one.
        const known = { ...bulletin, first: first + 1 };
        const both = { ...bulletin, notifications: [later, ...notifications] };
        return [both as unknown as typeof bulletin, known];
      },
    };
    expect(await bob.joinLeaf('conf-7')).toMatchObject({ ok: true, join: 'J1' });
    expect(bob.stats).toMatchObject({ unknownNews: 1, malformed: 0, gaps: 0 });
  });
});
