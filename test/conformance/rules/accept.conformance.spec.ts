import { describe, expect, it } from '@jest/globals';
import type { Actor } from '../cast/actor.js';
import { done, must, refused } from '../cast/answer.js';
import { castOf, fresh } from '../cast/cast.js';
import { admitted, allEvents, connected, fence, governed, invited, room } from '../cast/scenes.js';
import type { JoinWish, Sock } from '../cast/sock.js';
import { flow, qos } from '../cast/structures.js';
import { CF_ACCEPT, CF_DEFER, CF_REJECT, FD } from '../winsock.js';

const cast = castOf('ada', 'bob', 'carol');

/** A leaf that has asked; its call is on record. */
async function asking(actor: Actor, session: string, wish: JoinWish = {}): Promise<Sock> {
  const leaf = await actor.leaf();
  must(await leaf.register(allEvents));
  must(await leaf.join(session, wish));
  return leaf;
}

/** Two leaves that ask, of which the first is the first. The root has heard of both. */
async function twoAsking(root: Sock, session: string): Promise<readonly [Sock, Sock]> {
  const leaves = [await asking(cast.bob, session), await asking(cast.carol, session)] as const;
  await root.event.call('wait', 9_000);
  await fence(root, cast.ada);
  return leaves;
}

describe('accept', () => {
  it('[R80] [R25] takes the oldest request, and asks its condition function once', async () => {
    const { ada } = cast;
    const { session, root } = await room(ada);
    const [first] = await twoAsking(root, session);
    const accepted = must(
      await root.accept({ condition: { decide: CF_ACCEPT }, callbackData: 4_711 }),
    );
    expect(accepted.sights).toHaveLength(1);
    const [sight] = accepted.sights;
    expect(sight?.callerId).toMatchObject({ sa_data: await first.localName() });
    expect(await first.hears('FD_CONNECT')).toBeNull();
  });

  it('[R81] with CF_ACCEPT returns a new socket', async () => {
    const { ada, bob } = cast;
    const { session, root } = await room(ada);
    const leaf = await asking(bob, session);
    await root.hears('FD_ACCEPT');
    const accepted = must(await root.accept({ condition: { decide: CF_ACCEPT } }));
    expect(accepted.socket.descriptor).not.toBe(root.descriptor);
    await connected(leaf);
  });

  it('[R82] [E8] with CF_REJECT fails, drops the request, and its caller hears WSAECONNREFUSED', async () => {
    const { ada } = cast;
    const { session, root } = await room(ada);
    const [first, second] = await twoAsking(root, session);
    const sockets = await ada.socketCount();
    expect(await root.accept({ condition: { decide: CF_REJECT } })).toMatchObject(
      refused('WSAECONNREFUSED'),
    );
    expect(await ada.socketCount()).toBe(sockets);
    expect(await first.hears('FD_CONNECT')).toBe('WSAECONNREFUSED');
    must(await root.accept());
    await connected(second);
    expect(await root.accept()).toMatchObject(refused('WSAEWOULDBLOCK'));
  });

  it('[R83] [E21] with CF_DEFER answers WSATRY_AGAIN and leaves the request in front', async () => {
    const { ada } = cast;
    const { session, root } = await room(ada);
    const [first, second] = await twoAsking(root, session);
    expect(await root.accept({ condition: { decide: CF_DEFER } })).toMatchObject(
      refused('WSATRY_AGAIN'),
    );
    expect(await first.join(session)).toMatchObject(refused('WSAEALREADY'));
    await fence(root, cast.bob);
    expect(await first.recorded()).toEqual([]);
    must(await root.accept());
    await connected(first);
    must(await root.accept());
    await connected(second);
  });

  it('[R84] [R91] [A19] announces nobody while a deferred request is in front', async () => {
    const { ada, bob, carol } = cast;
    const { session, root } = await room(ada);
    await asking(bob, session);
    await root.hears('FD_ACCEPT');
    await root.accept({ condition: { decide: CF_DEFER } });
    await asking(carol, session);
    await fence(root, ada);
    expect(await root.recorded()).toEqual([]);
    must(await root.accept());
    expect(await root.hears('FD_ACCEPT')).toBeNull();
  });

  it('[R84] announces nobody to a new registration either', async () => {
    const { ada, bob, carol } = cast;
    const session = fresh('room');
    const root = await ada.root(session);
    must(await root.listen());
    must(await root.setBlocking(false));
    await asking(bob, session);
    await fence(root, ada);
    await root.accept({ condition: { decide: CF_DEFER } });
    await asking(carol, session);
    await fence(root, ada);
    must(await root.register(FD.FD_ACCEPT));
    expect(await root.recorded()).toEqual([]);
    must(await root.accept());
    expect(await root.recorded()).toEqual([{ event: 'FD_ACCEPT', code: null }]);
  });

  it('[R85] takes no other answer of a condition function, and the request waits on', async () => {
    const { ada, bob } = cast;
    const { session, root } = await room(ada);
    const leaf = await asking(bob, session);
    await root.hears('FD_ACCEPT');
    for (const decide of [7, -1, 0.5]) {
      expect(await root.accept({ condition: { decide } })).toMatchObject(refused('WSAEINVAL'));
    }
    must(await root.accept());
    await connected(leaf);
  });

  it('[R86] needs a socket that listens', async () => {
    const { ada } = cast;
    expect(await (await ada.leaf()).accept()).toMatchObject(refused('WSAEINVAL'));
    const root = await ada.root(fresh('room'));
    expect(await root.accept()).toMatchObject(refused('WSAEINVAL'));
  });

  it('[R86] of an empty queue answers WSAEWOULDBLOCK, or waits on a socket that blocks', async () => {
    const { ada, bob } = cast;
    const session = fresh('room');
    const root = await ada.root(session);
    must(await root.listen());
    const waiting = root.accept();
    const leaf = await asking(bob, session);
    expect(await waiting).toMatchObject(done);
    await connected(leaf);
    must(await root.setBlocking(false));
    expect(await root.accept()).toMatchObject(refused('WSAEWOULDBLOCK'));
  });

  it('[R87] [E20] of a request that was withdrawn fails', async () => {
    const { ada, bob } = cast;
    const { session, root } = await room(ada);
    const leaf = await asking(bob, session);
    await root.hears('FD_ACCEPT');
    must(await leaf.close());
    await fence(root, ada);
    expect(await root.accept()).toMatchObject(refused('WSAEACCES'));
    // And once only: then there is nobody.
    expect(await root.accept()).toMatchObject(refused('WSAEWOULDBLOCK'));
  });

  it('[R87] [R145] [E20] of an invitation that was taken back fails', async () => {
    const { ada, bob } = cast;
    const { root } = await room(ada);
    const listener = await bob.listener();
    must(await listener.register(FD.FD_ACCEPT));
    const { socket: link } = must(await root.join(listener.address));
    await listener.hears('FD_ACCEPT');
    must(await link.close());
    await fence(root, bob);
    expect(await listener.accept()).toMatchObject(refused('WSAEACCES'));
  });

  it('[R87] [E20] of an invitation that came too late fails', async () => {
    const { ada, bob } = cast;
    const { root } = await governed(ada, { joinDeadlineMs: 300 });
    const listener = await bob.listener();
    must(await listener.register(FD.FD_ACCEPT));
    must(await root.join(listener.address));
    await listener.hears('FD_ACCEPT');
    expect(await root.hears('FD_CONNECT')).toBe('WSAETIMEDOUT');
    await fence(root, bob);
    expect(await listener.accept()).toMatchObject(refused('WSAEACCES'));
  });

  it('[R88] returns a socket that cannot accept, and the listener goes on', async () => {
    const { ada, bob } = cast;
    const { session, root } = await room(ada);
    const { link } = await admitted(root, session, bob);
    expect(await link.accept()).toMatchObject(refused('WSAEINVAL'));
    const { leaf } = await invited(root, bob);
    expect(await leaf.accept()).toMatchObject(refused('WSAEINVAL'));
    await admitted(root, session, bob);
  });
});

