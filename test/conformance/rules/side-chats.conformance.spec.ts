import { describe, expect, it } from '@jest/globals';
import { done, must, refused } from '../cast/answer.js';
import { castOf } from '../cast/cast.js';
import { admitted, invited, room } from '../cast/scenes.js';

const cast = castOf('ada', 'bob', 'carol');

/** MSG_SIDE_CHAT: ours, for Winsock has no name for it. */
const sideChat = 0x1_0000;

describe.each(['mp-rooted', 'mp-conference'] as const)('on a link of %s', (entry) => {
  it('[R161] root and leaf talk among themselves', async () => {
    const { ada, bob, carol } = cast;
    const { session, root } = await room(ada, entry);
    const [one, other] = [
      await admitted(root, session, bob, { entry }),
      await invited(root, carol, { entry }),
    ];
    must(await one.link.send('between us'));
    const heard = must(await arrived(one.leaf));
    expect(new TextDecoder().decode(heard.bytes)).toBe('between us');
    expect(heard.flags & sideChat).toBe(sideChat);
    must(await one.leaf.send('what is it?', sideChat));
    expect(await one.link.text()).toBe('what is it?');

    // Nobody else has heard of it, the root's own socket included.
    must(await root.send('for everybody'));
    expect(await other.leaf.text()).toBe('for everybody');
    const session1 = must(await arrived(one.leaf));
    expect(new TextDecoder().decode(session1.bytes)).toBe('for everybody');
    expect(session1.flags & sideChat).toBe(0);
    must(await one.leaf.send('for the session'));
    if (entry === 'mp-conference') expect(await root.text()).toBe('for everybody');
    expect(await root.text()).toBe('for the session');
    expect(await one.link.receive()).toMatchObject(refused('WSAEWOULDBLOCK'));
    expect(await other.link.receive()).toMatchObject(refused('WSAEWOULDBLOCK'));
  });

  it('[R161] [R68] and the link hears FD_CLOSE all the same', async () => {
    const { ada, bob } = cast;
    const { session, root } = await room(ada, entry);
    const { link, leaf } = await admitted(root, session, bob, { entry });
    must(await leaf.send('good bye', sideChat));
    must(await leaf.close());
    expect(await link.hears('FD_CLOSE')).toBeNull();
    expect(await link.text()).toBe('good bye');
  });
});

describe('a side chat', () => {
  it('[R162] has no place on the socket of a root, or in a group', async () => {
    const { ada } = cast;
    const { root } = await room(ada);
    expect(await root.send('m', sideChat)).toMatchObject({ ok: false });
    // And the session goes on.
    expect(await root.send('m')).toMatchObject(done);
    expect(await root.text()).toBe('m');
  });
});

async function arrived(socket: Parameters<typeof admitted>[0]) {
  for (;;) {
    const received = await socket.receive();
    if (received.ok || received.code !== 'WSAEWOULDBLOCK') return received;
    await socket.hears('FD_READ');
  }
}
