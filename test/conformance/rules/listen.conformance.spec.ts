import { describe, expect, it } from '@jest/globals';
import { done, must, refused } from '../cast/answer.js';
import { castOf, fresh } from '../cast/cast.js';
import { admitted, fence, governed, group, inGroup, invited, room } from '../cast/scenes.js';
import { FD } from '../winsock.js';

const cast = castOf('ada', 'bob', 'carol');

describe('listen', () => {
  it('[R17] needs a bound socket', async () => {
    const { ada } = cast;
    expect(await (await ada.leaf()).listen()).toMatchObject(refused('WSAEINVAL'));
    const root = await ada.socket('mp-conference', 0x12);
    expect(await root.listen()).toMatchObject(refused('WSAEINVAL'));
  });

  it('[R18] is too late for a member', async () => {
    const { ada, bob } = cast;
    const { session, root } = await room(ada);
    const asked = await admitted(root, session, bob);
    const guest = await invited(root, bob);
    for (const member of [asked.leaf, asked.link, guest.leaf, guest.link]) {
      expect(await member.listen()).toMatchObject(refused('WSAEISCONN'));
    }
  });

  it('[R24] is not for sockets that nobody ever asks, nor is accept', async () => {
    const { ada } = cast;
    const leaf = await ada.leaf('mp-group');
    must(await leaf.bind(ada.address()));
    expect(await leaf.listen()).toMatchObject(refused('WSAEOPNOTSUPP'));
    expect(await leaf.accept()).toMatchObject(refused('WSAEOPNOTSUPP'));
    const member = await inGroup(ada, await group(ada));
    expect(await member.accept()).toMatchObject(refused('WSAEOPNOTSUPP'));
  });

  it('[R22] takes any backlog, and makes a legal one of it', async () => {
    const { ada, bob } = cast;
    const { root } = await room(ada);
    const listener = await bob.leaf();
    const address = bob.address();
    must(await listener.bind(address));
    expect(await listener.listen(-5)).toMatchObject(done);
    must(await listener.register(FD.FD_ACCEPT));
    must(await root.join(address));
    expect(await listener.hears('FD_ACCEPT')).toBeNull();
    expect(await listener.listen(2 ** 31 - 1)).toMatchObject(done);
  });

  it('[R22] again changes the backlog, and what no longer fits is refused', async () => {
    const { ada, bob, carol } = cast;
    const { session, root } = await room(ada);
    const [first, second] = [await bob.leaf(), await carol.leaf()];
    for (const leaf of [first, second]) must(await leaf.register(FD.FD_CONNECT));
    must(await first.join(session));
    await root.hears('FD_ACCEPT');
    must(await second.join(session));
    expect(await root.listen(1)).toMatchObject(done);
    expect(await second.hears('FD_CONNECT')).toBe('WSAECONNREFUSED');
    must(await root.accept());
    expect(await first.hears('FD_CONNECT')).toBeNull();
  });

  it('[R23] [E8] with its backlog full refuses the next, and keeps those that wait', async () => {
    const { ada, bob, carol } = cast;
    const session = fresh('room');
    const root = await ada.root(session);
    must(await root.listen(1));
    const [waiting, late] = [await bob.leaf(), await carol.leaf()];
    must(await waiting.register(FD.FD_CONNECT));
    must(await waiting.join(session));
    expect(await late.join(session)).toMatchObject(refused('WSAECONNREFUSED'));
    must(await root.accept());
    expect(await waiting.hears('FD_CONNECT')).toBeNull();
  });

  it('[R23] at an invited endpoint, too', async () => {
    const { ada, bob, carol } = cast;
    const [first, second] = [await room(ada), await room(bob)];
    const listener = await carol.listener('mp-conference', 1);
    must(await listener.register(FD.FD_ACCEPT));
    must(await first.root.join(listener.address));
    await listener.hears('FD_ACCEPT');
    must(await second.root.join(listener.address));
    expect(await second.root.hears('FD_CONNECT')).toBe('WSAECONNREFUSED');
  });

  it('[R25] keeps requests in the order of their arrival', async () => {
    const { ada, bob, carol } = cast;
    const { session, root } = await room(ada);
    const [first, second] = [await bob.leaf(), await carol.leaf()];
    for (const leaf of [first, second]) must(await leaf.register(FD.FD_CONNECT));
    must(await first.join(session));
    must(await second.join(session));
    const names = [await first.localName(), await second.localName()];
    // Both are on record when their calls return; that the root has heard of them follows.
    await root.hears('FD_ACCEPT');
    const one = must(await root.accept({ addrlen: 256 }));
    await root.hears('FD_ACCEPT');
    const two = must(await root.accept({ addrlen: 256 }));
    expect([one.from?.sa_data, two.from?.sa_data]).toEqual(names);
  });

  it('[R25] keeps a request until its caller gives up waiting', async () => {
    const { ada, bob } = cast;
    const { session, root } = await governed(ada, { joinDeadlineMs: 300 });
    const leaf = await bob.leaf();
    must(await leaf.register(FD.FD_CONNECT));
    must(await leaf.join(session));
    await root.hears('FD_ACCEPT');
    expect(await leaf.hears('FD_CONNECT')).toBe('WSAETIMEDOUT');
    await fence(root, ada);
    expect(await root.accept()).toMatchObject({ ok: false });
  });

  it('[R26] [R28] is what an endpoint has to do to be invited', async () => {
    const { ada, bob } = cast;
    const { root } = await room(ada);
    const bound = await bob.leaf();
    const address = bob.address();
    must(await bound.bind(address));
    must(await root.join(address));
    expect(await root.hears('FD_CONNECT')).toBe('WSAECONNREFUSED');
    must(await bound.listen());
    must(await root.join(address));
    must(await bound.accept());
    expect(await root.hears('FD_CONNECT')).toBeNull();
  });
});

describe('a listening c_leaf', () => {
  it('[R19] takes no ordinary connection', async () => {
    const { ada, bob } = cast;
    const { root } = await room(ada);
    const listener = await bob.listener();
    must(await listener.register(FD.FD_ACCEPT));
    const plain = await ada.socket('mp-conference', 0);
    expect(await plain.connect(listener.address)).toMatchObject(refused('WSAECONNREFUSED'));
    await fence(root, bob);
    expect(await listener.recorded()).toEqual([]);
    expect(await listener.accept()).toMatchObject(refused('WSAEWOULDBLOCK'));
  });
});

describe('a listening c_root', () => {
  it('[R20] invites leaves all the same', async () => {
    const { ada, bob } = cast;
    const { root } = await room(ada);
    const { link } = await invited(root, bob);
    expect(link.descriptor).not.toBe(root.descriptor);
  });

  it('[R21] sends and receives session data all the same', async () => {
    const { ada, bob } = cast;
    const { session, root } = await room(ada, 'mp-rooted');
    const { leaf } = await admitted(root, session, bob, { entry: 'mp-rooted' });
    must(await root.send('to all leaves'));
    expect(await leaf.text()).toBe('to all leaves');
    must(await leaf.send('to the root'));
    expect(await root.text()).toBe('to the root');
    // It listens still.
    await admitted(root, session, bob, { entry: 'mp-rooted' });
  });

  it('[A21] may begin to listen when it has members', async () => {
    const { ada, bob } = cast;
    const session = fresh('room');
    const root = await ada.root(session);
    must(await root.register(FD.FD_ACCEPT | FD.FD_CONNECT));
    await invited(root, bob);
    expect(await root.listen()).toMatchObject(done);
    await admitted(root, session, bob);
  });
});
