import { describe, expect, it } from '@jest/globals';

import { done, must, refused } from '../cast/answer.js';
import { castOf, strangerWith } from '../cast/cast.js';
import { admitted, allEvents, fence, group, inGroup, invited, room } from '../cast/scenes.js';
import type { Sock } from '../cast/sock.js';
import {
  C_LEAF,
  D_ROOT,
  SIO_MULTICAST_SCOPE,
  SIO_MULTIPOINT_LOOPBACK,
  SO_LINGER,
  SO_MAX_MSG_SIZE,
  SO_RCVBUF,
  XP1,
} from '../winsock.js';

const cast = castOf('ada', 'bob', 'carol', 'dan');

const entry = 'mp-rooted';

/** A rooted session with a leaf at each of three nodes. */
async function rooted() {
  const { ada, bob, carol, dan } = cast;
  const { session, root } = await room(ada, entry);
  const one = await admitted(root, session, bob, { entry });
  const two = await invited(root, carol, { entry });
  const three = await admitted(root, session, dan, { entry });
  return { session, root, members: [one, two, three] as const };
}

/** A nonrooted session under a root, with a leaf at each of two nodes. */
async function conference() {
  const { ada, bob, carol } = cast;
  const { session, root } = await room(ada);
  const one = await admitted(root, session, bob);
  const two = await invited(root, carol);
  return { session, root, one, two };
}

/** What has arrived and nobody has read. */
async function unread(socket: Sock): Promise<readonly string[]> {
  const texts: string[] = [];
  for (;;) {
    const received = await socket.receive();
    if (!received.ok) {
      expect(received).toMatchObject(refused('WSAEWOULDBLOCK'));
      return texts;
    }
    texts.push(new TextDecoder().decode(received.bytes));
  }
}

describe('in a rooted data plane', () => {
  it('[R151] what the d_root sends reaches every leaf, once', async () => {
    const { root, members } = await rooted();
    must(await root.send('to everybody'));
    must(await root.send('that is all'));
    for (const { leaf } of members) {
      expect(await leaf.text()).toBe('to everybody');
      expect(await leaf.text()).toBe('that is all');
      expect(await unread(leaf)).toEqual([]);
    }
  });

  it('[R152] what a leaf sends arrives at the d_root', async () => {
    const { root, members } = await rooted();
    const texts = ['from bob', 'from carol', 'from dan'];
    for (const [index, { leaf }] of members.entries()) must(await leaf.send(texts[index] ?? ''));
    const heard = [await root.text(), await root.text(), await root.text()];
    expect(heard.sort()).toEqual(texts);
  });

  it('[R153] no leaf hears another one', async () => {
    const { root, members } = await rooted();
    const [one, two, three] = members;
    must(await one.leaf.send('for the root alone'));
    expect(await root.text()).toBe('for the root alone');
    must(await root.send('after it'));
    for (const { leaf } of [two, three]) expect(await leaf.text()).toBe('after it');
    expect(await one.leaf.text()).toBe('after it');
    // Nor does it hear itself.
    for (const { leaf } of members) expect(await unread(leaf)).toEqual([]);
  });

  it('[R3] [R152] a c_leaf can be a d_root', async () => {
    const { ada, bob, carol } = cast;
    const { session, root } = await room(ada, entry);
    const speaker = await bob.socket(entry, C_LEAF | D_ROOT);
    must(await speaker.register(allEvents));
    must(await speaker.join(session));
    await root.hears('FD_ACCEPT');
    must(await root.accept());
    await speaker.hears('FD_CONNECT');
    const { leaf } = await admitted(root, session, carol, { entry });
    must(await speaker.send('down'));
    expect(await leaf.text()).toBe('down');
    must(await leaf.send('up'));
    expect(await speaker.text()).toBe('up');
    expect(await root.text()).toBe('up');
  });
});

