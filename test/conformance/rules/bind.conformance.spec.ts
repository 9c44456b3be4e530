import { describe, expect, it } from '@jest/globals';
import { done, must, refused } from '../cast/answer.js';
import { castOf, fresh } from '../cast/cast.js';
import { admitted, room } from '../cast/scenes.js';
import { SO_REUSEADDR } from '../winsock.js';

const cast = castOf('ada', 'bob');

describe('bind', () => {
  it('[R11] binds a socket once', async () => {
    const { ada } = cast;
    const leaf = await ada.leaf();
    must(await leaf.bind(ada.address()));
    expect(await leaf.bind(ada.address())).toMatchObject(refused('WSAEINVAL'));
    const root = await ada.root(fresh('room'));
    expect(await root.bind(fresh('room'))).toMatchObject(refused('WSAEINVAL'));
  });

  it('[R12] gives an endpoint to one socket', async () => {
    const { ada } = cast;
    const address = ada.address();
    const [holder, second] = [await ada.leaf(), await ada.leaf()];
    must(await holder.bind(address));
    expect(await second.bind(address)).toMatchObject(refused('WSAEADDRINUSE'));
    must(await holder.close());
    expect(await second.bind(address)).toMatchObject(done);
  });

  it('[R12] gives an endpoint to several sockets that share it, of which one listens', async () => {
    const { ada } = cast;
    const address = ada.address();
    const [first, second] = [await ada.leaf(), await ada.leaf()];
    for (const leaf of [first, second]) must(await leaf.setOption(SO_REUSEADDR, { value: 1 }));
    must(await first.bind(address));
    expect(await second.bind(address)).toMatchObject(done);
    must(await first.listen());
    expect(await second.listen()).toMatchObject(refused('WSAEADDRINUSE'));
  });

  it('[R12] gives a session to one root, on whatever node', async () => {
    const { ada, bob } = cast;
    const session = fresh('room');
    await ada.root(session);
    const second = await bob.socket('mp-conference', 0x12);
    expect(await second.bind(session)).toMatchObject(refused('WSAEADDRINUSE'));
  });

  it('[R12] binds no address of another node', async () => {
    const { ada, bob } = cast;
    const leaf = await ada.leaf();
    expect(await leaf.bind(bob.address())).toMatchObject(refused('WSAEADDRNOTAVAIL'));
    expect(await leaf.localName()).toBeNull();
  });

  it('[R13] takes a family that does not fit for a bad address, unlike JoinLeaf', async () => {
    const { ada } = cast;
    const leaf = await ada.leaf();
    expect(await leaf.bind(fresh('room'))).toMatchObject(refused('WSAEFAULT'));
    const root = await ada.socket('mp-conference', 0x12);
    expect(await root.bind(ada.address())).toMatchObject(refused('WSAEFAULT'));
    expect(await root.join(fresh('room'))).toMatchObject(refused('WSAEAFNOSUPPORT'));
  });
});

describe('JoinLeaf on an unbound socket', () => {
  it('[R14] gives a c_leaf a name of its own, and binds it for good', async () => {
    const { ada, bob } = cast;
    const { session, root } = await room(ada);
    const [first, second] = [
      await admitted(root, session, bob),
      await admitted(root, session, bob),
    ];
    const names = [await first.leaf.localName(), await second.leaf.localName()];
    expect(names).toEqual([expect.stringMatching(/:\d+$/), expect.stringMatching(/:\d+$/)]);
    expect(names[0]).not.toBe(names[1]);
    expect(await first.leaf.bind(bob.address())).toMatchObject(refused('WSAEINVAL'));
  });

  it('[R14] gives a c_root a session of its own, and binds it for good', async () => {
    const { ada, bob } = cast;
    const root = await ada.socket('mp-conference', 0x12);
    const { address } = await bob.listener();
    must(await root.setBlocking(false));
    must(await root.join(address));
    expect(await root.localName()).toEqual(expect.any(String));
    expect(await root.bind(fresh('room'))).toMatchObject(refused('WSAEINVAL'));
  });

  it('[R15] leaves it bound when the join fails, under the same name', async () => {
    const { ada, bob } = cast;
    const session = fresh('room');
    const leaf = await bob.leaf();
    expect(await leaf.join(session)).toMatchObject(refused('WSAECONNREFUSED'));
    const name = await leaf.localName();
    expect(name).not.toBeNull();
    const root = await ada.root(session);
    must(await root.listen());
    const joining = leaf.join(session);
    const accepted = await root.accept({ addrlen: 256 });
    expect(accepted.from?.sa_data).toBe(name);
    expect(await joining).toMatchObject(done);
    expect(await leaf.localName()).toBe(name);
  });
});

describe('a wildcard bind', () => {
  it('[R16] [E3] hides a conflict that JoinLeaf finds', async () => {
    const { ada, bob } = cast;
    const { session } = await room(ada);
    const address = bob.address();
    const port = address.split(':')[1] ?? '';
    const holder = await bob.leaf();
    must(await holder.bind(address));
    const wild = await bob.leaf();
    must(await wild.bind(`*:${port}`));
    const sockets = await bob.socketCount();
    expect(await wild.join(session)).toMatchObject(refused('WSAEADDRINUSE'));
    expect(await bob.socketCount()).toBe(sockets);
  });

  it('[R16] becomes the address of the node when it can', async () => {
    const { bob } = cast;
    const address = bob.address();
    const wild = await bob.leaf();
    must(await wild.bind(`*:${address.split(':')[1] ?? ''}`));
    must(await wild.listen());
    expect(await wild.localName()).toBe(address);
  });
});
