import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { natsForTests } from '@joinleaf/nats-server';
import { connect as connectToNats, type NatsConnection } from '@nats-io/transport-node';
import type { Joinleaf, JoinRequest, Root, SocketEvent } from './api.js';
import { connect } from './connect.js';
import { Counterpart } from './counterpart.js';
import { JoinleafRefusal } from './errors.js';
import type { ConnectOptions } from './options.js';

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
  const jl = await connect({ servers, user, pass, node: name, ...options });
  open.push(jl);
  return jl;
};

const take = async <T>(items: AsyncIterable<T>, count: number): Promise<T[]> => {
  const taken: T[] = [];
  for await (const item of items) {
    taken.push(item);
    if (taken.length === count) break;
  }
  return taken;
};
const nextOf = async (root: Root): Promise<JoinRequest> => {
  const [request] = await take(root.requests(), 1);
  if (request === undefined) throw new Error('nobody asked');
  return request;
};
const text = (bytes: Uint8Array | null): string | null =>
  bytes === null ? null : new TextDecoder().decode(bytes);

describe('a leaf asks a root', () => {
  it('[R35] [R36] [R37] [R38] is accepted, with data both ways', async () => {
    const [ada, bob] = [await node('ada'), await node('bob')];
    const root = await ada.openRoot('conf-7');
    const joining = bob.joinLeaf('conf-7', { callerData: 'let me in', flags: 'receiver-only' });
    const request = await nextOf(root);
    expect(request).toMatchObject({ session: 'conf-7', join: 'J1', flags: 'receiver-only' });
    expect(request.from).toMatch(/^bob:\d+$/);
    expect(text(request.callerData)).toBe('let me in');
    const accepted = await request.accept({ calleeData: Uint8Array.of(0, 255) });
    expect(accepted).toMatchObject({ ok: true, join: 'J1', link: { leaf: request.from } });
    const outcome = await joining;
    expect(outcome).toMatchObject({ ok: true, join: 'J1', leaf: { session: 'conf-7' } });
    expect(outcome.ok && [...(outcome.calleeData ?? [])]).toEqual([0, 255]);
    expect(root.links.map(({ leaf }) => leaf)).toEqual([request.from]);
    expect(request.expired).toBe(true);
  });

  it('[R82] hears a rejection as its outcome', async () => {
    const [ada, bob] = [await node('ada'), await node('bob')];
    const root = await ada.openRoot('conf-7');
    const joining = bob.joinLeaf('conf-7');
    const request = await nextOf(root);
    expect(await request.reject()).toEqual({ ok: true });
    expect(await joining).toMatchObject({
      ok: false,
      code: 'WSAECONNREFUSED',
      number: 10061,
      rule: 'E8',
      retry: 'same-socket',
      session: 'conf-7',
      join: 'J1',
      event: 'conf-7.4.0',
    });
    expect(bob.stats.sockets).toBe(0);
  });

  it('[R83] stays pending while it is deferred', async () => {
    const [ada, bob] = [await node('ada'), await node('bob')];
    const root = await ada.openRoot('conf-7');
    const joining = bob.joinLeaf('conf-7');
    const request = await nextOf(root);
    expect(await request.defer()).toEqual({ ok: true });
    expect(request.expired).toBe(false);
    expect(await request.accept()).toMatchObject({ ok: true });
    expect(await joining).toMatchObject({ ok: true });
  });

  it('is let in by an automatic root, whose program learns of the link', async () => {
    const [ada, bob] = [await node('ada'), await node('bob')];
    const root = await ada.openRoot('conf-7', { admit: 'auto' });
    const events = root.events();
    expect(await bob.joinLeaf('conf-7', { callerData: 'hi' })).toMatchObject({ ok: true });
    const [linked] = await take(events, 1);
    expect(linked).toMatchObject({ type: 'LINKED', join: 'J1', id: 'conf-7.3.1' });
    expect(root.links).toHaveLength(1);
    expect(root.links[0]?.socket).toBe(`ada/${ada.incarnation}/J1`);
    expect(text(root.links[0]?.callerData ?? null)).toBe('hi');
  });

  it.each([
    ['[R35] nobody opened', 'conf-9', { code: 'WSAECONNREFUSED', rule: 'R35' }],
    ['[R42] of a group that nobody set up', '@news', { code: 'WSAECONNREFUSED', rule: 'R35' }],
  ])('is refused by a session %s, as a value', async (_, session, refusal) => {
    const bob = await node('bob');
    const outcome = await bob.joinLeaf(session);
    expect(outcome).toMatchObject({ ok: false, ...refusal, session, join: null });
    expect(outcome).toMatchObject({ retry: 'same-socket', basedOn: { revision: 0 } });
    expect(!outcome.ok && outcome.commandId).toMatch(/^[0-9a-f-]{36}$/);
    expect(bob.stats.sockets).toBe(0);
  });

  it('shows its join while it is pending, and can be cancelled [R146]', async () => {
    const [ada, bob] = [await node('ada'), await node('bob')];
    const root = await ada.openRoot('conf-7');
    const join = await bob.startJoin('conf-7', { port: 7, deadlineMs: 5_000 });
    expect(join).toMatchObject({ id: 'J1', address: 'bob:7', session: 'conf-7' });
    expect(join.deadlineAt).toBeGreaterThan(Date.now());
    const request = await nextOf(root);
    await join.cancel();
    expect(await join.connected).toMatchObject({ ok: false, code: 'WSAEINTR', rule: 'R146' });
    expect(await request.accept()).toMatchObject({ ok: false, code: 'WSAEACCES', rule: 'R87' });
    expect(request.expired).toBe(true);
  });

  it('[E16] hears when its deadline has come', async () => {
    const [ada, bob] = [await node('ada'), await node('bob')];
    const root = await ada.openRoot('conf-7');
    const joining = bob.joinLeaf('conf-7');
    const request = await nextOf(root);
    service.expireAll();
    expect(await joining).toMatchObject({ ok: false, code: 'WSAETIMEDOUT', rule: 'E16' });
    expect(await request.accept()).toMatchObject({ ok: false, code: 'WSAEACCES' });
  });

  it('[R35] asks a root that left its backlog open', async () => {
    const [ada, bob] = [await node('ada'), await node('bob')];
    await ada.openRoot('conf-7', { admit: 'auto', backlog: undefined });
    expect(await bob.joinLeaf('conf-7')).toMatchObject({ ok: true });
  });

  it('[R43] joins a group at once', async () => {
    const [ada, bob] = [await node('ada'), await node('bob')];
    const group = await ada.openGroup('@news', { capacity: 1 });
    expect(await bob.joinLeaf('@news')).toMatchObject({ ok: true, leaf: { session: '@news' } });
    expect(await ada.joinLeaf('@news')).toMatchObject({ code: 'WSAENOBUFS', rule: 'H5' });
    await group.setPolicy({ capacity: null });
    const outcome = await ada.joinLeaf('@news');
    expect(outcome).toMatchObject({ ok: true });
    await bob.group('@news').close();
    expect(outcome.ok && (await outcome.leaf.over)).toEqual({ code: null, by: 'peer' });
  });
});

