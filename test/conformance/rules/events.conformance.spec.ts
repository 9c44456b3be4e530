import { describe, expect, it } from '@jest/globals';
import { done, must, refused } from '../cast/answer.js';
import { castOf, fresh, strangerWith } from '../cast/cast.js';
import { admitted, allEvents, connected, fence, governed, invited, room } from '../cast/scenes.js';
import { bytesOf } from '../cast/structures.js';
import { CF_REJECT, FD, SO_SNDBUF } from '../winsock.js';

const cast = castOf('ada', 'bob', 'carol');

const names = (recorded: readonly { readonly event: string }[]) =>
  recorded.map(({ event }) => event);
const entry = 'mp-rooted';

describe('a registration', () => {
  it('[R117] lets be recorded what it nominates, and nothing else', async () => {
    const { ada, bob } = cast;
    const session = fresh('room');
    const root = await ada.root(session);
    must(await root.listen());
    must(await root.register(FD.FD_CONNECT | FD.FD_CLOSE));
    const leaf = await bob.leaf();
    must(await leaf.setBlocking(false));
    must(await leaf.join(session));
    await fence(root, ada);
    expect(await root.recorded()).toEqual([]);
    expect(await root.event.property('isSet')).toBe(false);
  });

  it('[R117] has to be there: without one, nothing is recorded', async () => {
    const { ada, bob } = cast;
    const session = fresh('room');
    const root = await ada.root(session);
    must(await root.listen());
    must(await root.setBlocking(false));
    const leaf = await bob.leaf();
    must(await leaf.setBlocking(false));
    must(await leaf.join(session));
    await fence(root, ada);
    expect(await root.enumerate()).toMatchObject({ lNetworkEvents: 0 });
  });

  it('[R118] replaces the one before, and clears what was recorded', async () => {
    const { ada, bob } = cast;
    const { session, root } = await room(ada, entry);
    const { leaf } = await admitted(root, session, bob, { entry });
    must(await root.send('news'));
    await leaf.event.call('wait', 9_000);
    await fence(root, bob);
    must(await leaf.register(FD.FD_CLOSE));
    expect(await leaf.recorded()).toEqual([]);
    must(await leaf.register(0));
    must(await root.close());
    await fence((await room(ada)).root, bob);
    expect(await leaf.recorded()).toEqual([]);
  });

  it('[A18] does not repeat what was read', async () => {
    const { ada, bob } = cast;
    const { session, root } = await room(ada);
    const leaf = await bob.leaf();
    must(await leaf.setBlocking(false));
    must(await leaf.join(session));
    expect(await root.hears('FD_ACCEPT')).toBeNull();
    must(await root.register(FD.FD_ACCEPT));
    expect(await root.recorded()).toEqual([]);
  });

  it('[R119] [A18] records at once what is the case: a request that waits', async () => {
    const { ada, bob } = cast;
    const session = fresh('room');
    const root = await ada.root(session);
    must(await root.listen());
    must(await root.setBlocking(false));
    const leaf = await bob.leaf();
    must(await leaf.setBlocking(false));
    must(await leaf.join(session));
    await fence(root, ada);
    must(await root.register(FD.FD_ACCEPT));
    expect(await root.event.property('isSet')).toBe(true);
    expect(await root.recorded()).toEqual([{ event: 'FD_ACCEPT', code: null }]);
  });

  it('[R119] records at once what is the case: an outcome, an end, data that waits', async () => {
    const { ada, bob } = cast;
    const { session, root } = await room(ada, entry);
    const leaf = await bob.leaf(entry);
    const joining = leaf.join(session);
    await root.hears('FD_ACCEPT');
    const { socket: link } = must(await root.accept());
    must(await joining);
    must(await leaf.register(FD.FD_CONNECT));
    expect(await leaf.recorded()).toEqual([{ event: 'FD_CONNECT', code: null }]);
    must(await leaf.register(0));
    must(await root.send('before the end'));
    must(await link.close());
    await fence(root, bob);
    must(await leaf.register(FD.FD_READ | FD.FD_CLOSE));
    expect(await leaf.recorded()).toEqual([
      { event: 'FD_READ', code: null },
      { event: 'FD_CLOSE', code: null },
    ]);
    expect(await leaf.text()).toBe('before the end');
  });
});

