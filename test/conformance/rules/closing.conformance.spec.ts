import { describe, expect, it } from '@jest/globals';
import { done, must, refused } from '../cast/answer.js';
import { castOf, strangerWith } from '../cast/cast.js';
import { admitted, allEvents, fence, group, inGroup, invited, room } from '../cast/scenes.js';
import type { Sock } from '../cast/sock.js';
import { bytesOf } from '../cast/structures.js';
import { FD, SD_BOTH, SD_RECEIVE, SD_SEND, SO_LINGER } from '../winsock.js';

const cast = castOf('ada', 'bob', 'carol');

const entry = 'mp-rooted';
const names = (recorded: readonly { readonly event: string }[]) =>
  recorded.map(({ event }) => event);
const closings = async (socket: Sock) =>
  names(await socket.recorded()).filter((event) => event === 'FD_CLOSE');

/** A session with a member of each kind: one that asked, and one that was invited. */
async function populated() {
  const { ada, bob, carol } = cast;
  const { session, root } = await room(ada, entry);
  const asked = await admitted(root, session, bob, { entry });
  const guest = await invited(root, carol, { entry });
  return { session, root, asked, guest };
}

describe('closing the c_root', () => {
  it('[R131] [R133] is FD_CLOSE at every link and every leaf, once, and at no other socket', async () => {
    const { root, asked, guest } = await populated();
    const ends = [asked.link, asked.leaf, guest.link, guest.leaf];
    must(await root.close());
    for (const end of ends) expect(await end.hears('FD_CLOSE')).toBeNull();
    const { root: other } = await room(cast.ada);
    for (const actor of Object.values(cast)) await fence(other, actor);
    for (const end of [...ends, guest.listener]) expect(await closings(end)).toEqual([]);
    expect(await root.enumerate()).toMatchObject(refused('WSAENOTSOCK'));
  });

  it('[R139] fails the requests that wait for it', async () => {
    const { ada, bob } = cast;
    const { session, root } = await room(ada);
    const leaf = await bob.leaf();
    must(await leaf.register(allEvents));
    must(await leaf.join(session));
    await root.hears('FD_ACCEPT');
    must(await root.close());
    expect(['WSAECONNREFUSED', 'WSAECONNRESET']).toContain(await leaf.hears('FD_CONNECT'));
  });

  it('[R139] [R87] takes back the invitation that nobody has accepted', async () => {
    const { ada, bob } = cast;
    const { root } = await room(ada);
    const listener = await bob.listener();
    must(await listener.register(allEvents));
    must(await root.join(listener.address));
    await listener.hears('FD_ACCEPT');
    must(await root.close());
    await eventuallyRefused(listener, ['WSAEACCES', 'WSAECONNRESET']);
  });

  it('[R141] [R128] delivers what was sent before', async () => {
    const { root, asked, guest } = await populated();
    for (const text of ['one', 'two', 'three']) must(await root.send(text));
    must(await root.close());
    for (const { leaf } of [asked, guest]) {
      for (const text of ['one', 'two', 'three']) expect(await leaf.text()).toBe(text);
      expect(await leaf.hears('FD_CLOSE')).toBeNull();
    }
  });
});

describe('shutting the c_root down', () => {
  it.each([
    ['SD_SEND', SD_SEND],
    ['SD_BOTH', SD_BOTH],
  ])('[R132] [A30] with %s is FD_CLOSE at every end, and keeps the descriptor', async (_, how) => {
    const { session, root, asked, guest } = await populated();
    expect(await root.shutdown(how)).toMatchObject(done);
    for (const end of [asked.link, asked.leaf, guest.link, guest.leaf]) {
      expect(await end.hears('FD_CLOSE')).toBeNull();
    }
    expect(await root.localName()).toBe(session);
    expect(await root.send('m')).toMatchObject(refused('WSAESHUTDOWN'));
    expect(await root.close()).toMatchObject(done);
    expect(await root.close()).toMatchObject(refused('WSAENOTSOCK'));
  });

  it('[R144] [R143] with SD_RECEIVE is nobody else’s business', async () => {
    const { root, asked, guest } = await populated();
    expect(await root.shutdown(SD_RECEIVE)).toMatchObject(done);
    for (const actor of Object.values(cast)) await fence(root, actor);
    for (const end of [asked.link, asked.leaf, guest.link, guest.leaf]) {
      expect(await closings(end)).toEqual([]);
    }
    expect(await root.receive()).toMatchObject(refused('WSAESHUTDOWN'));
    must(await root.send('still here'));
    expect(await asked.leaf.text()).toBe('still here');
  });
});

