import { describe, expect, it } from '@jest/globals';
import { done, must, refused } from '../cast/answer.js';
import { castOf, fresh } from '../cast/cast.js';
import { admitted, allEvents, fence, invited, room } from '../cast/scenes.js';

const cast = castOf('ada', 'bob', 'carol');

describe('JoinLeaf on a c_leaf', () => {
  it('[R35] asks the root that listens at the address', async () => {
    const { ada, bob } = cast;
    const { session, root } = await room(ada);
    const leaf = await bob.leaf();
    const joining = leaf.join(session);
    expect(await root.hears('FD_ACCEPT')).toBeNull();
    must(await root.accept());
    expect(await joining).toMatchObject(done);
  });

  it('[R35] [E8] is refused where the root does not listen, or is not there', async () => {
    const { ada, bob } = cast;
    const session = fresh('room');
    const leaf = await bob.leaf();
    expect(await leaf.join(session)).toMatchObject(refused('WSAECONNREFUSED'));
    await ada.root(session);
    expect(await leaf.join(session)).toMatchObject(refused('WSAECONNREFUSED'));
  });

  it('[R36] is an ordinary FD_ACCEPT at the c_root, once', async () => {
    const { ada, bob } = cast;
    const { session, root } = await room(ada);
    await admitted(root, session, bob);
    await fence(root, ada);
    const accepts = (await root.recorded()).filter(({ event }) => event === 'FD_ACCEPT');
    expect(accepts).toEqual([]);
  });

  it('[R37] gives the root a link by an ordinary accept', async () => {
    const { ada, bob } = cast;
    const { session, root } = await room(ada);
    const { link, leaf } = await admitted(root, session, bob);
    expect(link.descriptor).not.toBe(root.descriptor);
    const { address } = await bob.listener();
    expect(await link.join(address)).toMatchObject({ ok: false });
    must(await leaf.close());
    expect(await link.hears('FD_CLOSE')).toBeNull();
  });

  it('[R38] is FD_CONNECT at the leaf when the root has admitted it', async () => {
    const { ada, bob } = cast;
    const { session, root } = await room(ada);
    const leaf = await bob.leaf();
    must(await leaf.register(allEvents));
    must(await leaf.join(session));
    await root.hears('FD_ACCEPT');
    expect((await leaf.recorded()).map(({ event }) => event)).not.toContain('FD_CONNECT');
    must(await root.accept());
    expect(await leaf.hears('FD_CONNECT')).toBeNull();
  });

  it('[R39] returns the socket that it was called with', async () => {
    const { ada, bob } = cast;
    const { session, root } = await room(ada);
    const leaf = await bob.leaf();
    const sockets = await bob.socketCount();
    const joining = leaf.join(session);
    await root.hears('FD_ACCEPT');
    must(await root.accept());
    expect(must(await joining).value).toBe(leaf.descriptor);
    expect(await bob.socketCount()).toBe(sockets);
  });
});

describe('a rooted session', () => {
  it('[R40] knows both ways to join', async () => {
    const { ada, bob, carol } = cast;
    const { session, root } = await room(ada);
    await admitted(root, session, bob);
    await invited(root, carol);
  });
});