describe('enumerating', () => {
  it('[R120] answers, clears and resets in one step', async () => {
    const { ada, bob } = cast;
    const { session, root } = await room(ada);
    const leaf = await bob.leaf();
    must(await leaf.register(allEvents));
    must(await leaf.join(session));
    await root.event.call('wait', 9_000);
    expect(await root.enumerate(root.event)).toMatchObject({ lNetworkEvents: FD.FD_ACCEPT });
    expect(await root.event.property('isSet')).toBe(false);
    expect(await root.enumerate(root.event)).toMatchObject({ lNetworkEvents: 0 });
  });

  it('[R120] leaves the object alone when it is not named, and everything on an error', async () => {
    const { ada, bob } = cast;
    const { session, root } = await room(ada);
    const leaf = await bob.leaf();
    must(await leaf.register(allEvents));
    must(await leaf.join(session));
    await root.event.call('wait', 9_000);
    expect(await root.call('WSPEnumNetworkEvents', root.event, null)).toMatchObject(
      refused('WSAEFAULT'),
    );
    expect(await root.event.property('isSet')).toBe(true);
    expect(await root.enumerate(null)).toMatchObject({ lNetworkEvents: FD.FD_ACCEPT });
    expect(await root.event.property('isSet')).toBe(true);
  });

  it('[R120] loses nothing and repeats nothing while events come', async () => {
    const { ada, bob } = cast;
    const { session, root } = await room(ada);
    const rounds = 20;
    must(await root.listen(rounds));
    const leaves = await Promise.all(Array.from({ length: rounds }, () => bob.leaf()));
    for (const leaf of leaves) must(await leaf.setBlocking(false));
    const asking = leaves.map((leaf) => leaf.join(session));
    for (let round = 1; round <= rounds; round += 1) {
      expect(await root.hears('FD_ACCEPT')).toBeNull();
      must(await root.accept());
    }
    await Promise.all(asking);
    await fence(root, ada);
    expect(await root.recorded()).toEqual([]);
  });

  it('[R121] writes the error slots of what it reports, and no other', async () => {
    const { ada, bob } = cast;
    const { session, root } = await room(ada);
    must(await root.register(allEvents));
    const { link } = await admitted(root, session, bob);
    await fence(root, ada);
    const untouched = 0xabab;
    const seen = await link.enumerate(null, untouched);
    expect(seen.lNetworkEvents).toBe(FD.FD_WRITE);
    expect(seen.iErrorCode[1]).toBe(0);
    expect(seen.iErrorCode.filter((_, slot) => slot !== 1)).toEqual(
      Array.from({ length: 9 }, () => untouched),
    );
  });
});