describe('a root invites a leaf', () => {
  it('[R27] [R29] [R30] [R31] who accepts at its listener', async () => {
    const [ada, bob] = [await node('ada'), await node('bob')];
    const root = await ada.openRoot('conf-7', { backlog: null });
    const listener = bob.listen(1);
    const join = await root.joinLeaf('bob:1', { callerData: 'come', deadlineMs: 5_000 });
    expect(join).toMatchObject({ id: 'J1', leaf: 'bob:1' });
    expect(join.link?.isOpen).toBe(false);
    const [invitation] = await take(listener, 1);
    expect(invitation).toMatchObject({ session: 'conf-7', from: root.socket });
    expect(text(invitation?.callerData ?? null)).toBe('come');
    const accepted = await invitation?.accept({ calleeData: 'gladly' });
    expect(accepted).toMatchObject({ ok: true, leaf: { address: 'bob:1', isOpen: true } });
    const outcome = await join.connected;
    expect(outcome).toMatchObject({ ok: true, join: 'J1' });
    expect(outcome.ok && outcome.link).toBe(join.link);
    expect(outcome.ok && text(outcome.calleeData)).toBe('gladly');
  });

  it.each<[string, (bob: Joinleaf) => unknown, object]>([
    ['[R26] where nobody listens', () => undefined, { code: 'WSAECONNREFUSED', rule: 'E8' }],
    [
      '[R23] whose backlog is full',
      (bob) => bob.listen(1, { backlog: 1 }),
      { code: 'WSAECONNREFUSED', rule: 'E8' },
    ],
  ])('%s, and hears it', async (_, prepare, refusal) => {
    const [ada, eve, bob] = [await node('ada'), await node('eve'), await node('bob')];
    prepare(bob);
    const first = await (await eve.openRoot('conf-1')).joinLeaf('bob:1');
    const root = await ada.openRoot('conf-7');
    const join = await root.joinLeaf('bob:1');
    expect(await join.connected).toMatchObject({ ok: false, ...refusal });
    await first.cancel();
  });

  it('[E11] [R70] on a node that nobody knows: the call itself is refused', async () => {
    const ada = await node('ada');
    const root = await ada.openRoot('conf-7');
    const join = await root.joinLeaf('nobody:1');
    expect(join).toMatchObject({ id: null, link: null });
    expect(await join.connected).toMatchObject({ code: 'WSAENETUNREACH', rule: 'E11', join: null });
    expect(ada.stats.sockets).toBe(1);
  });

  it('[R50] [R58] one at a time', async () => {
    const [ada, bob] = [await node('ada'), await node('bob')];
    const root = await ada.openRoot('conf-7');
    const listener = bob.listen(1);
    const first = await root.joinLeaf('bob:1');
    const second = await root.joinLeaf('bob:2');
    expect(await second.connected).toMatchObject({ code: 'WSAEALREADY', rule: 'R50' });
    const [invitation] = await take(listener, 1);
    await invitation?.accept();
    expect(await first.connected).toMatchObject({ ok: true });
    const third = await root.joinLeaf('bob:2');
    expect(third.id).toBe('J2');
  });

  it('[R145] can be cancelled, and frees the root at once', async () => {
    const [ada, bob] = [await node('ada'), await node('bob')];
    const root = await ada.openRoot('conf-7');
    const invitations = bob.listen(1).invitations();
    const first = await root.joinLeaf('bob:1');
    const cancelled = first.cancel();
    const second = await root.joinLeaf('bob:1');
    expect(await first.connected).toMatchObject({
      ok: false,
      code: 'WSAEINTR',
      rule: 'R145',
      retry: 'same-socket',
      join: 'J1',
    });
    await cancelled;
    expect(second.id).toBe('J2');
    const [withdrawn, waiting] = await take(invitations, 2);
    expect(withdrawn).toMatchObject({ join: 'J1', expired: true });
    expect(await withdrawn?.accept()).toMatchObject({ ok: false, code: 'WSAEACCES' });
    expect(waiting).toMatchObject({ join: 'J2', expired: false });
  });

  it('that starts later: the invitation waits for its listener', async () => {
    const [ada, bob] = [await node('ada'), await node('bob')];
    const root = await ada.openRoot('conf-7');
    bob.listen(1);
    const join = await root.joinLeaf('bob:1');
    const again = await node('bob');
    const [invitation] = await take(again.listen(1), 1);
    expect(await invitation?.accept()).toMatchObject({ ok: true });
    expect(await join.connected).toMatchObject({ ok: true });
  });

  it('[R139] whose listener closes refuses those who wait', async () => {
    const [ada, bob] = [await node('ada'), await node('bob')];
    const root = await ada.openRoot('conf-7');
    const listener = bob.listen(1);
    const join = await root.joinLeaf('bob:1');
    await take(listener, 1);
    await listener.close();
    expect(await join.connected).toMatchObject({ ok: false, code: 'WSAECONNREFUSED' });
    expect(await take(listener, 1)).toEqual([]);
    expect(bob.listen(1).port).toBe(1);
  });
});

