import { describe, expect, it, jest } from '@jest/globals';
import { Door } from './door.js';
import { INVALID_SOCKET } from './numbers/calls.js';
import {
  FD_ACCEPT,
  FD_ALL_EVENTS,
  FD_CLOSE,
  FD_CONNECT,
  FD_MAX_EVENTS,
  FD_READ,
  FD_WRITE,
} from './numbers/network-events.js';
import { FIONBIO } from './numbers/settings.js';
import { calm, must, Program } from './program.js';
import { newErrno } from './structures.js';
import { Town } from './town.js';
import { WSACreateEvent } from './wsa-event.js';

const conf = 'conf-7';

/** A root and a member, of which nothing blocks. */
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

describe('an event object', () => {
  it('is set until it is reset, and can be waited for', async () => {
    const event = WSACreateEvent();
    expect([event.isSet, await event.wait(0), await event.wait(5)]).toEqual([false, false, false]);
    const waiting = [event.wait(), event.wait(10_000)];
    event.set();
    expect(await Promise.all(waiting)).toEqual([true, true]);
    expect(await event.wait(0)).toBe(true);
    event.reset();
    expect(await event.wait(-1)).toBe(false);
  });

  it('[R130] [R74] [R120] is shared with what inherits it, and reset by enumerating', async () => {
    const { ada, bob, leaf } = await scene();
    const session = 'shared';
    const root = await ada.listeningRoot(session);
    const { event } = ada.register(root, FD_ACCEPT | FD_CLOSE);
    const other = bob.socket();
    const joining = bob.join(other, session);
    expect(await event?.wait(1_000)).toBe(true);
    expect(ada.enumerate(root, event).mask).toBe(FD_ACCEPT);
    expect(event?.isSet).toBe(false);
    const link = must(await ada.accept(root));
    must(await joining);
    must(await bob.close(other));
    expect(await event?.wait(1_000)).toBe(true);
    expect(ada.enumerate(root).mask).toBe(0);
    expect(ada.enumerate(link, event).mask).toBe(FD_CLOSE);
    must(await bob.close(leaf));
  });
});

describe('WSPEventSelect', () => {
  it('[R115] [R116] makes the socket nonblocking, whatever the mask is', async () => {
    const { ada, root } = await scene();
    const { event } = ada.register(root, FD_ACCEPT);
    expect(await ada.accept(root)).toMatchObject({ error: 'WSAEWOULDBLOCK R86' });
    expect(ada.ioctl(root, FIONBIO, { value: 0 })).toMatchObject({ error: 'WSAEINVAL R116' });
    must(ada.register(root, 0, event));
    must(ada.ioctl(root, FIONBIO, { value: 0 }));
    must(ada.register(root, 0, null));
    expect(await ada.accept(root)).toMatchObject({ error: 'WSAEWOULDBLOCK R86' });
  });

  it('[R117] [R118] [R119] reports what is nominated, once it is, and forgets the rest', async () => {
    const { ada, bob, root } = await scene();
    must(await bob.join(nonblocking(bob), conf));
    await calm();
    must(ada.register(root, FD_CLOSE));
    expect(ada.enumerate(root).mask).toBe(0);
    must(ada.register(root, FD_ACCEPT));
    must(ada.register(root, FD_CLOSE));
    expect(ada.enumerate(root).mask).toBe(0);
    must(ada.register(root, FD_ACCEPT | FD_CLOSE));
    expect(ada.enumerate(root).mask).toBe(FD_ACCEPT);
  });

  it('[H17] takes no other object for an event, and no other number for a mask', async () => {
    const { ada, root } = await scene();
    must(ada.register(root, FD_ACCEPT));
    const strange: unknown[] = [null, {}, 7, 'event', new Proxy(WSACreateEvent(), {})];
    for (const event of strange) {
      expect(ada.register(root, FD_ACCEPT, event as never)).toMatchObject({
        error: 'WSAEINVAL H17',
      });
    }
    for (const mask of [-1, 0x400, 1.5, NaN, '8']) {
      expect(ada.register(root, mask as number)).toMatchObject({ error: 'WSAEINVAL H17' });
    }
    expect(ada.enumerate(root, {} as never)).toMatchObject({ error: 'WSAEINVAL H17' });
  });
});

const nonblocking = (program: Program): number => {
  const s = program.socket();
  must(program.register(s, FD_ALL_EVENTS));
  return s;
};

describe('WSPEnumNetworkEvents', () => {
  it('[R121] writes the slots of reported events alone', async () => {
    const { ada, link, bob, leaf } = await scene();
    must(ada.register(link));
    must(await bob.close(leaf));
    await calm();
    const { mask, errors } = ada.enumerate(link);
    expect(mask).toBe(FD_CLOSE | FD_WRITE);
    expect(errors).toEqual([-1, 0, -1, -1, -1, 0, -1, -1, -1, -1]);
  });

  it('[R120] clears nothing that could not be written', async () => {
    const { ada, link, bob, leaf } = await scene();
    const { event } = ada.register(link);
    must(await bob.close(leaf));
    await calm();
    const slots = new Array<number>(FD_MAX_EVENTS).fill(0);
    const strange: unknown[] = [
      null,
      {},
      { lNetworkEvents: 0, iErrorCode: null },
      { lNetworkEvents: 0, iErrorCode: slots.slice(1) },
      { lNetworkEvents: 0, iErrorCode: Object.freeze([...slots]) },
      Object.freeze({ lNetworkEvents: 0, iErrorCode: slots }),
    ];
    for (const events of strange) {
      const error = newErrno();
      expect(ada.ws.WSPEnumNetworkEvents(link, event, events as never, error)).toBe(-1);
      expect(error).toMatchObject({ name: 'WSAEFAULT', rule: 'E9' });
    }
    expect(event?.isSet).toBe(true);
    expect(ada.enumerate(link).mask).toBe(FD_CLOSE | FD_WRITE);
  });
});

