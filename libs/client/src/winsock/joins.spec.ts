import { describe, expect, it } from '@jest/globals';
import { sockaddr, sockaddrLength } from './addresses.js';
import {
  CF_REJECT,
  INVALID_SOCKET,
  JL_BOTH,
  JL_RECEIVER_ONLY,
  JL_SENDER_ONLY,
} from './numbers/calls.js';
import { FD_ALL_EVENTS, FD_CONNECT, FD_CONNECT_BIT } from './numbers/network-events.js';
import { AF_GROUP, AF_NODE, AF_SESSION, AF_UNSPEC } from './numbers/sockets.js';
import { bytes, calm, must, Program, room } from './program.js';
import { newErrno, type SOCKADDR } from './structures.js';
import { Town } from './town.js';

const conf = 'conf-7';

const scene = () => {
  const town = new Town();
  return { town, ada: new Program(town.table('ada')), bob: new Program(town.table('bob')) };
};

/** A group that is set up, as its operator does it. */
const withGroup = async ({ town }: { readonly town: Town }) => {
  const command = { verb: 'open', socket: null, data: 'nonrooted', policy: {} } as const;
  await town.provider('operator').command('@news' as never, command, {});
};

describe('a JoinLeaf that blocks', () => {
  it('[R114] [R39] ends with the outcome: a c_leaf is answered itself', async () => {
    const { ada, bob } = scene();
    const root = await ada.listeningRoot(conf);
    const leaf = bob.socket();
    const joining = bob.join(leaf, conf);
    const link = must(await ada.accept(root));
    expect(await joining).toEqual({ value: leaf, error: null });
    expect(link).not.toBe(root);
    must(await bob.send(leaf, 'hello'));
    expect(await ada.receive(root)).toMatchObject({ text: 'hello' });
  });

  it('[R114] [R33] [R72] at a c_root it is answered a new c_leaf, when the leaf has agreed', async () => {
    const { ada, bob } = scene();
    const root = await ada.root(conf);
    const listener = await bob.listener('bob:1');
    const joining = ada.join(root, 'bob:1');
    const member = must(await bob.accept(listener));
    const link = must(await joining);
    expect(link).not.toBe(root);
    must(await ada.send(link, 'you alone'));
    expect(await bob.receive(member)).toMatchObject({ text: 'you alone' });
  });

  it('[R114] [R82] [E8] ends with WSAECONNREFUSED when it is rejected, and nothing is left of it', async () => {
    const { town, ada, bob } = scene();
    const root = await ada.listeningRoot(conf);
    const leaf = bob.socket();
    const joining = bob.join(leaf, conf);
    expect(await ada.accept(root, () => CF_REJECT)).toMatchObject({ error: 'WSAECONNREFUSED R82' });
    expect(await joining).toEqual({ value: INVALID_SOCKET, error: 'WSAECONNREFUSED E8' });
    const listener = await bob.listener('bob:1');
    const sockets = town.provider('ada').state.sockets.size;
    const inviting = ada.join(root, 'bob:1');
    await bob.accept(listener, () => CF_REJECT);
    expect(await inviting).toEqual({ value: INVALID_SOCKET, error: 'WSAECONNREFUSED E8' });
    expect(town.provider('ada').state.sockets.size).toBe(sockets);
  });

  it('[R60] may be called again after a refusal', async () => {
    const { ada, bob } = scene();
    const leaf = bob.socket();
    expect(await bob.join(leaf, conf)).toMatchObject({ value: INVALID_SOCKET });
    const root = await ada.listeningRoot(conf);
    const joining = bob.join(leaf, conf);
    must(await ada.accept(root));
    expect(must(await joining)).toBe(leaf);
  });

  it('[R43] [R41] of a group ends when the socket can be used', async () => {
    const { town, ada } = scene();
    await withGroup({ town });
    const leaf = ada.socket('mp-group');
    must(await ada.join(leaf, '@news'));
    must(await ada.send(leaf, 'to myself'));
    expect(await ada.receive(leaf)).toMatchObject({ text: 'to myself' });
  });

  it('[R148] [E4] ends with WSAEINTR when it is cancelled, and the request is withdrawn', async () => {
    const { ada, bob } = scene();
    const root = await ada.listeningRoot(conf);
    const leaf = bob.socket();
    const joining = bob.join(leaf, conf);
    await calm();
    expect(bob.cancel()).toEqual({ value: 0, error: null });
    expect(await joining).toEqual({ value: INVALID_SOCKET, error: 'WSAEINTR E4' });
    await calm();
    expect(await ada.accept(root)).toMatchObject({ error: 'WSAEACCES R87' });
    must(await bob.close(leaf));
  });

  it('[R148] [R54] frees its c_root when it is cancelled', async () => {
    const { ada, bob } = scene();
    const root = await ada.root(conf);
    const listener = await bob.listener('bob:1');
    const joining = ada.join(root, 'bob:1');
    await calm();
    must(ada.cancel());
    expect(await joining).toMatchObject({ error: 'WSAEINTR E4' });
    const again = ada.join(root, 'bob:1');
    await calm();
    expect(await bob.accept(listener)).toMatchObject({ error: 'WSAEACCES R87' });
    must(await bob.accept(listener));
    must(await again);
  });

  it('[R149] succeeds when it has succeeded before it is cancelled', async () => {
    const { ada, bob } = scene();
    const root = await ada.listeningRoot(conf);
    const leaf = bob.socket();
    const joining = bob.join(leaf, conf);
    must(await ada.accept(root));
    await calm();
    expect(bob.cancel()).toMatchObject({ error: 'WSAEINVAL R148' });
    expect(must(await joining)).toBe(leaf);
  });

  it('[R140] [R146] ends when its socket is closed elsewhere', async () => {
    const { town, ada, bob } = scene();
    await ada.listeningRoot(conf);
    const leaf = bob.socket();
    const joining = bob.join(leaf, conf);
    await calm();
    must(await new Program(town.table('bob')).close(leaf));
    expect(await joining).toMatchObject({ error: 'WSAEINTR R146' });
  });

  it('[R56] [E6] [R50] keeps other threads from joining with the same socket', async () => {
    const { town, ada, bob } = scene();
    const root = await ada.listeningRoot(conf);
    const leaf = bob.socket();
    const joining = bob.join(leaf, conf);
    const other = new Program(town.table('bob'));
    expect(await other.join(leaf, conf)).toMatchObject({ error: 'WSAEALREADY R50' });
    must(await ada.accept(root));
    must(await joining);
  });

  it.each(['safe', 'unknown'] as const)(
    '[E2] ends with WSAENETDOWN when nobody answers (%s), and so does one that does not block',
    async (silence) => {
      const { town, ada, bob } = scene();
      const root = await ada.root(conf);
      town.weather.silence = silence;
      expect(await bob.join(bob.socket(), conf)).toMatchObject({ error: 'WSAENETDOWN E2' });
      const sockets = town.provider('ada').state.sockets.size;
      expect(await ada.join(root, 'bob:1')).toMatchObject({ error: 'WSAENETDOWN E2' });
      ada.register(root, FD_CONNECT);
      expect(await ada.join(root, 'bob:1')).toMatchObject({ error: 'WSAENETDOWN E2' });
      expect(town.provider('ada').state.sockets.size).toBe(sockets);
    },
  );
});