describe('setting up', () => {
  it('[R12] a second root at one address is thrown as a refusal', async () => {
    const [ada, bob] = [await node('ada'), await node('bob')];
    await ada.openRoot('conf-7');
    const second = bob.openRoot('conf-7');
    await expect(second).rejects.toBeInstanceOf(JoinleafRefusal);
    await expect(second).rejects.toMatchObject({
      code: 'WSAEADDRINUSE',
      number: 10048,
      retryable: 'safe',
      refusal: { rule: 'R12', retry: 'later' },
    });
    expect(bob.stats.sockets).toBe(0);
  });

  it('[R12] a second listener at one port, too', async () => {
    const bob = await node('bob');
    bob.listen(1);
    expect(() => bob.listen(1)).toThrow(expect.objectContaining({ code: 'WSAEADDRINUSE' }));
    expect(bob.listen(0).address).toBe('bob:49152');
    expect(bob.stats.sockets).toBe(2);
  });

  it('[R42] a group with the policy it has is there already', async () => {
    const ada = await node('ada');
    await ada.openGroup('@news', { capacity: 2 });
    await ada.openGroup('@news', { capacity: 2 });
    await expect(ada.openGroup('@news', { capacity: 3 })).rejects.toMatchObject({
      code: 'WSAEADDRINUSE',
    });
  });

  it('[H1] [H5] a policy is changed by its root', async () => {
    const [ada, bob] = [await node('ada'), await node('bob')];
    const root = await ada.openRoot('conf-7', { admit: 'auto', capacity: 1, deny: ['bob'] });
    expect(await bob.joinLeaf('conf-7')).toMatchObject({ code: 'WSAECONNREFUSED', rule: 'H4' });
    await root.setPolicy({ deny: [] });
    expect(await bob.joinLeaf('conf-7')).toMatchObject({ ok: true });
    expect(await bob.joinLeaf('conf-7')).toMatchObject({ code: 'WSAENOBUFS', rule: 'H5' });
  });

  it('counts the sessions of an address', async () => {
    const ada = await node('ada');
    const first = await ada.openRoot('conf-7');
    expect(first.incarnation).toBe(1);
    await first.close();
    await first.close();
    expect(first.isOpen).toBe(false);
    expect((await ada.openRoot('conf-7')).incarnation).toBe(2);
  });
});