describe('a root that is lost', () => {
  it('[R135] [R127] breaks its session up: every leaf hears WSAECONNABORTED, and nobody joins any more', async () => {
    const { bob, carol } = cast;
    const { actor: eve, program } = await strangerWith({ boundMs: 1_000 });
    const { session, root } = await room(eve);
    const [asked, guest] = [await admitted(root, session, bob), await invited(root, carol)];
    await program.kill();
    expect(await asked.leaf.hears('FD_CLOSE')).toBe('WSAECONNABORTED');
    expect(await guest.leaf.hears('FD_CLOSE')).toBe('WSAECONNABORTED');
    const late = await bob.leaf();
    expect(await late.join(session)).toMatchObject(refused('WSAECONNREFUSED'));
  });
});

describe('a leaf that closes', () => {
  it('[R136] [R133] [R138] is heard of at its link, and there alone', async () => {
    const { root, asked, guest } = await populated();
    must(await asked.leaf.close());
    expect(await asked.link.hears('FD_CLOSE')).toBeNull();
    for (const actor of Object.values(cast)) await fence(root, actor);
    for (const end of [root, asked.link, guest.link, guest.leaf, guest.listener]) {
      expect(await closings(end)).toEqual([]);
    }
  });

  it('[R134] does not end the session', async () => {
    const { session, root, asked, guest } = await populated();
    must(await asked.leaf.close());
    await asked.link.hears('FD_CLOSE');
    must(await guest.leaf.close());
    await guest.link.hears('FD_CLOSE');
    const late = await admitted(root, session, cast.bob, { entry });
    must(await root.send('it goes on'));
    expect(await late.leaf.text()).toBe('it goes on');
  });
});

describe('a root that closes a link', () => {
  it('[R137] [R133] is heard of at the leaf, and changes nothing else', async () => {
    const { session, root, asked, guest } = await populated();
    must(await asked.link.close());
    expect(await asked.leaf.hears('FD_CLOSE')).toBeNull();
    for (const actor of Object.values(cast)) await fence(root, actor);
    for (const end of [root, guest.link, guest.leaf]) expect(await closings(end)).toEqual([]);
    must(await root.send('for who is left'));
    expect(await guest.leaf.text()).toBe('for who is left');
    await admitted(root, session, cast.bob, { entry });
  });
});

