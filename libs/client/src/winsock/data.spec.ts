import { describe, expect, it } from '@jest/globals';
import {
  MSG_OOB,
  MSG_PARTIAL,
  MSG_PEEK,
  MSG_SIDE_CHAT,
  JL_RECEIVER_ONLY,
} from './numbers/calls.js';
import { FD_WRITE } from './numbers/network-events.js';
import {
  FIONBIO,
  FIONREAD,
  SIO_MULTICAST_SCOPE,
  SIO_MULTIPOINT_LOOPBACK,
  SO_SNDBUF,
  SOL_SOCKET,
} from './numbers/settings.js';
import { bytes, calm, must, Program, room } from './program.js';
import { newErrno } from './structures.js';
import { Town } from './town.js';

const conf = 'conf-7';

/** A root and a member, of which both block. */
const scene = async () => {
  const town = new Town();
  const [ada, bob] = [new Program(town.table('ada')), new Program(town.table('bob'))];
  const root = await ada.listeningRoot(conf);
  const leaf = bob.socket();
  const joining = bob.join(leaf, conf);
  const link = must(await ada.accept(root));
  must(await joining);
  return { town, ada, bob, root, leaf, link };
};

describe('a message', () => {
  it('[R151] [R154] is gathered from its buffers, and scattered over the receiver’s', async () => {
    const { ada, bob, root, leaf } = await scene();
    const [error, sent] = [newErrno(), { value: -1 }];
    const parts = [bytes(1, 2), { len: 0, buf: null }, { len: 1, buf: Uint8Array.of(3, 99) }];
    expect(await ada.ws.WSPSend(root, parts, 3, sent, 0, error)).toBe(0);
    expect([error.number, sent.value]).toEqual([0, 3]);
    const [got, flags] = [{ value: -1 }, { value: 0 }];
    const places = [room(1), room(8)];
    expect(await bob.ws.WSPRecv(leaf, places, 2, got, flags, error)).toBe(0);
    expect([got.value, flags.value]).toEqual([3, 0]);
    expect(places.map(({ buf }) => [...(buf ?? [])].slice(0, 3))).toEqual([[1], [2, 3, 0]]);
  });

  it('[R86] [R9] is waited for on a socket that blocks, and only there', async () => {
    const { ada, bob, root, leaf } = await scene();
    const receiving = bob.receive(leaf);
    await calm();
    must(await ada.send(root, 'late'));
    expect(await receiving).toMatchObject({ text: 'late' });
    must(bob.ioctl(leaf, FIONBIO, { value: 1 }));
    expect(await bob.receive(leaf)).toMatchObject({ error: 'WSAEWOULDBLOCK R123' });
  });

  it('[R148] [R140] [R159] is not waited for after a cancel, a close or the end', async () => {
    const { town, ada, bob, root, leaf, link } = await scene();
    const cancelled = bob.receive(leaf);
    must(bob.cancel());
    expect(await cancelled).toMatchObject({ error: 'WSAEINTR E4' });
    const other = new Program(town.table('ada'));
    const closed = ada.receive(link);
    must(await other.close(link));
    expect(await closed).toMatchObject({ error: 'WSAEINTR R140' });
    expect(await bob.receive(leaf)).toMatchObject({ error: 'WSAEDISCON R159' });
    must(await ada.close(root));
  });

  it('[R123] stays where it is when it is peeked at, and FIONREAD says how long it is', async () => {
    const { ada, bob, root, leaf } = await scene();
    const size = { value: -1 };
    must(bob.ioctl(leaf, FIONREAD, null, size));
    expect(size.value).toBe(0);
    must(await ada.send(root, 'seven b'));
    expect(await bob.receive(leaf, { flags: MSG_PEEK })).toMatchObject({ text: 'seven b' });
    must(bob.ioctl(leaf, FIONREAD, null, size));
    expect(size.value).toBe(7);
    expect(await bob.receive(leaf)).toMatchObject({ text: 'seven b' });
  });

  it('[H16] that finds too little room is cut, and WSAEMSGSIZE says so', async () => {
    const { ada, bob, root, leaf } = await scene();
    must(await ada.send(root, 'abcdef'));
    must(await ada.send(root, 'next'));
    const answer = await bob.receive(leaf, { bytesMax: 3 });
    expect(answer).toMatchObject({ value: -1, error: 'WSAEMSGSIZE H16', text: 'abc' });
    expect(await bob.receive(leaf)).toMatchObject({ text: 'next' });
  });

  it('[R161] [R72] of a side chat is for the other end alone, and says so', async () => {
    const { ada, bob, root, leaf, link } = await scene();
    must(await ada.send(link, 'you'));
    expect(await bob.receive(leaf)).toMatchObject({ text: 'you', flags: MSG_SIDE_CHAT });
    must(await bob.send(leaf, 'and you', MSG_SIDE_CHAT));
    expect(await ada.receive(link)).toMatchObject({ text: 'and you', flags: MSG_SIDE_CHAT });
    must(ada.ioctl(root, FIONBIO, { value: 1 }));
    expect(await ada.receive(root)).toMatchObject({ error: 'WSAEWOULDBLOCK R123' });
  });

  it('[R124] waits for room on a socket that blocks; otherwise FD_WRITE tells of it', async () => {
    const { town, ada, bob, root, leaf } = await scene();
    const error = newErrno();
    ada.ws.WSPSetSockOpt(root, SOL_SOCKET, SO_SNDBUF, { value: 4 }, 4, error);
    town.weather.isJammed = true;
    must(await ada.send(root, 'more than four'));
    const second = ada.send(root, 'second');
    await calm();
    town.unjam();
    must(await second);
    await calm();
    town.weather.isJammed = true;
    must(ada.register(root, FD_WRITE));
    ada.enumerate(root);
    must(await ada.send(root, 'third'));
    expect(await ada.send(root, 'fourth')).toMatchObject({ error: 'WSAEWOULDBLOCK R124' });
    expect(ada.enumerate(root).mask).toBe(0);
    town.unjam();
    expect(ada.enumerate(root).mask).toBe(FD_WRITE);
    for (const text of ['more than four', 'second', 'third']) {
      expect(await bob.receive(leaf)).toMatchObject({ text });
    }
  });

  it('[R112] [R158] is not sent by who only receives, and by nobody before being joined', async () => {
    const { ada, bob, root } = await scene();
    const leaf = bob.socket();
    expect(await bob.send(leaf, 'm')).toMatchObject({ error: 'WSAENOTCONN R158' });
    expect(await bob.receive(leaf)).toMatchObject({ error: 'WSAENOTCONN R158' });
    const joining = bob.join(leaf, conf, { flags: JL_RECEIVER_ONLY });
    must(await ada.accept(root));
    must(await joining);
    expect(await bob.send(leaf, 'm')).toMatchObject({ error: 'WSAEOPNOTSUPP R112' });
  });

  it('[R155] [R156] comes back to its sender, unless loopback is off, and stays on the node with scope 0', async () => {
    const { ada, bob, root, leaf } = await scene();
    must(ada.ioctl(root, FIONBIO, { value: 1 }));
    must(await ada.send(root, 'mine'));
    await calm();
    expect(await ada.receive(root)).toMatchObject({ text: 'mine' });
    must(ada.ioctl(root, SIO_MULTIPOINT_LOOPBACK, { value: 0 }));
    must(await ada.send(root, 'not mine'));
    await calm();
    expect(await ada.receive(root)).toMatchObject({ error: 'WSAEWOULDBLOCK R123' });
    must(ada.ioctl(root, SIO_MULTICAST_SCOPE, { value: 0 }));
    must(await ada.send(root, 'here only'));
    must(ada.ioctl(root, SIO_MULTICAST_SCOPE, { value: 1 }));
    must(await ada.send(root, 'everywhere'));
    for (const text of ['mine', 'not mine', 'everywhere']) {
      expect(await bob.receive(leaf)).toMatchObject({ text });
    }
  });
});

