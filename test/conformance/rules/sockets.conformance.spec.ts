import { describe, expect, it } from '@jest/globals';
import { leafFlags, type EntryName } from '../cast/actor.js';
import { done, must, refused } from '../cast/answer.js';
import { castOf, fresh, nodeIn } from '../cast/cast.js';
import { admitted, group, inGroup, invited, room } from '../cast/scenes.js';
import { C_LEAF, C_ROOT, D_LEAF, D_ROOT, XP1 } from '../winsock.js';

const cast = castOf('ada', 'bob');

const legalPairs = [
  ['c_root and d_root', C_ROOT | D_ROOT],
  ['c_root and d_leaf', C_ROOT | D_LEAF],
  ['c_leaf and d_root', C_LEAF | D_ROOT],
  ['c_leaf and d_leaf', C_LEAF | D_LEAF],
] as const;

/** SO_MULTIPOINT_ROLES: ours, for Winsock has no way to ask. */
const rolesOption = 0x7a01;

const everyEntry: readonly EntryName[] = [
  ...(['mp-rooted', 'mp-conference', 'mp-plain'] as const),
  ...(['mp-group', 'mp-group-send', 'mp-group-receive'] as const),
];

describe('a socket without multipoint flags', () => {
  it('[R1] [E17] [R70] calls no JoinLeaf, and nothing comes of trying', async () => {
    const { ada, bob } = cast;
    const { session, root } = await room(ada);
    const plain = await bob.socket('mp-conference', 0);
    const sockets = await bob.socketCount();
    expect(await plain.join(session)).toMatchObject(refused('WSAEINVAL'));
    expect(await bob.socketCount()).toBe(sockets);
    await admitted(root, session, bob);
    expect((await root.recorded()).filter(({ event }) => event === 'FD_ACCEPT')).toEqual([]);
  });
});

describe('multipoint flags', () => {
  it.each([
    ['a control flag alone', C_LEAF],
    ['a data flag alone', D_LEAF],
    ['two control flags', C_ROOT | C_LEAF | D_LEAF],
    ['two data flags', C_LEAF | D_ROOT | D_LEAF],
    ['all four', C_ROOT | C_LEAF | D_ROOT | D_LEAF],
  ])('[R2] that are %s make no socket', async (_, flags) => {
    const { ada } = cast;
    const sockets = await ada.socketCount();
    expect(await ada.ask('mp-rooted', flags)).toMatchObject(refused('WSAEINVAL'));
    expect(await ada.socketCount()).toBe(sockets);
  });

  it.each(legalPairs)('[R3] make %s where both planes are rooted', async (_, flags) => {
    const { ada } = cast;
    const socket = await ada.socket('mp-rooted', flags);
    // The control role shows in what a socket can be bound to.
    const isRoot = (flags & C_ROOT) !== 0;
    expect(await socket.bind(isRoot ? ada.address() : fresh('room'))).toMatchObject(
      refused('WSAEFAULT'),
    );
    expect(await socket.bind(isRoot ? fresh('room') : ada.address())).toMatchObject(done);
    expect(await socket.option(rolesOption)).toMatchObject({ is: flags });
  });

  it('[R4] make no root in a plane that has none', async () => {
    const { ada } = cast;
    for (const flags of [C_ROOT | D_LEAF, C_ROOT | D_ROOT, C_LEAF | D_ROOT]) {
      expect(await ada.ask('mp-group', flags)).toMatchObject(refused('WSAEINVAL'));
    }
    for (const flags of [C_ROOT | D_ROOT, C_LEAF | D_ROOT]) {
      expect(await ada.ask('mp-conference', flags)).toMatchObject(refused('WSAEINVAL'));
      expect(await ada.ask('mp-rooted', flags)).toMatchObject(done);
    }
    expect(await ada.ask('mp-conference', C_ROOT | D_LEAF)).toMatchObject(done);
  });

  it('[R5] [A1] make leaves wherever the entry supports multipoint, rooted or not', async () => {
    const { ada } = cast;
    for (const name of everyEntry) expect(await ada.ask(name, leafFlags)).toMatchObject(done);
  });

  it('[R5] [R6] make nothing where the entry does not, whatever its planes say', async () => {
    const { ada } = cast;
    const rooted = await ada.entry('mp-rooted');
    const dwServiceFlags1 = rooted.dwServiceFlags1 & ~XP1.SUPPORT_MULTIPOINT;
    for (const [, flags] of legalPairs) {
      expect(await ada.ask({ ...rooted, dwServiceFlags1 }, flags)).toMatchObject(
        refused('WSAEINVAL'),
      );
    }
  });

  it('[R6] are served by two entries where there are two styles of data plane', async () => {
    const planes = (await cast.ada.entries())
      .map(({ dwServiceFlags1 }) => dwServiceFlags1)
      .filter((flags) => (flags & XP1.SUPPORT_MULTIPOINT) !== 0)
      .filter((flags) => (flags & XP1.MULTIPOINT_CONTROL_PLANE) !== 0)
      .map((flags) => (flags & XP1.MULTIPOINT_DATA_PLANE) !== 0);
    expect(new Set(planes)).toEqual(new Set([true, false]));
  });
});

