import * as door from '@joinleaf/client';
import { describe, expect, it } from '@jest/globals';
import { done, must, refused } from '../cast/answer.js';
import { castOf, fresh, nodeIn } from '../cast/cast.js';
import { group, room } from '../cast/scenes.js';
import { Wire } from '../../deployment/wire.js';
import { stagePlan } from '../stage/stage.js';
import * as winsock from '../winsock.js';

const cast = castOf('ada', 'bob');

describe('JoinLeaf', () => {
  it('[E1] takes no name of a family that its socket cannot join', async () => {
    const { ada, bob } = cast;
    const { session, root } = await room(ada);
    const refusal = refused('WSAEAFNOSUPPORT');
    expect(await root.join(fresh('room'))).toMatchObject(refusal);
    expect(await root.join(await group(ada))).toMatchObject(refusal);
    expect(await (await bob.leaf()).join(bob.address())).toMatchObject(refusal);
    expect(await (await bob.leaf('mp-group')).join(session)).toMatchObject(refusal);
    expect(await (await bob.leaf()).join(await group(ada))).toMatchObject(refusal);
  });

  it('[E1] takes no name of a family that is none', async () => {
    const { ada, bob } = cast;
    const { session } = await room(ada);
    expect(await (await bob.leaf()).join(session, { family: 2 })).toMatchObject(
      refused('WSAEAFNOSUPPORT'),
    );
  });

  it('[E2] answers WSAENETDOWN while the network is down', async () => {
    await using wire = await Wire.to(stagePlan().brokerPort);
    await using node = await nodeIn('bob', { servers: [wire.url], callTimeoutMs: 300 });
    const { session } = await room(cast.ada);
    const leaf = await node.leaf();
    wire.cut();
    expect(await leaf.join(session)).toMatchObject(refused('WSAENETDOWN'));
    wire.mend();
  });

  it('[E7] knows no endpoint at port 0', async () => {
    const { ada, bob } = cast;
    const { root } = await room(ada);
    const refusal = refused('WSAEADDRNOTAVAIL');
    expect(await root.join(`${bob.node}:0`)).toMatchObject(refusal);
    // Nor one that is any address.
    expect(await root.join(`*:7`)).toMatchObject(refusal);
    expect(await (await bob.leaf()).join('*')).toMatchObject(refusal);
  });

  it.each(['', ' ', 'a b', '@', 'bob:70000', 'bob:x', 'a.b', '>', 'x'.repeat(65), '\u0000'])(
    '[E9] finds no address in %j',
    async (name) => {
      const { ada, bob } = cast;
      const { root } = await room(ada);
      const refusal = refused('WSAEFAULT');
      expect(await root.join(name, { family: door.AF_NODE })).toMatchObject(refusal);
      const leaf = await bob.leaf();
      expect(await leaf.join(name, { family: door.AF_SESSION })).toMatchObject(refusal);
    },
  );

  it.each([0, 1, 2, 5, -1])('[E9] needs all of the name: %d bytes are too few', async (namelen) => {
    const { ada, bob } = cast;
    const { session } = await room(ada);
    expect(await (await bob.leaf()).join(session, { namelen })).toMatchObject(refused('WSAEFAULT'));
  });

  it('[E11] cannot reach a node that is unknown', async () => {
    const { root } = await room(cast.ada);
    expect(await root.join(`${fresh('nobody')}:1`)).toMatchObject(refused('WSAENETUNREACH'));
  });

  it('[E12] answers WSAENOBUFS where a session is full', async () => {
    const { ada, bob } = cast;
    const name = await group(ada, { capacity: 1 });
    expect(await (await bob.leaf('mp-group')).join(name)).toMatchObject(done);
    expect(await (await bob.leaf('mp-group')).join(name)).toMatchObject(refused('WSAENOBUFS'));
  });

  it.each([0, 999_999, 1.5, -1, Number.NaN, winsock.INVALID_SOCKET])(
    '[E13] finds no socket at %d',
    async (descriptor) => {
      const { ada } = cast;
      const { session } = await room(ada);
      const nobody = (await ada.leaf()).at(descriptor);
      expect(await nobody.join(session)).toMatchObject(refused('WSAENOTSOCK'));
    },
  );

  it('[E17] is not for a link', async () => {
    const { ada } = cast;
    const plain = await ada.socket('mp-rooted', 0);
    expect(await plain.join(fresh('room'))).toMatchObject(refused('WSAEINVAL'));
  });

  it('[E18] answers WSANOTINITIALISED when the library has been cleaned up', async () => {
    const { ada } = cast;
    const { session } = await room(ada);
    const thread = await ada.thread();
    const leaf = await thread.leaf();
    must(await thread.cleanup());
    expect(await leaf.join(session)).toMatchObject(refused('WSANOTINITIALISED'));
    expect(await thread.cleanup()).toMatchObject(refused('WSANOTINITIALISED'));
    // Other threads of the program go on.
    expect(await ada.leaf()).toBeDefined();
  });

  it('[E19] never answers WSAEWOULDBLOCK', async () => {
    const { ada, bob } = cast;
    const { session, root } = await room(ada);
    const { address } = await bob.listener();
    const leaf = await bob.leaf();
    must(await leaf.setBlocking(false));
    const answers = [
      await root.join(address),
      await root.join(address),
      await leaf.join(session),
      await leaf.join(session),
    ];
    for (const answer of answers) expect(answer).not.toMatchObject({ code: 'WSAEWOULDBLOCK' });
  });
});

describe('the numbers of Winsock', () => {
  it.each(Object.entries({ ...winsock.WSA, ...winsock.FD }))('%s is %d', async (name, number) => {
    const known: Readonly<Record<string, unknown>> = { ...door.WSA, ...door };
    if (name in known) expect(known[name]).toBe(number);
    else expect(['FD_OOB', 'WSAEMSGSIZE']).toContain(name);
  });
});
