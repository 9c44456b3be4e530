import { describe, expect, it } from '@jest/globals';
import { done, must, refused } from '../cast/answer.js';
import { castOf, fresh } from '../cast/cast.js';
import { admitted, allEvents, connected, fence, governed, invited, room } from '../cast/scenes.js';
import { CF_REJECT, FD } from '../winsock.js';

const cast = castOf('ada', 'bob', 'carol');

const connects = (recorded: readonly { readonly event: string }[]) =>
  recorded.filter(({ event }) => event === 'FD_CONNECT');

describe('while a JoinLeaf of a c_root is outstanding', () => {
  it('[R49] [R50] [E6] every further one answers WSAEALREADY, whomever it names', async () => {
    const { ada, bob, carol } = cast;
    const { root } = await room(ada);
    const [asked, other] = [await bob.listener(), await carol.listener()];
    must(await other.register(FD.FD_ACCEPT));
    const { socket: link } = must(await root.join(asked.address));
    expect(await root.join(other.address)).toMatchObject(refused('WSAEALREADY'));
    expect(await root.join(asked.address)).toMatchObject(refused('WSAEALREADY'));
    must(await link.close());
    await fence(root, carol);
    expect(await other.recorded()).toEqual([]);
  });

  it('[R51] [R70] a refused one makes no socket, announces nothing, and harms nothing', async () => {
    const { ada, bob, carol } = cast;
    const { root } = await room(ada);
    const [asked, other] = [await bob.listener(), await carol.listener()];
    must(await root.join(asked.address));
    const sockets = await ada.socketCount();
    expect(await root.join(other.address)).toMatchObject(refused('WSAEALREADY'));
    expect(await ada.socketCount()).toBe(sockets);
    must(await asked.accept());
    await connected(root);
    await fence(root, ada);
    expect(connects(await root.recorded())).toEqual([]);
  });

  it('[R52] [A5] another root of the program may have its own', async () => {
    const { ada, bob } = cast;
    const [first, second] = [await room(ada), await room(ada)];
    const [one, two] = [await bob.listener(), await bob.listener()];
    must(await first.root.join(one.address));
    must(await second.root.join(two.address));
    must(await two.accept());
    must(await one.accept());
    await connected(first.root);
    await connected(second.root);
  });

  it('[R53] it admits leaves that ask', async () => {
    const { ada, bob, carol } = cast;
    const { session, root } = await room(ada);
    const { address } = await bob.listener();
    must(await root.join(address));
    await admitted(root, session, carol);
    await admitted(root, session, carol);
    expect(await root.join(address)).toMatchObject(refused('WSAEALREADY'));
  });

  it('[R56] [A6] one that blocks in another thread counts, too', async () => {
    const { ada, bob } = cast;
    const root = await ada.root(fresh('room'));
    const listener = await bob.listener();
    must(await listener.register(FD.FD_ACCEPT));
    const blocked = root.join(listener.address);
    await listener.hears('FD_ACCEPT');
    const inOtherThread = root.in(await ada.thread());
    expect(await inOtherThread.join(listener.address)).toMatchObject(refused('WSAEALREADY'));
    must(await listener.accept());
    expect(await blocked).toMatchObject(done);
  });
});

describe('while a JoinLeaf of a c_leaf is outstanding', () => {
  it('[R50] [R51] [E6] every further one answers WSAEALREADY', async () => {
    const { ada, bob } = cast;
    const [first, second] = [await room(ada), await room(ada)];
    const leaf = await bob.leaf();
    must(await leaf.register(allEvents));
    must(await leaf.join(first.session));
    expect(await leaf.join(second.session)).toMatchObject(refused('WSAEALREADY'));
    expect(await leaf.join(first.session)).toMatchObject(refused('WSAEALREADY'));
    await first.root.hears('FD_ACCEPT');
    must(await first.root.accept());
    expect(await leaf.hears('FD_CONNECT')).toBeNull();
    await fence(first.root, bob);
    expect(connects(await leaf.recorded())).toEqual([]);
  });

  it('[R52] other leaves may have their own', async () => {
    const { ada, bob } = cast;
    const { session, root } = await room(ada);
    const leaves = [await bob.leaf(), await bob.leaf()];
    for (const leaf of leaves) must(await leaf.register(allEvents));
    for (const leaf of leaves) expect(await leaf.join(session)).toMatchObject(done);
    const accepts = async () => {
      await root.hears('FD_ACCEPT');
      must(await root.accept());
    };
    await accepts();
    await accepts();
    for (const leaf of leaves) await connected(leaf);
  });
});

describe('of many JoinLeafs at the same moment', () => {
  it('[R55] exactly one begins', async () => {
    const { ada, bob } = cast;
    const { root } = await room(ada);
    const listeners = await Promise.all(Array.from({ length: 12 }, () => bob.listener()));
    const answers = await Promise.all(listeners.map(({ address }) => root.join(address)));
    const begun = answers.filter(({ ok }) => ok);
    expect(begun).toHaveLength(1);
    expect(answers.filter(({ ok }) => !ok)).toEqual(
      Array.from({ length: 11 }, () => expect.objectContaining(refused('WSAEALREADY'))),
    );
    const winner = listeners[answers.findIndex(({ ok }) => ok)];
    must(await (winner ?? (await bob.listener())).accept());
    await connected(root);
  });
});