describe('an event that was recorded', () => {
  it('[R122] FD_ACCEPT is not recorded again before accept is called', async () => {
    const { ada, bob, carol } = cast;
    const { session, root } = await room(ada);
    const [first, second] = [await bob.leaf(), await carol.leaf()];
    for (const leaf of [first, second]) must(await leaf.setBlocking(false));
    must(await first.join(session));
    expect(await root.hears('FD_ACCEPT')).toBeNull();
    must(await second.join(session));
    await fence(root, ada);
    expect(await root.recorded()).toEqual([]);
    must(await root.accept());
    expect(await root.recorded()).toEqual([{ event: 'FD_ACCEPT', code: null }]);
  });

  it('[R122] [R123] FD_READ is not recorded again before a receive, and then while more waits', async () => {
    const { ada, bob } = cast;
    const { session, root } = await room(ada, entry);
    const { leaf } = await admitted(root, session, bob, { entry });
    const witness = await admitted(root, session, bob, { entry });
    must(await root.send('one'));
    expect(await leaf.hears('FD_READ')).toBeNull();
    must(await root.send('two'));
    expect(await witness.leaf.text()).toBe('one');
    expect(await witness.leaf.text()).toBe('two');
    expect(names(await leaf.recorded())).not.toContain('FD_READ');
    must(await leaf.receive());
    expect(names(await leaf.recorded())).toContain('FD_READ');
    must(await leaf.receive());
    expect(names(await leaf.recorded())).not.toContain('FD_READ');
  });

  it('[A17] FD_READ is not recorded again by a receive whose arguments are refused', async () => {
    const { ada, bob } = cast;
    const { session, root } = await room(ada, entry);
    const { leaf } = await admitted(root, session, bob, { entry });
    const witness = await admitted(root, session, bob, { entry });
    must(await root.send('one'));
    await leaf.hears('FD_READ');
    must(await root.send('two'));
    for (const text of ['one', 'two']) expect(await witness.leaf.text()).toBe(text);
    const none = await leaf.call('WSPRecv', null, 1, { value: 0 }, { value: 0 });
    expect(none).toMatchObject(refused('WSAEFAULT'));
    expect(names(await leaf.recorded())).not.toContain('FD_READ');
    must(await leaf.receive());
    expect(names(await leaf.recorded())).toContain('FD_READ');
  });

  it('[R123] FD_ACCEPT is recorded again by accept while another request waits', async () => {
    const { ada, bob, carol } = cast;
    const { session, root } = await room(ada);
    for (const actor of [bob, carol]) {
      const leaf = await actor.leaf();
      must(await leaf.setBlocking(false));
      must(await leaf.join(session));
    }
    await fence(root, ada);
    expect(names(await root.recorded())).toEqual(['FD_ACCEPT']);
    must(await root.accept());
    expect(names(await root.recorded())).toEqual(['FD_ACCEPT']);
    must(await root.accept());
    expect(names(await root.recorded())).toEqual([]);
  });

  it('[R124] FD_WRITE comes with the connection, and not with sends that succeed', async () => {
    const { ada, bob } = cast;
    const { session, root } = await room(ada, entry);
    const { leaf } = await admitted(root, session, bob, { entry });
    expect(await leaf.hears('FD_WRITE')).toBeNull();
    for (const text of ['one', 'two', 'three']) must(await leaf.send(text));
    for (const text of ['one', 'two', 'three']) expect(await root.text()).toBe(text);
    expect(names(await leaf.recorded())).not.toContain('FD_WRITE');
  });

  it('[R124] FD_WRITE comes again when room came back after WSAEWOULDBLOCK', async () => {
    const { ada, bob } = cast;
    const { session, root } = await room(ada, entry);
    const { leaf } = await admitted(root, session, bob, { entry });
    must(await leaf.setOption(SO_SNDBUF, { value: 1_000 }));
    await leaf.hears('FD_WRITE');
    const { actor, descriptor } = leaf;
    const send = () =>
      actor.later('WSPSend', descriptor, [bytesOf(new Uint8Array(600))], 1, { value: 0 }, 0);
    const answers = await actor.together([send(), send(), send()]);
    expect(answers).toMatchObject([done, refused('WSAEWOULDBLOCK'), refused('WSAEWOULDBLOCK')]);
    expect(await leaf.hears('FD_WRITE')).toBeNull();
    expect(await leaf.send('room again')).toMatchObject(done);
  });

  it('[R125] [A11] FD_CONNECT comes once for each join of a root', async () => {
    const { ada, bob } = cast;
    const { root } = await room(ada);
    for (let join = 1; join <= 3; join += 1) await invited(root, bob);
    must(await root.join(bob.address()));
    expect(await root.hears('FD_CONNECT')).toBe('WSAECONNREFUSED');
    await fence(root, ada);
    expect(names(await root.recorded())).not.toContain('FD_CONNECT');
  });

  it('[A10] FD_CONNECT that nobody read gives way to the next one', async () => {
    const { ada, bob } = cast;
    const { root } = await room(ada);
    const listener = await bob.listener();
    must(await root.join(listener.address));
    must(await listener.accept());
    const other = await bob.listener();
    must(await root.join(other.address));
    await other.accept({ condition: { decide: CF_REJECT } });
    await fence(root, ada);
    const codes = (await root.recorded()).filter(({ event }) => event === 'FD_CONNECT');
    expect(codes).toEqual([{ event: 'FD_CONNECT', code: 'WSAECONNREFUSED' }]);
  });
});

