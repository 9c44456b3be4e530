import { describe, expect, it } from '@jest/globals';
import { shutdownSocket, socketParts } from '@joinleaf/multipoint';
import { closedError } from '../errors.js';
import { MSG_SIDE_CHAT, SD_BOTH, SD_RECEIVE, SD_SEND } from './numbers/calls.js';
import { FD_CLOSE, FD_CLOSE_BIT } from './numbers/network-events.js';
import { FIONBIO, SO_LINGER, SOL_SOCKET } from './numbers/settings.js';
import { calm, leafFlags, must, Program } from './program.js';
import { newErrno } from './structures.js';
import { WSPStartup } from './startup.js';
import { Town } from './town.js';

const conf = 'conf-7';

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

const linger = ({ ws }: Program, s: number, l_linger: number) => {
  ws.WSPSetSockOpt(s, SOL_SOCKET, SO_LINGER, { l_onoff: 1, l_linger }, 4, newErrno());
};

describe('WSPCloseSocket', () => {
  it('[R73] [E13] releases the descriptor, whose number means nothing from then on', async () => {
    const { ada, bob, leaf, link } = await scene();
    const closing = bob.close(leaf);
    expect(bob.enumerate(leaf)).toMatchObject({ error: 'WSAENOTSOCK E13' });
    must(await closing);
    expect(await bob.close(leaf)).toMatchObject({ error: 'WSAENOTSOCK E13' });
    must(ada.register(link));
    await calm();
    expect(ada.enumerate(link).mask & FD_CLOSE).toBe(FD_CLOSE);
  });

  it('[R142] with no time to linger drops what waits, and the other side hears a reset', async () => {
    const { town, ada, bob, leaf, link } = await scene();
    must(ada.register(link, FD_CLOSE));
    town.weather.isJammed = true;
    must(await bob.send(leaf, 'lost'));
    linger(bob, leaf, 0);
    must(await bob.close(leaf));
    await calm();
    const { mask, errors } = ada.enumerate(link);
    expect([mask, errors[FD_CLOSE_BIT]]).toEqual([FD_CLOSE, 10_054]);
  });

  it('[R142] that would have to wait is WSAEWOULDBLOCK on a nonblocking socket, which stays as it is', async () => {
    const { ada, bob, leaf, link } = await scene();
    must(ada.register(link, FD_CLOSE));
    linger(bob, leaf, 5);
    must(bob.ioctl(leaf, FIONBIO, { value: 1 }));
    expect(await bob.close(leaf)).toMatchObject({ error: 'WSAEWOULDBLOCK R142' });
    await calm();
    expect(ada.enumerate(link).mask).toBe(0);
    must(await bob.send(leaf, 'still here'));
  });

  it('[R142] [R141] waits on a blocking socket until everything is sent', async () => {
    const { town, ada, bob, root, leaf } = await scene();
    linger(bob, leaf, 5);
    town.weather.isJammed = true;
    must(await bob.send(leaf, 'in time'));
    const closing = bob.close(leaf);
    await calm();
    expect(bob.enumerate(leaf).error).toBeNull();
    town.unjam();
    must(await closing);
    expect(await ada.receive(root)).toMatchObject({ text: 'in time' });
  });

  it('[R148] that waits can be cancelled, and the socket stays', async () => {
    const { town, bob, leaf } = await scene();
    linger(bob, leaf, 5);
    town.weather.isJammed = true;
    must(await bob.send(leaf, 'm'));
    const closing = bob.close(leaf);
    await calm();
    must(bob.cancel());
    expect(await closing).toMatchObject({ error: 'WSAEINTR E4' });
    expect(bob.enumerate(leaf).error).toBeNull();
    town.unjam();
  });

  it('[R142] ends the connection when the time to linger is up', async () => {
    const { town, ada, bob, leaf, link } = await scene();
    must(ada.register(link, FD_CLOSE));
    linger(bob, leaf, 1);
    town.weather.isJammed = true;
    must(await bob.send(leaf, 'late'));
    must(await bob.close(leaf));
    await calm();
    expect(ada.enumerate(link).errors[FD_CLOSE_BIT]).toBe(10_054);
  });
});