describe('in a nonrooted data plane', () => {
  it('[R154] what a member sends reaches all the others', async () => {
    const { root, one, two } = await conference();
    for (const [sender, text] of [
      [root, 'from the root'],
      [one.leaf, 'from one'],
      [two.leaf, 'from two'],
    ] as const) {
      must(await sender.send(text));
      for (const socket of [root, one.leaf, two.leaf]) expect(await socket.text()).toBe(text);
    }
  });

  it('[R154] of a group, too', async () => {
    const name = await group(cast.ada);
    const sender = await inGroup(cast.ada, name);
    const others = [await inGroup(cast.bob, name), await inGroup(cast.carol, name)];
    must(await sender.send('news'));
    for (const member of [sender, ...others]) expect(await member.text()).toBe('news');
  });

  it('[R155] [A33] a member hears itself, unless loopback is off', async () => {
    const { ada, bob } = cast;
    const name = await group(ada);
    const [member, other] = [await inGroup(ada, name), await inGroup(bob, name)];
    must(await member.send('echo'));
    expect(await member.text()).toBe('echo');
    must(await member.ioctl(SIO_MULTIPOINT_LOOPBACK, 0));
    must(await member.send('no echo'));
    expect(await other.text()).toBe('echo');
    expect(await other.text()).toBe('no echo');
    must(await other.send('from the other'));
    expect(await member.text()).toBe('from the other');
    expect(await unread(member)).toEqual([]);
    must(await member.ioctl(SIO_MULTIPOINT_LOOPBACK, 1));
    must(await member.send('echo again'));
    expect(await member.text()).toBe('echo again');
  });

  it('[R156] scope 0 stays on the node, and any other goes as far as the session', async () => {
    const { ada, bob } = cast;
    const name = await group(ada);
    const sender = await inGroup(ada, name);
    const [near, far] = [await inGroup(ada, name), await inGroup(bob, name)];
    must(await sender.send('for all'));
    for (const socket of [near, far]) expect(await socket.text()).toBe('for all');
    must(await sender.ioctl(SIO_MULTICAST_SCOPE, 0));
    must(await sender.send('for this node'));
    expect(await near.text()).toBe('for this node');
    for (const scope of [1, 4]) {
      must(await sender.ioctl(SIO_MULTICAST_SCOPE, scope));
      must(await sender.send(`scope ${String(scope)}`));
      expect(await far.text()).toBe(`scope ${String(scope)}`);
      expect(await near.text()).toBe(`scope ${String(scope)}`);
    }
    expect(await unread(far)).toEqual([]);
  });
});