describe('the codes of events', () => {
  it('[R126] of FD_CONNECT are none, or one of the texts', async () => {
    const { ada, bob } = cast;
    const legal = ['WSAECONNREFUSED', 'WSAENETUNREACH', 'WSAENOBUFS', 'WSAETIMEDOUT'];
    const { root } = await governed(ada, { joinDeadlineMs: 200 });
    const codes = [];
    must(await root.join(bob.address()));
    codes.push(await root.hears('FD_CONNECT'));
    const listener = await bob.listener();
    must(await root.join(listener.address));
    codes.push(await root.hears('FD_CONNECT'));
    const other = await bob.listener();
    must(await root.join(other.address));
    await other.accept({ condition: { decide: CF_REJECT } });
    codes.push(await root.hears('FD_CONNECT'));
    await invited(root, bob);
    expect(codes).toEqual(['WSAECONNREFUSED', 'WSAETIMEDOUT', 'WSAECONNREFUSED']);
    for (const code of codes) expect(legal).toContain(code);
  });

  it('[R127] of FD_CLOSE are none for an orderly end, WSAECONNABORTED for a program that died', async () => {
    const { ada, bob } = cast;
    const { session, root } = await room(ada);
    const orderly = await admitted(root, session, bob);
    must(await orderly.leaf.close());
    expect(await orderly.link.hears('FD_CLOSE')).toBeNull();

    const { actor: eve, program } = await strangerWith({ boundMs: 1_000 });
    const { link } = await admitted(root, session, eve);
    await program.kill();
    expect(await link.hears('FD_CLOSE')).toBe('WSAECONNABORTED');
  });
});

describe('FD_CLOSE', () => {
  it('[R128] [A15] leaves what was sent before to be read', async () => {
    const { ada, bob } = cast;
    const { session, root } = await room(ada, entry);
    const { leaf } = await admitted(root, session, bob, { entry });
    must(await root.send('first'));
    must(await root.send('second'));
    must(await root.close());
    expect(await leaf.hears('FD_CLOSE')).toBeNull();
    expect(await leaf.text()).toBe('first');
    expect(await leaf.text()).toBe('second');
    expect(await leaf.receive()).toMatchObject(refused('WSAEDISCON'));
    expect(names(await leaf.recorded())).not.toContain('FD_CLOSE');
  });

  it('[R129] is reported once, and a new registration does not repeat it', async () => {
    const { ada, bob } = cast;
    const { session, root } = await room(ada);
    const { leaf, link } = await admitted(root, session, bob);
    must(await link.close());
    expect(await leaf.hears('FD_CLOSE')).toBeNull();
    must(await leaf.register(allEvents));
    await fence(root, bob);
    expect(names(await leaf.recorded())).not.toContain('FD_CLOSE');
  });

  it('[R130] sets the object that several sockets share, and is recorded at one of them', async () => {
    const { ada, bob } = cast;
    const { session, root } = await room(ada);
    const [one, other] = [await admitted(root, session, bob), await admitted(root, session, bob)];
    for (const socket of [root, one.link, other.link]) await socket.recorded();
    must(await one.leaf.close());
    expect(await root.event.call('wait', 9_000)).toBe(true);
    expect(names(await root.recorded())).toEqual([]);
    expect(names(await other.link.recorded())).toEqual([]);
    expect(names(await one.link.recorded())).toEqual(['FD_CLOSE']);
  });
});

describe('WSPAsyncSelect', () => {
  it('[R117] [R122] tells the program instead of an event object', async () => {
    const { ada, bob } = cast;
    const session = fresh('room');
    const root = await ada.root(session);
    must(await root.listen());
    const messages = await ada.messages();
    must(await root.asyncSelect(messages, FD.FD_ACCEPT | FD.FD_CLOSE));
    const leaf = await bob.leaf();
    must(await leaf.register(allEvents));
    must(await leaf.join(session));
    await fence(root, ada);
    expect(await messages.property('told')).toEqual([
      { socket: root.descriptor, event: FD.FD_ACCEPT, error: 0 },
    ]);
    const { socket: link } = must(await root.accept());
    await connected(leaf);
    must(await leaf.close());
    await fence(root, ada);
    expect(await messages.property('told')).toEqual([
      { socket: root.descriptor, event: FD.FD_ACCEPT, error: 0 },
      { socket: link.descriptor, event: FD.FD_CLOSE, error: 0 },
    ]);
  });
});
