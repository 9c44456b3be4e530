import { describe, expect, it } from '@jest/globals';
import { done, must, refused } from '../cast/answer.js';
import { castOf } from '../cast/cast.js';
import { allEvents, connected, fence, room } from '../cast/scenes.js';
import { CF_ACCEPT, CF_REJECT, FD, JL_BOTH } from '../winsock.js';

const cast = castOf('ada', 'bob');

/** The most that joins carry (R97). */
const bytesMax = 4_096;
const everyByte = Uint8Array.from({ length: 256 }, (_, byte) => byte);

describe('caller data', () => {
  it('[R92] [A13] reaches the condition function as it is, up to the most there may be', async () => {
    const { ada, bob } = cast;
    const { session, root } = await room(ada);
    const longest = Uint8Array.from({ length: bytesMax }, (_, index) => index % 251);
    for (const callerData of [everyByte, Uint8Array.of(0), longest]) {
      const leaf = await bob.leaf();
      must(await leaf.register(FD.FD_CONNECT));
      must(await leaf.join(session, { callerData }));
      await root.hears('FD_ACCEPT');
      const { sights } = must(await root.accept({ condition: { decide: CF_ACCEPT } }));
      expect(sights[0]?.callerData).toEqual(callerData);
    }
  });

  it('[R93] is null where none was passed', async () => {
    const { ada, bob } = cast;
    const { root } = await room(ada);
    const listener = await bob.listener();
    must(await root.join(listener.address));
    const { sights } = must(await listener.accept({ condition: { decide: CF_ACCEPT } }));
    expect(sights[0]?.callerData).toBeNull();
  });

  it('[R97] [E9] that is too large is WSAEFAULT, and nothing is started', async () => {
    const { ada, bob } = cast;
    const { session, root } = await room(ada);
    const leaf = await bob.leaf();
    must(await leaf.register(allEvents));
    const sockets = await bob.socketCount();
    const callerData = new Uint8Array(bytesMax + 1);
    expect(await leaf.join(session, { callerData })).toMatchObject(refused('WSAEFAULT'));
    expect(await bob.socketCount()).toBe(sockets);
    await fence(root, ada);
    expect(await root.recorded()).toEqual([]);
    const { address } = await bob.listener();
    expect(await root.join(address, { callerData })).toMatchObject(refused('WSAEFAULT'));
    expect(await root.join(address)).toMatchObject(done);
  });

  it('[R98] [E15] [A14] is WSAEPROTONOSUPPORT where the entry has none', async () => {
    const { ada, bob } = cast;
    const { session, root } = await room(ada, 'mp-plain');
    const leaf = await bob.leaf('mp-plain');
    must(await leaf.register(allEvents));
    const refusal = refused('WSAEPROTONOSUPPORT');
    expect(await leaf.join(session, { callerData: Uint8Array.of(1) })).toMatchObject(refusal);
    // An empty callee buffer is no reason to fail.
    expect(await leaf.join(session, { calleeRoom: 0 })).toMatchObject(done);
    await root.hears('FD_ACCEPT');
    const { sights } = must(await root.accept({ condition: { decide: CF_ACCEPT } }));
    expect(sights[0]?.calleeCapacity ?? 0).toBe(0);
    await connected(leaf);
  });
});