describe('WSPShutdown', () => {
  it('[R143] takes three ways, of a socket that is joined', async () => {
    const { bob, leaf } = await scene();
    for (const how of [3, -1, 0.5, '1', null]) {
      expect(await bob.shutdown(leaf, how as number)).toMatchObject({ error: 'WSAEINVAL R143' });
    }
    for (const how of [SD_RECEIVE, SD_SEND, SD_BOTH]) {
      expect(await bob.shutdown(bob.socket(), how)).toMatchObject({ error: 'WSAENOTCONN R143' });
    }
  });

  it('[R132] [R143] of a root ends what waits on it, and keeps the descriptor', async () => {
    const { town, ada, bob, root, leaf } = await scene();
    must(bob.register(leaf, FD_CLOSE));
    const accepting = ada.accept(root);
    must(await new Program(town.table('ada')).shutdown(root, SD_BOTH));
    expect(await accepting).toMatchObject({
      error: expect.stringMatching(/^WSAE(INVAL|SHUTDOWN)/),
    });
    await calm();
    expect(bob.enumerate(leaf).mask).toBe(FD_CLOSE);
    expect(await ada.send(root, 'm')).toMatchObject({ error: 'WSAESHUTDOWN R143' });
    must(await ada.close(root));
  });

  it('[R132] [R143] ends what waits, whichever API it comes from', async () => {
    const { town, ada, root } = await scene();
    const accepting = ada.accept(root);
    const provider = town.provider('ada');
    provider.take(shutdownSocket(provider.state, { socket: root, how: 'both' }));
    expect(await accepting).toMatchObject({ error: 'WSAEINVAL R86' });
  });

  it('[R144] [R143] for receiving is nobody else’s business, and ends a receive that waits', async () => {
    const { town, ada, bob, leaf, link } = await scene();
    must(ada.register(link, FD_CLOSE));
    const receiving = bob.receive(leaf);
    must(await new Program(town.table('bob')).shutdown(leaf, SD_RECEIVE));
    expect(await receiving).toMatchObject({ error: 'WSAESHUTDOWN R143' });
    await calm();
    expect(ada.enumerate(link).mask).toBe(0);
    must(await bob.send(leaf, 'can be sent'));
  });
});

describe('WSPCleanup', () => {
  it('[E18] ends a table and what waits in it, and leaves the sockets to the others', async () => {
    const { town, bob, leaf } = await scene();
    const [receiving, error] = [bob.receive(leaf), newErrno()];
    expect(bob.ws.WSPCleanup(error)).toBe(0);
    expect(await receiving).toMatchObject({ error: 'WSAEINTR E4' });
    expect(await bob.send(leaf, 'm')).toMatchObject({ error: 'WSANOTINITIALISED E18' });
    expect(bob.enumerate(4_711)).toMatchObject({ error: 'WSANOTINITIALISED E18' });
    expect(bob.cancel()).toMatchObject({ error: 'WSANOTINITIALISED E18' });
    expect(bob.ws.WSPCleanup(error)).toBe(-1);
    must(await new Program(town.table('bob')).send(leaf, 'm'));
  });

  it('[E18] has nothing to do where nothing was started', () => {
    for (const node of [null, undefined, {}, 'ada', 7]) {
      const ws = WSPStartup(node as never);
      const error = newErrno();
      expect(ws.WSPSocket(0, 0, 0, null, 0, leafFlags, error)).toBe(0xffff_ffff);
      expect(error).toMatchObject({ name: 'WSANOTINITIALISED', rule: 'E18' });
    }
  });
});

describe('the end of a node', () => {
  it('[E18] is the end of its tables, and of what waits in them', async () => {
    const { town, bob, leaf } = await scene();
    const receiving = bob.receive(leaf);
    town.provider('bob').refuseMore(closedError());
    expect(await receiving).toMatchObject({ error: 'WSANOTINITIALISED E18' });
    expect(await bob.send(leaf, 'm')).toMatchObject({ error: 'WSANOTINITIALISED E18' });
  });

  it('[H10] that was replaced is told by every call, and its sockets can be read and closed', async () => {
    const { town, bob, leaf } = await scene();
    must(bob.register(leaf, FD_CLOSE));
    const listener = await bob.listener('bob:5');
    const accepting = bob.accept(listener);
    town.provider('bob').lose('WSAENETRESET');
    expect(await accepting).toMatchObject({ error: 'WSAENETRESET H10' });
    expect(await bob.send(leaf, 'm')).toMatchObject({ error: 'WSAENETRESET H10' });
    expect(bob.enumerate(leaf).mask).toBe(FD_CLOSE);
    must(await bob.close(leaf));
  });
});

describe('a root that is lost', () => {
  it('[H19] [H20] is succeeded by whoever binds its address, and no c_leaf hears an event of it', async () => {
    const { town, bob, root, leaf } = await scene();
    must(bob.register(leaf, FD_CLOSE));
    const lost = town.name('ada', root);
    const { node, incarnation } = socketParts(lost);
    const evidence = { kind: 'silent', silentMs: 20_000, boundMs: 15_000 } as const;
    town.apply(conf, { type: 'ChangePolicy', root: lost, changes: { rootLoss: 'linger' } });
    town.apply(conf, { type: 'LoseNode', node, incarnation, evidence, now: 1_000 });
    await calm();
    expect(await bob.send(leaf, 'anybody?', MSG_SIDE_CHAT)).toMatchObject({
      error: 'WSAEOPNOTSUPP R162',
    });
    const carol = new Program(town.table('carol'));
    const next = await carol.listeningRoot(conf);
    await calm();
    expect(bob.enumerate(leaf).mask).toBe(0);
    must(await carol.send(next, 'here I am'));
    await calm();
    expect(await bob.receive(leaf)).toMatchObject({ text: 'here I am' });
    must(await carol.close(next));
    await calm();
    const { mask, errors } = bob.enumerate(leaf);
    expect([mask, errors[FD_CLOSE_BIT]]).toEqual([FD_CLOSE, 0]);
  });
});