describe('WSPAsyncSelect', () => {
  const listening = (program: Program, s: number, mask = FD_ALL_EVENTS) => {
    const told: (readonly number[])[] = [];
    const error = newErrno();
    const callback = (...message: readonly number[]) => {
      told.push(message);
    };
    must({ value: program.ws.WSPAsyncSelect(s, callback, mask, error), error: error.name });
    return told;
  };

  it('[R115] [R128] [R129] calls back in order, and for each event once', async () => {
    const { ada, bob, root, link } = await scene();
    const leaf = bob.socket();
    const told = listening(bob, leaf);
    must(await bob.join(leaf, conf));
    const atRoot = ada.accept(root);
    must(await atRoot);
    await calm();
    must(await ada.send(root, 'one'));
    await calm();
    must(await ada.send(root, 'two'));
    must(await ada.close(root));
    await calm();
    expect(told).toEqual([
      [leaf, FD_CONNECT, 0],
      [leaf, FD_WRITE, 0],
      [leaf, FD_READ, 0],
      [leaf, FD_CLOSE, 0],
    ]);
    must(await ada.close(link));
  });

  it('[R122] [R123] calls back again when it is enabled again', async () => {
    const { ada, bob, root, leaf } = await scene();
    const told = listening(bob, leaf, FD_READ);
    must(await ada.send(root, 'one'));
    must(await ada.send(root, 'two'));
    await calm();
    expect(told).toHaveLength(1);
    must(await bob.receive(leaf));
    await calm();
    expect(told).toHaveLength(2);
    must(await bob.receive(leaf));
    await calm();
    expect(told).toHaveLength(2);
  });

  it('[R74] [R78] is inherited, and left by whoever registers otherwise', async () => {
    const { ada, bob } = await scene();
    const root = await ada.listeningRoot('inherited');
    const told = listening(ada, root, FD_ACCEPT | FD_CLOSE);
    const leaves = [nonblocking(bob), nonblocking(bob)];
    for (const leaf of leaves) must(await bob.join(leaf, 'inherited'));
    await calm();
    const links = [must(await ada.accept(root)), must(await ada.accept(root))];
    must(ada.register(links[0] ?? 0, FD_CLOSE));
    for (const leaf of leaves) must(await bob.close(leaf));
    await calm();
    expect(told.filter(([, event]) => event === FD_CLOSE)).toEqual([[links[1], FD_CLOSE, 0]]);
    expect(ada.enumerate(links[0] ?? 0).mask).toBe(FD_CLOSE);
  });

  it('[R140] still delivers what was queued before the socket was closed, and nothing more', async () => {
    const { ada, bob, root, leaf } = await scene();
    const told = listening(bob, leaf, FD_READ | FD_WRITE);
    must(await bob.close(leaf));
    must(await ada.send(root, 'late'));
    await calm();
    expect(told).toEqual([[leaf, FD_WRITE, 0]]);
  });

  it('[R117] [R118] leaves nothing to enumerate, and ends with a mask of 0', async () => {
    const { ada, bob, root, leaf } = await scene();
    const told = listening(bob, leaf, FD_READ);
    must(await ada.send(root, 'one'));
    await calm();
    expect(bob.enumerate(leaf).mask).toBe(0);
    const error = newErrno();
    must({ value: bob.ws.WSPAsyncSelect(leaf, null, 0, error), error: error.name });
    must(await bob.receive(leaf));
    must(await ada.send(root, 'two'));
    await calm();
    expect(told).toEqual([[leaf, FD_READ, 0]]);
  });

  it('[R140] keeps no callback for ever that no socket is registered with', async () => {
    const { town, bob } = await scene();
    const { messages } = Door.of(town.provider('bob'));
    const kept = bob.socket();
    const told = listening(bob, kept);
    for (let count = 0; count < 1_000; count += 1) {
      const s = bob.socket();
      listening(bob, s);
      must(await bob.close(s));
    }
    expect(messages.size).toBeLessThan(200);
    expect(await bob.join(kept, 'nowhere')).toMatchObject({ value: INVALID_SOCKET });
    must(await bob.join(kept, conf));
    must(await bob.close(kept));
    expect(told).toEqual([]);
  });

  it('[H17] survives a callback that throws, and takes none that is no function', async () => {
    const { town, ada, bob, root, leaf } = await scene();
    const callback = jest.fn(() => {
      throw new Error('of its own');
    });
    const error = newErrno();
    bob.ws.WSPAsyncSelect(leaf, callback, FD_WRITE | FD_READ, error);
    must(await ada.send(root, 'one'));
    await calm();
    expect(callback).toHaveBeenCalledTimes(2);
    expect(town.provider('bob').counters.read().callbackErrors).toBe(2);
    bob.ws.WSPAsyncSelect(leaf, null, FD_READ, error);
    expect(error).toMatchObject({ name: 'WSAEINVAL', rule: 'H17' });
  });
});