describe('session data', () => {
  it('[R157] of one session is never heard in another', async () => {
    const { ada, bob } = cast;
    const [first, second] = [await room(ada), await room(ada)];
    const here = await admitted(first.root, first.session, bob);
    const there = await admitted(second.root, second.session, bob);
    must(await first.root.send('here'));
    must(await second.root.send('there'));
    expect(await there.leaf.text()).toBe('there');
    expect(await here.leaf.text()).toBe('here');
    expect(await unread(here.leaf)).toEqual([]);
    expect(await unread(there.leaf)).toEqual([]);
  });

  it('[R157] of one session is never heard in the next one at the same address', async () => {
    const { ada, bob } = cast;
    const { session, root } = await room(ada);
    const old = await admitted(root, session, bob);
    must(await root.send('in the old one'));
    must(await root.close());
    await old.leaf.hears('FD_CLOSE');
    const next = await ada.root(session);
    must(await next.listen());
    must(await next.register(allEvents));
    const young = await admitted(next, session, bob);
    must(await next.send('in the new one'));
    expect(await young.leaf.text()).toBe('in the new one');
    expect(await old.leaf.text()).toBe('in the old one');
    expect(await old.leaf.receive()).toMatchObject(refused('WSAEDISCON'));
  });

  it('[R157] of a member that has not heard of the end is not heard in the next one', async () => {
    const { ada, bob, carol } = cast;
    const { session, root } = await room(ada);
    const { actor: eve, program } = await strangerWith();
    const { leaf: late } = await admitted(root, session, eve);
    const { leaf: old } = await admitted(root, session, bob);
    program.freeze();
    // What it is told first it does first when it wakes, as a rule: so it sends, and then hears of the end.
    const sending = late.send('from the old one');
    must(await root.close());
    await old.hears('FD_CLOSE');
    const next = await ada.root(session);
    must(await next.listen());
    must(await next.register(allEvents));
    const { leaf: young } = await admitted(next, session, carol);
    program.thaw();
    const sent = await sending;
    if (!sent.ok) expect(sent).toMatchObject(refused('WSAENOTCONN'));
    await late.hears('FD_CLOSE');
    must(await next.send('in the new one'));
    expect(await young.text()).toBe('in the new one');
    expect(await next.text()).toBe('in the new one');
    expect(await unread(young)).toEqual([]);
    await program.kill();
  });

  it('[R157] keeps the bits that the entry declares: messages stay whole and in order', async () => {
    const { ada } = cast;
    const flags = (await ada.entry(entry)).dwServiceFlags1;
    expect(flags & XP1.GUARANTEED_ORDER).not.toBe(0);
    expect(flags & XP1.MESSAGE_ORIENTED).not.toBe(0);
    expect(flags & XP1.GUARANTEED_DELIVERY).toBe(0);
    const { root, members } = await rooted();
    const texts = Array.from({ length: 200 }, (_, index) => `message ${String(index)}`);
    for (const text of texts) must(await root.send(text));
    for (const { leaf } of members) {
      for (const text of texts) expect(await leaf.text()).toBe(text);
    }
  });

  it('[R158] needs a socket that is joined', async () => {
    const { ada, bob } = cast;
    const { session, root } = await room(ada);
    const leaf = await bob.leaf();
    for (const socket of [leaf, await ada.socket('mp-conference', 0)]) {
      expect(await socket.send('m')).toMatchObject(refused('WSAENOTCONN'));
      expect(await socket.receive()).toMatchObject(refused('WSAENOTCONN'));
    }
    must(await leaf.register(allEvents));
    must(await leaf.join(session));
    expect(await leaf.send('m')).toMatchObject(refused('WSAENOTCONN'));
    expect(await leaf.receive()).toMatchObject(refused('WSAENOTCONN'));
    await root.hears('FD_ACCEPT');
    must(await root.accept());
    await leaf.hears('FD_CONNECT');
    expect(await leaf.send('m')).toMatchObject(done);
  });

  it('[R159] [R128] ends with WSAEDISCON when the end is graceful', async () => {
    const { root, members } = await rooted();
    const [{ leaf }] = members;
    must(await root.send('last words'));
    must(await root.close());
    expect(await leaf.text()).toBe('last words');
    await leaf.hears('FD_CLOSE');
    expect(await leaf.receive()).toMatchObject(refused('WSAEDISCON'));
    expect(await leaf.receive()).toMatchObject(refused('WSAEDISCON'));
  });

  it('[R159] [R142] ends with WSAECONNRESET when it is not', async () => {
    const { root, members } = await rooted();
    const [{ leaf }] = members;
    must(await root.setOption(SO_LINGER, { l_onoff: 1, l_linger: 0 }));
    must(await root.close());
    expect(await leaf.hears('FD_CLOSE')).toBe('WSAECONNRESET');
    expect(await leaf.receive()).toMatchObject(refused('WSAECONNRESET'));
  });

  it('[R160] is not for a leaf that has left, or was removed', async () => {
    const { root, members } = await rooted();
    const [gone, removed, stays] = members;
    must(await gone.leaf.shutdown(1));
    await gone.link.hears('FD_CLOSE');
    must(await removed.link.close());
    await removed.leaf.hears('FD_CLOSE');
    must(await root.send('for members'));
    expect(await stays.leaf.text()).toBe('for members');
    await fence(root, cast.carol);
    expect(await removed.leaf.receive()).toMatchObject(refused('WSAEDISCON'));
    expect(await gone.leaf.receive()).toMatchObject({ ok: false });
  });

  it('[H16] comes in messages that are not too long', async () => {
    const { root, members } = await rooted();
    const longest = new Uint8Array((await root.option(SO_MAX_MSG_SIZE)).is).fill(7);
    const tooLong = new Uint8Array(longest.length + 1);
    expect(await root.send(tooLong)).toMatchObject(refused('WSAEMSGSIZE'));
    must(await root.send(longest));
    const [{ leaf }] = members;
    await leaf.hears('FD_READ');
    expect(must(await leaf.receive({ bytesMax: longest.length })).bytes).toEqual(longest);
  });

  it('[H15] [E12] that a receiver has no room for is counted, and told to it once', async () => {
    const { ada, bob } = cast;
    const { session, root } = await room(ada, entry);
    const { leaf } = await admitted(root, session, bob, { entry });
    const witness = await admitted(root, session, bob, { entry });
    must(await leaf.setOption(SO_RCVBUF, { value: 1_000 }));
    for (let sent = 1; sent <= 10; sent += 1) must(await root.send(new Uint8Array(400)));
    must(await root.send('done'));
    for (let heard = 1; heard <= 10; heard += 1) await witness.leaf.text();
    expect(await witness.leaf.text()).toBe('done');
    const answers = [];
    for (;;) {
      const received = await leaf.receive();
      if (!received.ok && received.code === 'WSAEWOULDBLOCK') break;
      answers.push(received.ok ? 'data' : received.code);
    }
    expect(answers.filter((answer) => answer === 'WSAENOBUFS')).toHaveLength(1);
    expect(answers.filter((answer) => answer === 'data').length).toBeLessThan(11);
  });
});