describe('ending', () => {
  const joined = async (ada: Joinleaf, bob: Joinleaf) => {
    const root = await ada.openRoot('conf-7', { admit: 'auto' });
    const events = root.events();
    const outcome = await bob.joinLeaf('conf-7');
    if (!outcome.ok) throw new Error(outcome.message);
    const [linked] = await take(events, 1);
    if (linked?.type !== 'LINKED') throw new Error('no link');
    return { root, leaf: outcome.leaf, link: linked.link };
  };

  it('[R136] a leaf that closes: its link hears FD_CLOSE, and it does not', async () => {
    const { root, leaf, link } = await joined(await node('ada'), await node('bob'));
    await leaf.close();
    expect(await link.over).toEqual({ code: null, by: 'peer' });
    expect(await leaf.over).toEqual({ code: null, by: 'self' });
    expect(root.links).toEqual([]);
  });

  it('[R137] a link that is closed: the leaf hears FD_CLOSE', async () => {
    const { root, leaf, link } = await joined(await node('ada'), await node('bob'));
    await link.close();
    expect(await leaf.over).toEqual({ code: null, by: 'peer' });
    expect(root.isOpen).toBe(true);
  });

  it.each(['close', 'shutdown'] as const)(
    '[R131] [R132] %s of the root: everybody hears it',
    async (how) => {
      const { root, leaf, link } = await joined(await node('ada'), await node('bob'));
      await root[how]();
      expect(await leaf.over).toEqual({ code: null, by: 'peer' });
      expect(await link.over).toEqual({ code: null, by: 'peer' });
      if (how === 'shutdown')
        await expect(root.listen(1)).rejects.toMatchObject({ code: 'WSAESHUTDOWN' });
    },
  );

  it('is graceful when a node closes', async () => {
    const [ada, bob] = [await node('ada'), await node('bob')];
    const { leaf } = await joined(ada, bob);
    await ada.close();
    expect(await leaf.over).toEqual({ code: null, by: 'peer' });
    expect(service.stopped.has('ada')).toBe(true);
  });

  it('[H8] is a loss when the node is lost', async () => {
    const { leaf } = await joined(await node('ada'), await node('bob'));
    service.loseRun('ada');
    expect(await leaf.over).toEqual({ code: 'WSAECONNABORTED', by: 'peer' });
  });

  it('several iterators of one socket see all of it, whenever they begin', async () => {
    const { leaf } = await joined(await node('ada'), await node('bob'));
    const early = take(leaf.events(), 9);
    service.loseRun('ada');
    await leaf.over;
    const late = take(leaf.events(), 9);
    const types = (events: readonly SocketEvent[]) => events.map(({ type }) => type);
    expect(types(await early)).toEqual(['FD_CONNECT', 'FD_CLOSE']);
    expect(types(await late)).toEqual(['FD_CONNECT', 'FD_CLOSE']);
  });

  it('who asks for the first time when all is over hears all of it', async () => {
    const { root, leaf, link } = await joined(await node('ada'), await node('bob'));
    await root.send('to all');
    await root.close();
    await link.over;
    while (leaf.isOpen) await new Promise((resolve) => setTimeout(resolve, 5));
    const events = await take(leaf.events(), 9);
    expect(events.map(({ type }) => type)).toEqual(['FD_CONNECT', 'FD_CLOSE']);
    const messages = await take(leaf.messages(), 9);
    expect(messages.map((message) => message.text())).toEqual(['to all']);
    expect(await leaf.over).toEqual({ code: null, by: 'peer' });
  });

  it('an iterator that is left is forgotten', async () => {
    const ada = await node('ada');
    const root = await ada.openRoot('conf-7', { admit: 'auto' });
    const events = root.events();
    const bob = await node('bob');
    await bob.joinLeaf('conf-7');
    await bob.joinLeaf('conf-7');
    const [first] = await take(events, 1);
    expect(first?.type).toBe('LINKED');
    await bob.joinLeaf('conf-7');
    expect(ada.stats.buffered).toBe(0);
    expect(await events.next()).toEqual({ done: true, value: undefined });
  });
});