describe('a JoinLeaf that does not block', () => {
  it('[R63] [R64] [R65] [E19] returns before the other side acts, and its descriptor is for closing', async () => {
    const { ada, bob } = scene();
    const root = await ada.root(conf);
    ada.register(root, FD_CONNECT);
    const listener = await bob.listener('bob:1');
    const link = must(await ada.join(root, 'bob:1'));
    expect(await ada.send(link, 'early')).toMatchObject({ error: 'WSAENOTCONN R65' });
    expect(ada.enumerate(root).mask).toBe(0);
    must(await bob.accept(listener));
    await calm();
    expect(ada.enumerate(root)).toMatchObject({ mask: FD_CONNECT });
    must(await ada.send(link, 'now'));
  });

  it('[E6] [R50] [R49] [R70] answers WSAEALREADY itself where another is outstanding', async () => {
    const { town, ada, bob } = scene();
    const root = await ada.root(conf);
    ada.register(root, FD_CONNECT);
    await bob.listener('bob:1');
    must(await ada.join(root, 'bob:1'));
    const sockets = town.provider('ada').state.sockets.size;
    expect(await ada.join(root, 'bob:2')).toMatchObject({
      value: INVALID_SOCKET,
      error: expect.stringMatching(/^WSAEALREADY/),
    });
    expect(town.provider('ada').state.sockets.size).toBe(sockets);
  });

  it('[A26] [R96] returns its descriptor when the news overtake the answer', async () => {
    const { town, ada, bob } = scene();
    await withGroup({ town });
    town.weather.newsFirst = true;
    const leaf = ada.socket('mp-group');
    ada.register(leaf, FD_ALL_EVENTS);
    const callee = room(8);
    expect(must(await ada.join(leaf, '@news', { calleeData: callee }))).toBe(leaf);
    expect(ada.enumerate(leaf).errors[FD_CONNECT_BIT]).toBe(0);
    expect(callee.len).toBe(0);
    must(await bob.close(bob.socket()));
  });

  it('[R145] [A7] is cancelled by closing what it returned, and nothing more is heard of it', async () => {
    const { ada, bob } = scene();
    const root = await ada.root(conf);
    ada.register(root, FD_CONNECT);
    const listener = await bob.listener('bob:1');
    const link = must(await ada.join(root, 'bob:1'));
    must(await ada.close(link));
    must(await ada.join(root, 'bob:1'));
    await calm();
    expect(ada.enumerate(root).mask).toBe(0);
    expect(await bob.accept(listener)).toMatchObject({ error: 'WSAEACCES R87' });
    must(await bob.accept(listener));
  });

  it('[R150] is nothing that WSPCancelBlockingCall would end', async () => {
    const { ada, bob } = scene();
    const root = await ada.root(conf);
    ada.register(root, FD_CONNECT);
    const listener = await bob.listener('bob:1');
    must(await ada.join(root, 'bob:1'));
    expect(ada.cancel()).toMatchObject({ error: 'WSAEINVAL R148' });
    must(await bob.accept(listener));
    await calm();
    expect(ada.enumerate(root)).toMatchObject({ mask: FD_CONNECT });
  });
});