describe('the arguments of send and receive', () => {
  it('[E9] are buffers that are there, as many as they say', async () => {
    const { ada, bob, root, leaf } = await scene();
    const one = [bytes(1)];
    const error = newErrno();
    const strange: readonly (readonly [unknown, unknown])[] = [
      [null, 1],
      [one, 2],
      [one, 0],
      [one, 1.5],
      [one, '1'],
      [[null], 1],
      [[{ len: 2, buf: Uint8Array.of(1) }], 1],
      [[{ len: 1, buf: null }], 1],
      [[{ len: 1, buf: 'x' }], 1],
      [[{ len: -1, buf: Uint8Array.of(1) }], 1],
      [
        {
          length: 1,
          0: bytes(1),
          get 1() {
            throw new Error('unread');
          },
        },
        2,
      ],
    ];
    must(await ada.send(root, 'waits'));
    await calm();
    for (const [buffers, count] of strange) {
      const args = [buffers as never, count as number] as const;
      expect(await ada.ws.WSPSend(root, ...args, { value: 0 }, 0, error)).toBe(-1);
      expect(error).toMatchObject({ name: 'WSAEFAULT', rule: 'E9' });
      expect(await bob.ws.WSPRecv(leaf, ...args, { value: 0 }, { value: 0 }, error)).toBe(-1);
      expect(error).toMatchObject({ name: 'WSAEFAULT', rule: 'E9' });
    }
    for (const cell of [null, 7, undefined]) {
      await ada.ws.WSPSend(root, one, 1, cell as never, 0, error);
      expect(error).toMatchObject({ name: 'WSAEFAULT', rule: 'E9' });
      await bob.ws.WSPRecv(leaf, one, 1, cell as never, { value: 0 }, error);
      expect(error).toMatchObject({ name: 'WSAEFAULT', rule: 'E9' });
    }
    // Nothing was taken of what could not be written down.
    const frozen = Object.freeze({ value: 0 });
    await bob.ws.WSPRecv(leaf, [room(9)], 1, frozen, { value: 0 }, error);
    expect(error).toMatchObject({ name: 'WSAEFAULT', rule: 'E9' });
    expect(await bob.receive(leaf)).toMatchObject({ text: 'waits' });
  });

  it('[H17] are flags that there are', async () => {
    const { ada, bob, root, leaf } = await scene();
    for (const flags of [MSG_OOB, MSG_PARTIAL, MSG_PEEK]) {
      expect(await ada.send(root, 'm', flags)).toMatchObject({ error: 'WSAEOPNOTSUPP H17' });
    }
    expect(await ada.send(root, 'm', 0x40)).toMatchObject({ error: 'WSAEINVAL H17' });
    expect(await ada.send(root, 'm', -1)).toMatchObject({ error: 'WSAEINVAL H17' });
    expect(await bob.receive(leaf, { flags: MSG_OOB })).toMatchObject({
      error: 'WSAEOPNOTSUPP H17',
    });
    expect(await bob.receive(leaf, { flags: 0x40 })).toMatchObject({ error: 'WSAEINVAL H17' });
  });
});

