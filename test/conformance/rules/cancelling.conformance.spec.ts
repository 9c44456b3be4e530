import { describe, expect, it } from '@jest/globals';
import { done, must, refused } from '../cast/answer.js';
import { castOf, fresh } from '../cast/cast.js';
import { allEvents, connected, fence, invited, room } from '../cast/scenes.js';
import { FD } from '../winsock.js';

const cast = castOf('ada', 'bob', 'carol');

const names = (recorded: readonly { readonly event: string }[]) =>
  recorded.map(({ event }) => event);

describe('closing what a pending JoinLeaf returned', () => {
  it('[R145] [A7] cancels the join at once, and the root is free for another', async () => {
    const { ada, bob, carol } = cast;
    const { root } = await room(ada);
    const listener = await bob.listener();
    must(await listener.register(FD.FD_ACCEPT));
    const { socket: link } = must(await root.join(listener.address));
    await listener.hears('FD_ACCEPT');
    expect(await link.close()).toMatchObject(done);
    const other = await carol.listener();
    expect(await root.join(other.address)).toMatchObject(done);
    must(await other.accept());
    await connected(root);
    await fence(root, bob);
    // The one that was asked sees it withdrawn.
    expect(await listener.accept()).toMatchObject(refused('WSAEACCES'));
    expect(names(await root.recorded())).not.toContain('FD_CONNECT');
  });

  it('[R146] closes the c_leaf itself, and its request is withdrawn', async () => {
    const { ada, bob } = cast;
    const { session, root } = await room(ada);
    const leaf = await bob.leaf();
    must(await leaf.register(allEvents));
    must(await leaf.join(session));
    await root.hears('FD_ACCEPT');
    expect(await leaf.close()).toMatchObject(done);
    expect(await leaf.join(session)).toMatchObject(refused('WSAENOTSOCK'));
    await fence(root, ada);
    expect(await root.accept()).toMatchObject(refused('WSAEACCES'));
  });

  it('[R147] [A7] [A27] never lets it succeed afterwards, whoever accepts meanwhile', async () => {
    const { ada, bob } = cast;
    const { root } = await room(ada);
    for (let round = 1; round <= 10; round += 1) {
      const listener = await bob.listener();
      must(await listener.register(allEvents));
      const { socket: link } = must(await root.join(listener.address));
      await listener.hears('FD_ACCEPT');
      const [accepted] = await Promise.all([listener.accept(), link.close()]);
      await fence(root, ada);
      await fence(root, bob);
      const outcomes = (await root.recorded()).filter(({ event }) => event === 'FD_CONNECT');
      if (accepted.ok) {
        // It was a member for a moment, or never was one: in either case its end is heard.
        expect(await accepted.socket.hears('FD_CLOSE')).toBeNull();
      } else {
        expect(accepted).toMatchObject(refused('WSAEACCES'));
        expect(outcomes).not.toContainEqual({ event: 'FD_CONNECT', code: null });
      }
      must(await listener.close());
    }
    await invited(root, bob);
  });
});

describe('WSPCancelBlockingCall', () => {
  it('[R148] [E4] ends a JoinLeaf that waits with WSAEINTR', async () => {
    const { ada, bob } = cast;
    const { session, root } = await room(ada);
    const leaf = await bob.leaf();
    const blocked = leaf.join(session);
    await root.hears('FD_ACCEPT');
    expect(await bob.cancel()).toMatchObject(done);
    expect(await blocked).toMatchObject(refused('WSAEINTR'));
    // Of the socket, close is what is left; and the request is gone.
    expect(await leaf.close()).toMatchObject(done);
    await fence(root, ada);
    expect(await root.accept()).toMatchObject(refused('WSAEACCES'));
  });

  it('[R148] [E4] ends the JoinLeaf of a root, too', async () => {
    const { ada, bob } = cast;
    const root = await ada.root(fresh('room'));
    const { root: other } = await room(ada);
    const listener = await bob.listener();
    must(await listener.register(FD.FD_ACCEPT));
    const blocked = root.join(listener.address);
    await listener.hears('FD_ACCEPT');
    expect(await ada.cancel()).toMatchObject(done);
    expect(await blocked).toMatchObject(refused('WSAEINTR'));
    // Another invitation of the same node comes after what it has taken back.
    await fence(other, bob);
    expect(await listener.accept()).toMatchObject(refused('WSAEACCES'));
  });

  it('[R148] is WSAEINVAL where no call waits', async () => {
    expect(await cast.ada.cancel()).toMatchObject(refused('WSAEINVAL'));
  });

  it('[R149] comes too late for a call that has succeeded', async () => {
    const { ada, bob } = cast;
    const { session, root } = await room(ada);
    for (let round = 1; round <= 10; round += 1) {
      const leaf = await bob.leaf();
      const joining = leaf.join(session);
      await root.hears('FD_ACCEPT');
      const [, cancelled] = await Promise.all([root.accept(), bob.cancel()]);
      const joined = await joining;
      if (joined.ok) {
        // A member like any other.
        expect(await leaf.join(session)).toMatchObject(refused('WSAEISCONN'));
      } else {
        expect(joined).toMatchObject(refused('WSAEINTR'));
        expect(cancelled).toMatchObject(done);
      }
      must(await leaf.close());
      await root.recorded();
    }
    const leaf = await bob.leaf();
    const joining = leaf.join(session);
    await root.hears('FD_ACCEPT');
    must(await acceptLive(root));
    expect(await joining).toMatchObject(done);
    expect(await bob.cancel()).toMatchObject(refused('WSAEINVAL'));
  });

  it('[R150] leaves a join alone that does not block', async () => {
    const { ada, bob } = cast;
    const { session, root } = await room(ada);
    const leaf = await bob.leaf();
    must(await leaf.register(allEvents));
    must(await leaf.join(session));
    await root.hears('FD_ACCEPT');
    expect(await bob.cancel()).toMatchObject(refused('WSAEINVAL'));
    must(await root.accept());
    await connected(leaf);
  });

  it('[R150] leaves the socket of an accept unharmed', async () => {
    const { ada, bob } = cast;
    const { root } = await room(ada);
    const listener = await bob.listener();
    const blocked = listener.accept();
    must(await bob.cancel());
    expect(await blocked).toMatchObject(refused('WSAEINTR'));
    const again = listener.accept();
    must(await root.join(listener.address));
    expect(await again).toMatchObject(done);
  });

  it('[R148] ends a call of its own thread alone', async () => {
    const { ada, bob } = cast;
    const { root } = await room(ada);
    const listener = await bob.listener();
    const blocked = listener.accept();
    expect(await (await bob.thread()).cancel()).toMatchObject(refused('WSAEINVAL'));
    must(await root.join(listener.address));
    expect(await blocked).toMatchObject(done);
  });
});

/** Accepts the first request that is still there: those that were withdrawn answer WSAEACCES, each once. */
async function acceptLive(root: Parameters<typeof fence>[0]) {
  for (;;) {
    const answer = await root.accept();
    if (answer.ok || answer.code !== 'WSAEACCES') return answer;
  }
}