describe('callee data', () => {
  const welcome =
    (data: Uint8Array) =>
    (...[, , , , , callee]: readonly unknown[]) => {
      const buffer = callee as { len: number; buf: Uint8Array };
      buffer.buf.set(data);
      buffer.len = data.length;
      return 0;
    };

  it('[R95] [R96] [R94] is written when the join has ended, and its length says how much', async () => {
    const { ada, bob } = scene();
    const root = await ada.listeningRoot(conf);
    const callee = room(64);
    const joining = bob.join(bob.socket(), conf, { calleeData: callee });
    await calm();
    expect(callee).toEqual(room(64));
    must(await ada.accept(root, welcome(Uint8Array.of(1, 0, 255))));
    must(await joining);
    expect(callee.len).toBe(3);
    expect([...(callee.buf ?? []).slice(0, 4)]).toEqual([1, 0, 255, 0]);
  });

  it('[R95] [R99] is none where none came, or the join failed', async () => {
    const { ada, bob } = scene();
    const root = await ada.listeningRoot(conf);
    const [first, second] = [room(64), room(64)];
    const joining = bob.join(bob.socket(), conf, { calleeData: first });
    must(await ada.accept(root));
    must(await joining);
    expect(first.len).toBe(0);
    const refused = bob.join(bob.socket(), conf, { calleeData: second });
    await ada.accept(root, (...args) => {
      welcome(Uint8Array.of(9))(...args);
      return CF_REJECT;
    });
    expect(await refused).toMatchObject({ error: 'WSAECONNREFUSED E8' });
    expect(second.len).toBe(0);
  });

  it('[R97] [A13] that does not fit fails the join with WSAEFAULT, and is not cut', async () => {
    const { ada, bob } = scene();
    const root = await ada.listeningRoot(conf);
    ada.register(root, FD_ALL_EVENTS);
    const callee = room(2);
    const joining = bob.join(bob.socket(), conf, { calleeData: callee });
    await calm();
    const link = must(await ada.accept(root, welcome(Uint8Array.of(1, 2, 3))));
    expect(await joining).toEqual({ value: INVALID_SOCKET, error: 'WSAEFAULT R97' });
    expect(callee).toEqual({ len: 0, buf: new Uint8Array(2) });
    await calm();
    expect(await ada.receive(link)).toMatchObject({ error: 'WSAEDISCON R159' });
  });

  it('[R97] [A13] [R126] that does not fit is told by FD_CONNECT', async () => {
    const { ada, bob } = scene();
    const root = await ada.root(conf);
    ada.register(root, FD_CONNECT);
    const listener = await bob.listener('bob:1');
    const link = must(await ada.join(root, 'bob:1', { calleeData: room(2) }));
    must(await bob.accept(listener, welcome(Uint8Array.of(1, 2, 3))));
    await calm();
    const { mask, errors } = ada.enumerate(root);
    expect([mask, errors[FD_CONNECT_BIT]]).toEqual([FD_CONNECT, 10_014]);
    expect(await ada.send(link, 'm')).toMatchObject({ error: 'WSAENOTCONN R69' });
    must(await ada.close(link));
  });

  it('[R93] [A14] is dropped without a buffer, and in one without room', async () => {
    const { ada, bob } = scene();
    const root = await ada.listeningRoot(conf);
    const empty = { len: 0, buf: null };
    for (const calleeData of [null, empty]) {
      const joining = bob.join(bob.socket(), conf, { calleeData });
      must(await ada.accept(root, welcome(Uint8Array.of(1))));
      must(await joining);
    }
    expect(empty.len).toBe(0);
  });
});