describe('a condition function', () => {
  it('[R89] [R92] [R100] sees who calls, with what data and what flow, and the value of its program', async () => {
    const { ada, bob } = cast;
    const { session, root } = await room(ada);
    const callerData = Uint8Array.of(0, 255, 10, 13, 0, 128);
    const wanted = qos(flow(8_000), flow(64_000, { PeakBandwidth: 128_000 }));
    const leaf = await asking(bob, session, { callerData, qos: wanted });
    await root.hears('FD_ACCEPT');
    const condition = { decide: CF_ACCEPT };
    const { sights } = must(await root.accept({ condition, callbackData: 0x1234_5678 }));
    const [sight] = sights;
    expect(sight?.callerId).toMatchObject({ sa_data: await leaf.localName() });
    expect(sight?.callerData).toEqual(callerData);
    expect(sight?.sqos).toMatchObject({
      SendingFlowspec: wanted.SendingFlowspec,
      ReceivingFlowspec: wanted.ReceivingFlowspec,
    });
    expect(sight?.calleeId).toMatchObject({ sa_data: session });
    expect(sight?.calleeCapacity).toBeGreaterThan(0);
    expect(sight?.callbackData).toBe(0x1234_5678);
  });

  it('[R89] [R93] sees null where there is nothing', async () => {
    const { ada, bob } = cast;
    const { session, root } = await room(ada);
    await asking(bob, session);
    await root.hears('FD_ACCEPT');
    const { sights } = must(await root.accept({ condition: { decide: CF_ACCEPT } }));
    expect(sights[0]).toMatchObject({ callerData: null, sqos: null, gqos: null });
  });

  it('[R89] sees the root that invites', async () => {
    const { ada, bob } = cast;
    const { root } = await room(ada);
    const listener = await bob.listener();
    must(await root.join(listener.address, { callerData: Uint8Array.of(1, 2, 3) }));
    const condition = { decide: CF_ACCEPT };
    const { sights } = must(await listener.accept({ condition }));
    expect(sights[0]).toMatchObject({
      callerId: { sa_data: expect.any(String) },
      callerData: Uint8Array.of(1, 2, 3),
      calleeId: { sa_data: listener.address },
    });
  });

  it('[E5] while it runs, every call of its thread answers WSAEINPROGRESS', async () => {
    const { ada, bob } = cast;
    const { session, root } = await room(ada);
    const bystander = await ada.leaf();
    const leaf = await asking(bob, session);
    await root.hears('FD_ACCEPT');
    const meanwhile = [
      ada.later('WSPListen', root.descriptor, 5),
      ada.later('WSPGetSockName', root.descriptor, { sa_family: 0, sa_data: '' }, { value: 256 }),
      ada.later(
        'WSPJoinLeaf',
        bystander.descriptor,
        ...nameOf(ada, session),
        null,
        null,
        null,
        null,
        4,
      ),
    ];
    const { sights } = must(await root.accept({ condition: { decide: CF_ACCEPT, meanwhile } }));
    for (const { error } of sights[0]?.meanwhile ?? []) {
      expect(error).toMatchObject({ name: 'WSAEINPROGRESS', number: 10_036 });
    }
    expect(sights[0]?.meanwhile).toHaveLength(meanwhile.length);
    await connected(leaf);
    // And afterwards they are what they always are.
    expect(await bystander.bind(ada.address())).toMatchObject(done);
  });
});

