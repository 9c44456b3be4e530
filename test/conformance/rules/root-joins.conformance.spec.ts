import { describe, expect, it } from '@jest/globals';
import { done, must, refused } from '../cast/answer.js';
import { castOf, fresh } from '../cast/cast.js';
import { admitted, allEvents, connected, fence, invited, room } from '../cast/scenes.js';
import { FD } from '../winsock.js';

const cast = castOf('ada', 'bob', 'carol');

describe('JoinLeaf on a c_root', () => {
  it('[R27] asks the one leaf that is named', async () => {
    const { ada, bob, carol } = cast;
    const { root } = await room(ada);
    const [named, neighbour, other] = [
      await bob.listener(),
      await bob.listener(),
      await carol.listener(),
    ];
    for (const listener of [named, neighbour, other]) must(await listener.register(FD.FD_ACCEPT));
    const invitation = must(await root.join(named.address));
    expect(await named.hears('FD_ACCEPT')).toBeNull();
    must(await invitation.socket.close());
    await fence(root, bob);
    await fence(root, carol);
    expect(await neighbour.recorded()).toEqual([]);
    expect(await other.recorded()).toEqual([]);
  });

  it('[R28] [E8] fails where no c_leaf listens', async () => {
    const { ada, bob } = cast;
    const root = await ada.root(fresh('room'));
    expect(await root.join(bob.address())).toMatchObject(refused('WSAECONNREFUSED'));
  });

  it('[R29] is FD_ACCEPT at the listening c_leaf, once and without an error', async () => {
    const { ada, bob } = cast;
    const { root } = await room(ada);
    const listener = await bob.listener();
    must(await listener.register(allEvents));
    must(await root.join(listener.address));
    expect(await listener.hears('FD_ACCEPT')).toBeNull();
    must(await listener.accept());
    await connected(root);
    await fence(root, bob);
    expect(await listener.recorded()).toEqual([]);
  });

  it('[R30] makes no member before the leaf accepts', async () => {
    const { ada, bob } = cast;
    const { session, root } = await room(ada, 'mp-rooted');
    const witness = await admitted(root, session, bob, { entry: 'mp-rooted' });
    const listener = await bob.listener('mp-rooted');
    must(await listener.register(allEvents));
    must(await root.join(listener.address));
    await listener.hears('FD_ACCEPT');
    must(await root.send('too early'));
    expect(await witness.leaf.text()).toBe('too early');
    const early = (await root.recorded()).map(({ event }) => event);
    expect(early).not.toContain('FD_CONNECT');

    const leaf = must(await listener.accept()).socket;
    await connected(root);
    must(await root.send('in time'));
    expect(await leaf.text()).toBe('in time');
  });

  it('[R31] [R66] is FD_CONNECT at the c_root when the leaf has accepted', async () => {
    const { ada, bob } = cast;
    const { root } = await room(ada);
    const listener = await bob.listener();
    const { socket: link } = must(await root.join(listener.address));
    must(await listener.accept());
    expect(await root.hears('FD_CONNECT')).toBeNull();
    // The link inherited the interest in FD_CONNECT, and is not told.
    const atLink = (await link.recorded()).map(({ event }) => event);
    expect(atLink).not.toContain('FD_CONNECT');
  });

  it('[R32] [R58] adds one leaf after another, without listening', async () => {
    const { ada, bob, carol } = cast;
    const root = await ada.root(fresh('room'));
    must(await root.register(allEvents));
    const links = [];
    for (const actor of [bob, carol, bob]) links.push((await invited(root, actor)).link.descriptor);
    expect(new Set([root.descriptor, ...links]).size).toBe(4);
  });

  it('[R33] returns a new c_leaf that stands for that leaf', async () => {
    const { ada, bob } = cast;
    const { root } = await room(ada);
    const [first, second] = [await invited(root, bob), await invited(root, bob)];
    expect(first.link.descriptor).not.toBe(root.descriptor);
    expect(first.link.descriptor).not.toBe(second.link.descriptor);
    // Being a c_leaf, it invites nobody.
    const { address } = await bob.listener();
    expect(await first.link.join(address)).toMatchObject({ ok: false });
    // It stands for the first leaf alone.
    must(await first.leaf.close());
    expect(await first.link.hears('FD_CLOSE')).toBeNull();
    expect((await second.link.recorded()).map(({ event }) => event)).not.toContain('FD_CLOSE');
  });
});

describe('an invited leaf', () => {
  it('[R34] is a member with the socket that accept returned, and its listener listens on', async () => {
    const { ada, bob } = cast;
    const { root } = await room(ada, 'mp-rooted');
    const { leaf, listener, link, address } = await invited(root, bob, { entry: 'mp-rooted' });
    expect(leaf.descriptor).not.toBe(listener.descriptor);
    must(await root.send('for the member'));
    expect(await leaf.text()).toBe('for the member');
    expect(await listener.receive()).toMatchObject({ ok: false });
    must(await link.close());
    expect(await leaf.hears('FD_CLOSE')).toBeNull();
    expect(await listener.recorded()).toEqual([]);
    must(await root.join(address));
    expect(await listener.hears('FD_ACCEPT')).toBeNull();
    expect(await listener.accept()).toMatchObject(done);
    await connected(root);
  });
});