describe('a control plane', () => {
  it('[R7] that is not rooted has leaves alone', async () => {
    const { ada, bob } = cast;
    const name = await group(ada);
    expect(await ada.ask('mp-group', C_ROOT | D_LEAF)).toMatchObject(refused('WSAEINVAL'));
    const root = await ada.root(fresh('room'));
    expect(await root.join(name)).toMatchObject(refused('WSAEAFNOSUPPORT'));
    for (const member of [await inGroup(ada, name), await inGroup(bob, name)]) {
      expect(await member.option(rolesOption)).toMatchObject({ is: C_LEAF | D_LEAF });
    }
  });

  it('[R8] that is rooted lasts as long as its root', async () => {
    const { ada, bob } = cast;
    const { session, root } = await room(ada);
    const { leaf } = await admitted(root, session, bob);
    must(await root.close());
    expect(await leaf.hears('FD_CLOSE')).toBeNull();
    const late = await bob.leaf();
    expect(await late.join(session)).toMatchObject(refused('WSAECONNREFUSED'));
  });
});

describe('a new socket', () => {
  it('[R9] has no name, and is not joined', async () => {
    const socket = await cast.ada.leaf();
    expect(await socket.localName()).toBeNull();
    expect(await socket.send('m')).toMatchObject(refused('WSAENOTCONN'));
    expect(await socket.receive()).toMatchObject(refused('WSAENOTCONN'));
  });

  it('[R9] blocks: accept waits for somebody to come', async () => {
    const { ada, bob } = cast;
    const { root } = await room(ada);
    const listener = await bob.listener();
    const accepting = listener.accept();
    must(await root.join(listener.address));
    expect(await accepting).toMatchObject(done);
  });
});

describe('with the descriptor table full', () => {
  it('[R10] no socket is made', async () => {
    await using tiny = await nodeIn('ada', { descriptorMax: 2 });
    const first = await tiny.leaf();
    await tiny.leaf();
    expect(await tiny.ask('mp-group', leafFlags)).toMatchObject(refused('WSAEMFILE'));
    must(await first.close());
    expect(await tiny.ask('mp-group', leafFlags)).toMatchObject(done);
  });

  it('[R10] nothing is accepted, and the request waits on', async () => {
    const { bob } = cast;
    await using tiny = await nodeIn('ada', { descriptorMax: 2 });
    const { session, root } = await room(tiny);
    const spare = await tiny.leaf();
    const leaf = await bob.leaf();
    must(await leaf.setBlocking(false));
    must(await leaf.join(session));
    await root.hears('FD_ACCEPT');
    expect(await root.accept()).toMatchObject(refused('WSAEMFILE'));
    must(await spare.close());
    expect(await root.accept()).toMatchObject(done);
  });

  it('[R10] nobody is invited', async () => {
    const { bob } = cast;
    await using tiny = await nodeIn('ada', { descriptorMax: 1 });
    const root = await tiny.root(fresh('room'));
    const { address } = await bob.listener();
    expect(await root.join(address)).toMatchObject(refused('WSAEMFILE'));
  });
});

describe('what a root makes', () => {
  it('[R33] is drawn from the descriptors of its node, each of them another one', async () => {
    const { ada, bob } = cast;
    const { session, root } = await room(ada);
    const other = await ada.leaf();
    const first = await admitted(root, session, bob);
    const second = await invited(root, bob);
    const descriptors = [root, other, first.link, second.link].map((each) => each.descriptor);
    expect(new Set(descriptors).size).toBe(descriptors.length);
  });
});