const nameOf = (actor: Actor, name: string) => actor.nameArguments(name, {});

describe('the address that accept tells', () => {
  it('[R90] is left out when it is not wanted', async () => {
    const { ada, bob } = cast;
    const { session, root } = await room(ada);
    await asking(bob, session);
    await root.hears('FD_ACCEPT');
    expect(await root.accept({ addrlen: null })).toMatchObject({ ...done, from: null });
  });

  it('[R90] [A20] is the caller, whatever the condition function decides', async () => {
    const { ada, bob } = cast;
    const { session, root } = await room(ada);
    const leaf = await asking(bob, session);
    await root.hears('FD_ACCEPT');
    const rejected = await root.accept({ condition: { decide: CF_REJECT }, addrlen: 256 });
    const name = await leaf.localName();
    expect(rejected.from?.sa_data).toBe(name);
    expect(rejected.addrlen).toBe(2 + (name?.length ?? 0));
  });

  it('[R90] [E9] has no room: WSAEFAULT, and the request waits on', async () => {
    const { ada, bob } = cast;
    const { session, root } = await room(ada);
    const leaf = await asking(bob, session);
    await root.hears('FD_ACCEPT');
    expect(await root.accept({ addrlen: 0 })).toMatchObject(refused('WSAEFAULT'));
    expect(await root.accept({ addrlen: 3 })).toMatchObject(refused('WSAEFAULT'));
    must(await root.accept());
    await connected(leaf);
  });
});

describe('FD_ACCEPT', () => {
  it('[R91] [R122] [R123] is recorded again by an accept, while somebody waits', async () => {
    const { ada } = cast;
    const { session, root } = await room(ada);
    await twoAsking(root, session);
    expect(await root.recorded()).toEqual([{ event: 'FD_ACCEPT', code: null }]);
    must(await root.accept());
    expect(await root.recorded()).toEqual([{ event: 'FD_ACCEPT', code: null }]);
    must(await root.accept());
    expect(await root.recorded()).toEqual([]);
  });

  it('[R91] is not recorded again by one that answered WSATRY_AGAIN', async () => {
    const { ada } = cast;
    const { session, root } = await room(ada);
    await twoAsking(root, session);
    await root.recorded();
    expect(await root.accept({ condition: { decide: CF_DEFER } })).toMatchObject(
      refused('WSATRY_AGAIN'),
    );
    expect(await root.recorded()).toEqual([]);
  });
});