describe('close', () => {
  it('[R140] ends calls that are blocked on the socket', async () => {
    const { bob } = cast;
    const listener = await bob.listener();
    const blocked = listener.accept();
    const closing = listener.in(await bob.thread());
    must(await closing.close());
    expect(await blocked).toMatchObject({ ok: false });
    expect(await listener.accept()).toMatchObject(refused('WSAENOTSOCK'));
  });

  it('[R140] ends its registration: nothing more is recorded', async () => {
    const { ada, bob } = cast;
    const { root } = await room(ada);
    const listener = await bob.listener();
    must(await listener.register(FD.FD_ACCEPT));
    must(await listener.close());
    must(await root.join(listener.address));
    expect(await root.hears('FD_CONNECT')).toBe('WSAECONNREFUSED');
    await fence(root, bob);
    expect(await listener.event.property('isSet')).toBe(false);
  });

  it('[R142] [A16] with no time to linger is abortive: the other side hears a reset', async () => {
    const { asked, guest } = await populated();
    must(await asked.leaf.setOption(SO_LINGER, { l_onoff: 1, l_linger: 0 }));
    must(await asked.leaf.close());
    expect(await asked.link.hears('FD_CLOSE')).toBe('WSAECONNRESET');
    must(await guest.link.setOption(SO_LINGER, { l_onoff: 1, l_linger: 0 }));
    must(await guest.link.close());
    expect(await guest.leaf.hears('FD_CLOSE')).toBe('WSAECONNRESET');
  });

  it('[R142] [R131] of a root without time to linger is a reset for everybody', async () => {
    const { root, asked, guest } = await populated();
    must(await root.setOption(SO_LINGER, { l_onoff: 1, l_linger: 0 }));
    must(await root.close());
    for (const { leaf } of [asked, guest]) {
      expect(await leaf.hears('FD_CLOSE')).toBe('WSAECONNRESET');
    }
  });

  it('[R142] with time to linger answers WSAEWOULDBLOCK on a nonblocking socket, and changes nothing', async () => {
    const { root, asked } = await populated();
    must(await asked.leaf.setOption(SO_LINGER, { l_onoff: 1, l_linger: 5 }));
    // As long as something that was sent is on its way.
    const { actor, descriptor } = asked.leaf;
    const [sending, closing] = await actor.together([
      actor.later('WSPSend', descriptor, [bytesOf('on its way')], 1, { value: 0 }, 0),
      actor.later('WSPCloseSocket', descriptor),
    ]);
    expect(sending).toMatchObject(done);
    expect(closing).toMatchObject(refused('WSAEWOULDBLOCK'));
    expect(await root.text()).toBe('on its way');
    await fence(root, cast.ada);
    expect(await closings(asked.link)).toEqual([]);
    must(await root.send('undisturbed'));
    expect(await asked.leaf.text()).toBe('undisturbed');
  });
});

describe('shutdown', () => {
  it('[R143] needs a socket that is joined', async () => {
    const { ada, bob } = cast;
    const leaf = await bob.leaf();
    const unbound = await ada.socket('mp-conference', 0x12);
    const plain = await ada.socket('mp-conference', 0);
    for (const socket of [leaf, unbound, plain]) {
      for (const how of [SD_RECEIVE, SD_SEND, SD_BOTH]) {
        expect(await socket.shutdown(how)).toMatchObject(refused('WSAENOTCONN'));
      }
    }
  });

  it.each([3, -1, 0.5, 100])('[R143] knows no way %d', async (how) => {
    const { root, asked } = await populated();
    expect(await asked.leaf.shutdown(how)).toMatchObject(refused('WSAEINVAL'));
    expect(await root.shutdown(how)).toMatchObject(refused('WSAEINVAL'));
  });

  it('[R143] with SD_SEND ends a membership, and sending answers WSAESHUTDOWN', async () => {
    const { asked } = await populated();
    must(await asked.leaf.shutdown(SD_SEND));
    expect(await asked.leaf.send('m')).toMatchObject(refused('WSAESHUTDOWN'));
    expect(await asked.link.hears('FD_CLOSE')).toBeNull();
    expect(await asked.leaf.close()).toMatchObject(done);
  });

  it('[R143] [R144] with SD_RECEIVE ends receiving alone', async () => {
    const { root, asked } = await populated();
    must(await asked.leaf.shutdown(SD_RECEIVE));
    expect(await asked.leaf.receive()).toMatchObject(refused('WSAESHUTDOWN'));
    must(await asked.leaf.send('I can speak'));
    expect(await root.text()).toBe('I can speak');
    await fence(root, cast.ada);
    expect(await closings(asked.link)).toEqual([]);
  });

  it('[R143] with SD_BOTH ends both', async () => {
    const member = await inGroup(cast.ada, await group(cast.ada));
    must(await member.shutdown(SD_BOTH));
    expect(await member.send('m')).toMatchObject(refused('WSAESHUTDOWN'));
    expect(await member.receive()).toMatchObject(refused('WSAESHUTDOWN'));
  });
});

/** Tries until what was offered is withdrawn: before that, accepting would succeed, so it only looks. */
async function eventuallyRefused(listener: Sock, codes: readonly string[]): Promise<void> {
  // Of another session, but at the same listener: what this one was told comes first or is answered by the arbiter.
  const answer = await listener.accept();
  if (answer.ok) {
    // The third history that is legal: accepted, and closed at once.
    expect(await answer.socket.hears('FD_CLOSE')).toBeNull();
    return;
  }
  expect(codes).toContain(answer.code);
}