describe('WSPSelect', () => {
  const select = async (
    program: Program,
    [readable, writable, except]: readonly (readonly unknown[])[],
    timeout: unknown = { tv_sec: 0, tv_usec: 0 },
  ) => {
    const error = newErrno();
    const setOf = (array: readonly unknown[] | undefined) =>
      array === undefined ? null : { fd_count: array.length, fd_array: [...array] as number[] };
    const sets = [setOf(readable), setOf(writable), setOf(except)] as const;
    const value = await program.ws.WSPSelect(0, ...sets, timeout as null, error);
    const found = sets.map((set) => set?.fd_array.slice(0, set.fd_count));
    const name = error.number === 0 ? null : `${String(error.name)} ${String(error.rule)}`;
    return { value, found, error: name };
  };

  it('[R71] finds what can be read or written now, and never that a join is over', async () => {
    const { ada, bob, root, leaf, link } = await scene();
    const joiner = bob.socket();
    must(bob.register(joiner, 0, null));
    must(await bob.join(joiner, conf));
    await calm();
    expect(
      await select(bob, [
        [leaf, joiner],
        [leaf, joiner],
        [leaf, joiner],
      ]),
    ).toEqual({
      value: 1,
      found: [[], [leaf], []],
      error: null,
    });
    expect(
      await select(ada, [
        [root, link],
        [root, link],
      ]),
    ).toMatchObject({
      value: 3,
      found: [[root], [root, link], undefined],
    });
    must(await ada.send(root, 'm'));
    await calm();
    expect(await select(bob, [[leaf]])).toMatchObject({
      value: 1,
      found: [[leaf], undefined, undefined],
    });
  });

  it('[R71] waits, for as long as it is told', async () => {
    const { ada, bob, root, leaf } = await scene();
    const [waiting, forEver] = [
      select(bob, [[leaf]], { tv_sec: 60, tv_usec: 0 }),
      select(bob, [[leaf]], null),
    ];
    expect(await select(bob, [[leaf]], { tv_sec: 0, tv_usec: 5_000 })).toMatchObject({
      value: 0,
      found: [[], undefined, undefined],
    });
    must(await ada.send(root, 'm'));
    expect(await waiting).toMatchObject({ value: 1, found: [[leaf], undefined, undefined] });
    expect(await forEver).toMatchObject({ value: 1 });
  });

  it('[R148] [R140] is ended by a cancel, and by a close', async () => {
    const { town, bob, leaf } = await scene();
    const cancelled = select(bob, [[leaf]], null);
    must(bob.cancel());
    expect(await cancelled).toMatchObject({ value: -1, error: 'WSAEINTR E4' });
    const closed = select(bob, [[leaf]], null);
    must(await new Program(town.table('bob')).close(leaf));
    expect(await closed).toMatchObject({ value: -1, error: 'WSAEINTR R140' });
  });

  it('[E9] [E13] [H17] takes sets of sockets, and a time', async () => {
    const { ada, root } = await scene();
    expect(await select(ada, [])).toMatchObject({ error: 'WSAEINVAL H17' });
    expect(await select(ada, [[]])).toMatchObject({ error: 'WSAEINVAL H17' });
    expect(await select(ada, [[root, 4_711]])).toMatchObject({ error: 'WSAENOTSOCK E13' });
    expect(await select(ada, [[root], [], [-1]])).toMatchObject({ error: 'WSAENOTSOCK E13' });
    expect(await select(ada, [[root, 'two']])).toMatchObject({ error: 'WSAENOTSOCK E13' });
    for (const time of [
      7,
      { tv_sec: 0 },
      { tv_sec: -1, tv_usec: 0 },
      { tv_sec: 0, tv_usec: 1e6 },
    ]) {
      const { error } = await select(ada, [[root]], time);
      expect(error).toMatch(/^(WSAEINVAL H17|WSAEFAULT E9)$/);
    }
    const error = newErrno();
    const lying = { fd_count: 3, fd_array: [root] };
    await ada.ws.WSPSelect(0, lying, null, null, null, error);
    expect(error).toMatchObject({ name: 'WSAEFAULT', rule: 'E9' });
  });
});