describe('when a join is over', () => {
  it('[R54] the next may begin, whether or not anybody has read the outcome', async () => {
    const { ada, bob, carol } = cast;
    const { root } = await room(ada);
    const listener = await bob.listener();
    must(await root.join(listener.address));
    // The leaf's own call says that it is over; nobody looks at the root.
    must(await listener.accept());
    const { address } = await carol.listener();
    expect(await root.join(address)).toMatchObject(done);
  });

  it('[R57] [E10] [A29] a member answers WSAEISCONN, and stays a member', async () => {
    const { ada, bob } = cast;
    const [first, second] = [await room(ada, 'mp-rooted'), await room(ada, 'mp-rooted')];
    const { leaf } = await admitted(first.root, first.session, bob, { entry: 'mp-rooted' });
    expect(await leaf.join(first.session)).toMatchObject(refused('WSAEISCONN'));
    expect(await leaf.join(second.session)).toMatchObject(refused('WSAEISCONN'));
    must(await first.root.send('still here?'));
    expect(await leaf.text()).toBe('still here?');
  });

  it('[R58] a c_root begins another one, however the last one ended', async () => {
    const { ada, bob } = cast;
    const { root } = await room(ada);
    await invited(root, bob);
    await invited(root, bob);
    must(await root.join(bob.address()));
    expect(await root.hears('FD_CONNECT')).toBe('WSAECONNREFUSED');
    await invited(root, bob);
  });

  it('[R59] [E10] [A8] an endpoint that is a member is not made one a second time', async () => {
    const { ada, bob } = cast;
    const { session, root } = await room(ada);
    const { address } = await invited(root, bob);
    expect(await root.join(address)).toMatchObject(refused('WSAEISCONN'));
    await admitted(root, session, bob);
  });
});

describe('the same socket may join again', () => {
  it('[R60] after WSAECONNREFUSED', async () => {
    const { ada, bob } = cast;
    const { session, root } = await room(ada);
    const leaf = await bob.leaf();
    const joining = leaf.join(session);
    await root.hears('FD_ACCEPT');
    expect(await root.accept({ condition: { decide: CF_REJECT } })).toMatchObject(
      refused('WSAECONNREFUSED'),
    );
    expect(await joining).toMatchObject(refused('WSAECONNREFUSED'));
    const again = leaf.join(session);
    await root.hears('FD_ACCEPT');
    must(await root.accept());
    expect(await again).toMatchObject(done);
  });

  it('[R60] [E11] after WSAENETUNREACH', async () => {
    const { ada, bob } = cast;
    const { root } = await room(ada);
    expect(await root.join(`${fresh('nobody')}:7`)).toMatchObject(refused('WSAENETUNREACH'));
    await invited(root, bob);
  });

  it('[R60] [E16] [A28] after WSAETIMEDOUT', async () => {
    const { ada, bob } = cast;
    const { session, root } = await governed(ada, { joinDeadlineMs: 200 });
    const listener = await bob.listener();
    must(await root.join(listener.address));
    expect(await root.hears('FD_CONNECT')).toBe('WSAETIMEDOUT');
    const leaf = await bob.leaf();
    expect(await leaf.join(session)).toMatchObject(refused('WSAETIMEDOUT'));
    await root.hears('FD_ACCEPT');
    expect(await root.accept()).toMatchObject({ ok: false });
    const again = leaf.join(session);
    await root.hears('FD_ACCEPT');
    must(await root.accept());
    expect(await again).toMatchObject(done);
  });

  it('[R61] and earlier members notice nothing of a join that failed', async () => {
    const { ada, bob, carol } = cast;
    const { session, root } = await room(ada, 'mp-rooted');
    const members = [
      await admitted(root, session, bob, { entry: 'mp-rooted' }),
      await admitted(root, session, carol, { entry: 'mp-rooted' }),
    ];
    must(await root.join(bob.address()));
    expect(await root.hears('FD_CONNECT')).toBe('WSAECONNREFUSED');
    await fence(root, bob);
    await fence(root, carol);
    must(await root.send('all well'));
    for (const { leaf, link } of members) {
      expect(await leaf.text()).toBe('all well');
      for (const socket of [leaf, link]) {
        expect((await socket.recorded()).map(({ event }) => event)).not.toContain('FD_CLOSE');
      }
    }
  });
});

describe('a socket whose connection is over', () => {
  it('[R62] does not join again, and a fresh one does', async () => {
    const { ada, bob } = cast;
    const { session, root } = await room(ada);
    const { link, leaf } = await admitted(root, session, bob);
    must(await link.close());
    await leaf.hears('FD_CLOSE');
    expect(await leaf.join(session)).toMatchObject(refused('WSAEISCONN'));
    await admitted(root, session, bob);
  });
});