describe('the arguments of JoinLeaf', () => {
  const named = async (program: Program, s: number, name: SOCKADDR, namelen?: number) => {
    const error = newErrno();
    const length = namelen ?? sockaddrLength(name);
    await program.ws.WSPJoinLeaf(s, name, length, null, null, null, null, JL_BOTH, error);
    return error.number === 0 ? null : `${String(error.name)} ${String(error.rule)}`;
  };

  it('[R110] [R111] [A31] take 1, 2 and 4 for flags and nothing else', async () => {
    const { ada, bob } = scene();
    const root = await ada.listeningRoot(conf);
    for (const flags of [0, 3, 5, 6, 7, 8, -1, 1.5]) {
      const leaf = bob.socket();
      expect(await bob.join(leaf, conf, { flags })).toMatchObject({ error: 'WSAEINVAL A31' });
    }
    for (const flags of [JL_SENDER_ONLY, JL_RECEIVER_ONLY, JL_BOTH]) {
      const joining = bob.join(bob.socket(), conf, { flags });
      must(await ada.accept(root));
      must(await joining);
    }
  });

  it('[E1] refuse a family that the socket cannot use', async () => {
    const { ada, bob } = scene();
    const leaf = bob.socket();
    const group = bob.socket('mp-group');
    const root = await ada.root(conf);
    expect(await named(bob, leaf, sockaddr('@news'))).toBe('WSAEAFNOSUPPORT E1');
    expect(await named(bob, leaf, sockaddr('ada:1'))).toBe('WSAEAFNOSUPPORT E1');
    expect(await named(bob, group, sockaddr(conf))).toBe('WSAEAFNOSUPPORT E1');
    expect(await named(ada, root, sockaddr(conf))).toBe('WSAEAFNOSUPPORT E1');
    for (const sa_family of [AF_UNSPEC, 2, 23]) {
      expect(await named(bob, leaf, { sa_family, sa_data: conf })).toBe('WSAEAFNOSUPPORT E1');
      expect(await named(ada, root, { sa_family, sa_data: 'bob:1' })).toBe('WSAEAFNOSUPPORT E1');
    }
  });

  it('[E7] refuse an address that is none in particular', async () => {
    const { ada, bob } = scene();
    const root = await ada.root(conf);
    for (const text of ['bob:0', 'bob:any', '*:1', '*:any']) {
      expect(await named(ada, root, sockaddr(text))).toBe('WSAEADDRNOTAVAIL E7');
    }
    expect(await named(bob, bob.socket(), sockaddr('*'))).toBe('WSAEADDRNOTAVAIL E7');
    expect(await named(bob, bob.socket('mp-group'), sockaddr('@*'))).toBe('WSAEADDRNOTAVAIL E7');
  });

  it('[E9] refuse a name that is none, and a length that lies', async () => {
    const { bob } = scene();
    const leaf = bob.socket();
    const fault = 'WSAEFAULT E9';
    expect(await named(bob, leaf, sockaddr(conf), 7)).toBe(fault);
    expect(await named(bob, leaf, sockaddr(conf), 0)).toBe(fault);
    expect(await named(bob, leaf, sockaddr(conf), 129)).toBe(fault);
    expect(await named(bob, leaf, { sa_family: AF_SESSION, sa_data: 'a.b' })).toBe(fault);
    expect(await named(bob, leaf, { sa_family: AF_SESSION, sa_data: '' })).toBe(fault);
    expect(await named(bob, leaf, { sa_family: AF_NODE, sa_data: conf })).toBe(fault);
    expect(await named(bob, leaf, { sa_family: AF_GROUP, sa_data: conf })).toBe(fault);
    // A buffer may be longer than the address in it.
    expect(await named(bob, leaf, sockaddr(conf), 128)).not.toBe(fault);
  });

  it('[R97] [E9] refuse data that is too large, or less than it says', async () => {
    const { bob } = scene();
    const leaf = bob.socket();
    const short = { len: 4, buf: new Uint8Array(3) };
    const answers = [
      await bob.join(leaf, conf, { callerData: room(4_097) }),
      await bob.join(leaf, conf, { callerData: short }),
      await bob.join(leaf, conf, { calleeData: short }),
      await bob.join(leaf, conf, { calleeData: { len: 1, buf: null } }),
    ];
    expect(answers.map(({ error }) => error)).toEqual([
      'WSAEFAULT R97',
      'WSAEFAULT E9',
      'WSAEFAULT R97',
      'WSAEFAULT R97',
    ]);
  });

  it('[E13] [E17] [E9] [E6] [E10] [E1] [E15] are looked at in the order of Winsock', async () => {
    const { ada, bob } = scene();
    const root = await ada.listeningRoot(conf);
    const bad = { sa_family: 2, sa_data: conf };
    // Not a socket, before anything that is wrong with the arguments.
    expect(await named(bob, 99, bad, 0)).toBe('WSAENOTSOCK E13');
    // No multipoint socket, before them too.
    expect(await named(bob, bob.socket('mp-conference', 0), bad, 0)).toBe('WSAEINVAL R1');
    const leaf = bob.socket();
    bob.register(leaf, FD_CONNECT);
    must(await bob.join(leaf, conf));
    // A bad pointer, before the join under way; that, before a family.
    expect(await named(bob, leaf, bad, 0)).toBe('WSAEFAULT E9');
    expect(await named(bob, leaf, bad)).toBe('WSAEALREADY R50');
    must(await ada.accept(root));
    await calm();
    expect(await named(bob, leaf, bad)).toBe('WSAEISCONN R57');
    // A family, before data that the entry does not carry.
    const plain = bob.socket('mp-plain');
    const callerData = bytes(1);
    expect(await bob.join(plain, '@news', { callerData })).toMatchObject({
      error: 'WSAEAFNOSUPPORT E1',
    });
    expect(await bob.join(plain, conf, { callerData })).toMatchObject({
      error: 'WSAEPROTONOSUPPORT R98',
    });
  });
});
