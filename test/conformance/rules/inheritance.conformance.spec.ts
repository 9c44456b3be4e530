import { describe, expect, it } from '@jest/globals';
import { done, must, refused } from '../cast/answer.js';
import { castOf, fresh } from '../cast/cast.js';
import { admitted, allEvents, connected, fence, invited, room } from '../cast/scenes.js';
import { FD } from '../winsock.js';

const cast = castOf('ada', 'bob');

const names = (recorded: readonly { readonly event: string }[]) =>
  recorded.map(({ event }) => event);

describe('what JoinLeaf and accept return', () => {
  it('[R74] [R130] is registered as the c_root is: same object, same mask', async () => {
    const { ada, bob } = cast;
    const root = await ada.root(fresh('room'));
    must(await root.register(FD.FD_CONNECT | FD.FD_CLOSE));
    const { link, leaf } = await invited(root, bob);
    await root.event.call('reset');
    must(await leaf.close());
    // Nobody registered the link, and still it sets the root's event object.
    expect(await root.event.call('wait', 9_000)).toBe(true);
    expect(await root.recorded()).toEqual([]);
    expect(await link.recorded()).toEqual([{ event: 'FD_CLOSE', code: null }]);
  });

  it('[R75] [R124] is registered as the listener is, and can be written at once', async () => {
    const { ada, bob } = cast;
    const { root } = await room(ada);
    const listener = await bob.listener();
    must(await listener.register(FD.FD_ACCEPT | FD.FD_WRITE | FD.FD_CLOSE));
    const { socket: link } = must(await root.join(listener.address));
    await listener.hears('FD_ACCEPT');
    const leaf = must(await listener.accept()).socket;
    expect(await leaf.hears('FD_WRITE')).toBeNull();
    await connected(root);
    must(await link.close());
    expect(await leaf.hears('FD_CLOSE')).toBeNull();
  });

  it('[R76] [A3] is a c_leaf that does not listen, whatever its parent is', async () => {
    const { ada, bob } = cast;
    const { session, root } = await room(ada);
    const { address } = await bob.listener();
    for (const { link } of [await invited(root, bob), await admitted(root, session, bob)]) {
      expect(await link.join(address)).toMatchObject({ ok: false });
      expect(await link.accept()).toMatchObject(refused('WSAEINVAL'));
    }
  });

  it('[R77] [R115] is nonblocking where its parent is', async () => {
    const { ada, bob } = cast;
    const { root } = await room(ada, 'mp-rooted');
    const { link, leaf } = await invited(root, bob, { entry: 'mp-rooted' });
    expect(await leaf.receive()).toMatchObject(refused('WSAEWOULDBLOCK'));
    expect(await link.receive()).toMatchObject(refused('WSAEWOULDBLOCK'));
  });

  it('[R77] [A23] blocks where its parent does, and has no registration', async () => {
    const { ada, bob } = cast;
    const root = await ada.root(fresh('room'));
    const listener = await bob.listener();
    const joining = root.join(listener.address);
    must(await listener.accept());
    const { socket: link } = must(await joining);
    must(await link.register(FD.FD_CLOSE));
    expect(await link.recorded()).toEqual([]);
  });

  it('[R78] has a registration of its own from then on', async () => {
    const { ada, bob } = cast;
    const { session, root } = await room(ada);
    const { link, leaf } = await admitted(root, session, bob);
    must(await link.register(FD.FD_READ, await ada.event()));
    must(await leaf.close());
    await fence(root, ada);
    expect(names(await link.recorded())).not.toContain('FD_CLOSE');
    // The root's is what it was.
    await admitted(root, session, bob);

    const second = await admitted(root, session, bob);
    must(await root.register(FD.FD_ACCEPT));
    must(await second.leaf.close());
    expect(await second.link.hears('FD_CLOSE')).toBeNull();
  });

  it('[R79] inherits nothing of what its parent has recorded', async () => {
    const { ada, bob } = cast;
    const { session, root } = await room(ada);
    const [first, second] = [await bob.leaf(), await bob.leaf()];
    for (const leaf of [first, second]) {
      must(await leaf.register(allEvents));
      must(await leaf.join(session));
    }
    await root.event.call('wait', 9_000);
    const link = must(await root.accept()).socket;
    await connected(first);
    expect(names(await link.recorded())).not.toContain('FD_ACCEPT');
    expect(await root.hears('FD_ACCEPT')).toBeNull();
    expect(await root.accept()).toMatchObject(done);
  });
});