describe('callee data', () => {
  it('[R94] [R95] is what the condition function writes, in its real size', async () => {
    const { ada, bob } = cast;
    const { session, root } = await room(ada);
    const leaf = await bob.leaf();
    must(await leaf.register(FD.FD_CONNECT));
    const joined = must(await leaf.join(session, { calleeRoom: 64 }));
    await root.hears('FD_ACCEPT');
    const callee = Uint8Array.of(0, 255, 1, 254, 2, 253, 3, 252, 4, 251);
    const { sights } = must(await root.accept({ condition: { decide: CF_ACCEPT, callee } }));
    expect(sights[0]?.calleeCapacity).toBeGreaterThanOrEqual(callee.length);
    await connected(leaf);
    expect(await joined.callee()).toEqual({ len: callee.length, bytes: callee });
  });

  it('[R94] [A13] beyond the room that was announced is refused, and the request waits on', async () => {
    const { ada, bob } = cast;
    const { session, root } = await room(ada);
    const leaf = await bob.leaf();
    must(await leaf.register(FD.FD_CONNECT));
    must(await leaf.join(session, { calleeRoom: bytesMax }));
    await root.hears('FD_ACCEPT');
    const callee = new Uint8Array(bytesMax + 1);
    // A buffer cannot be overfilled here, but its length can lie.
    expect(
      await root.accept({ condition: { decide: CF_ACCEPT, callee, overfill: true } }),
    ).toMatchObject(refused('WSAEFAULT'));
    must(await root.accept());
    await connected(leaf);
  });

  it('[R95] has no length where the other side sent none', async () => {
    const { ada, bob } = cast;
    const { session, root } = await room(ada);
    const leaf = await bob.leaf();
    const joining = leaf.join(session, { calleeRoom: 64 });
    await root.hears('FD_ACCEPT');
    must(await root.accept());
    expect((await must(await joining).callee()).len).toBe(0);
  });

  it('[R93] is dropped where no buffer was passed', async () => {
    const { ada, bob } = cast;
    const { session, root } = await room(ada);
    const leaf = await bob.leaf();
    const joining = leaf.join(session);
    await root.hears('FD_ACCEPT');
    must(await root.accept({ condition: { decide: CF_ACCEPT, callee: everyByte } }));
    expect(await joining).toMatchObject(done);
  });

  it('[R96] counts from FD_CONNECT on, and not before', async () => {
    const { ada, bob } = cast;
    const { root } = await room(ada);
    const listener = await bob.listener();
    const joined = must(await root.join(listener.address, { calleeRoom: bytesMax }));
    expect((await joined.callee()).bytes.some((byte) => byte !== 0)).toBe(false);
    must(await listener.accept({ condition: { decide: CF_ACCEPT, callee: everyByte } }));
    await connected(root);
    expect(await joined.callee()).toEqual({ len: everyByte.length, bytes: everyByte });
  });

  it('[R96] [R114] counts when a blocking call has returned', async () => {
    const { ada, bob } = cast;
    const { session, root } = await room(ada);
    const leaf = await bob.leaf();
    const joining = leaf.join(session, { calleeRoom: bytesMax });
    await root.hears('FD_ACCEPT');
    must(await root.accept({ condition: { decide: CF_ACCEPT, callee: everyByte } }));
    expect(await must(await joining).callee()).toEqual({
      len: everyByte.length,
      bytes: everyByte,
    });
  });

  it('[R97] [E9] [A13] that does not fit is WSAEFAULT, never cut short', async () => {
    const { ada, bob } = cast;
    const { session, root } = await room(ada);
    const leaf = await bob.leaf();
    const joining = leaf.join(session, { calleeRoom: everyByte.length - 1 });
    await root.hears('FD_ACCEPT');
    await root.accept({ condition: { decide: CF_ACCEPT, callee: everyByte } });
    const joined = await joining;
    expect(joined).toMatchObject(refused('WSAEFAULT'));
    expect((await joined.callee()).len).toBe(0);
  });

  it('[R97] [E9] needs a buffer that is as long as it says', async () => {
    const { ada, bob } = cast;
    const { session, root } = await room(ada);
    const leaf = await bob.leaf();
    const lying = { len: 64, buf: new Uint8Array(63) };
    const name = bob.nameArguments(session, {});
    expect(await leaf.call('WSPJoinLeaf', ...name, null, lying, null, null, JL_BOTH)).toMatchObject(
      refused('WSAEFAULT'),
    );
    await fence(root, ada);
    expect(await root.recorded()).toEqual([]);
  });

  it('[R99] comes with an acceptance alone', async () => {
    const { ada, bob } = cast;
    const { session, root } = await room(ada);
    const leaf = await bob.leaf();
    const joining = leaf.join(session, { calleeRoom: bytesMax });
    await root.hears('FD_ACCEPT');
    await root.accept({ condition: { decide: CF_REJECT, callee: everyByte } });
    const refusal = await joining;
    expect(refusal).toMatchObject(refused('WSAECONNREFUSED'));
    expect((await refusal.callee()).len).toBe(0);
  });
});
