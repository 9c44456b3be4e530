import { describe, expect, it } from '@jest/globals';
import { done, must, refused } from '../cast/answer.js';
import { eventually } from '../../deployment/eventually.js';
import { castOf, fresh } from '../cast/cast.js';
import { admitted, allEvents, connected, fence, group, invited, room } from '../cast/scenes.js';
import { CF_REJECT, FD, SD_SEND } from '../winsock.js';

const cast = castOf('ada', 'bob', 'carol');

describe('a nonblocking JoinLeaf that begins', () => {
  it('[R63] [R64] [E19] returns a descriptor before the other side has done anything', async () => {
    const { ada, bob } = cast;
    const { session, root } = await room(ada);
    const { address } = await bob.listener();
    expect(await root.join(address)).toMatchObject(done);
    const leaf = await bob.leaf();
    must(await leaf.register(allEvents));
    expect(await leaf.join(session)).toMatchObject(done);
    const member = await ada.leaf('mp-group');
    must(await member.register(allEvents));
    expect(await member.join(await group(ada))).toMatchObject(done);
  });

  it('[R65] has returned a link that can only be closed until FD_CONNECT', async () => {
    const { ada, bob } = cast;
    const { root } = await room(ada, 'mp-rooted');
    const listener = await bob.listener('mp-rooted');
    const { socket: link } = must(await root.join(listener.address));
    const notYet = refused('WSAENOTCONN');
    expect(await link.send('m')).toMatchObject(notYet);
    expect(await link.receive()).toMatchObject(notYet);
    expect(await link.join(bob.address())).toMatchObject(notYet);
    expect(await link.listen()).toMatchObject(notYet);
    expect(await link.accept()).toMatchObject(notYet);
    expect(await link.bind(ada.address())).toMatchObject(notYet);
    expect(await link.shutdown(SD_SEND)).toMatchObject(notYet);
    // None of this had an effect: the join goes on.
    must(await listener.accept());
    await connected(root);
    await fence(root, ada);
    expect(await link.close()).toMatchObject(done);
  });

  it('[R66] [R67] announces its outcome on the socket that called', async () => {
    const { ada, bob } = cast;
    const { root } = await room(ada);
    const { link } = await invited(root, bob);
    const atLink = () => link.recorded().then((all) => all.map(({ event }) => event));
    expect(await atLink()).not.toContain('FD_CONNECT');
    const listener = await bob.listener();
    const { socket: failing } = must(await root.join(listener.address));
    expect(await listener.accept({ condition: { decide: CF_REJECT } })).toMatchObject({
      ok: false,
    });
    expect(await root.hears('FD_CONNECT')).toBe('WSAECONNREFUSED');
    await fence(root, ada);
    expect(await failing.close()).toMatchObject(done);
    expect(await atLink()).toEqual([]);
  });

  it('[R67] announces its failure at a c_leaf, too', async () => {
    const { ada, bob } = cast;
    const { session, root } = await room(ada);
    const leaf = await bob.leaf();
    must(await leaf.register(allEvents));
    must(await leaf.join(session));
    await root.hears('FD_ACCEPT');
    await root.accept({ condition: { decide: CF_REJECT } });
    expect(await leaf.hears('FD_CONNECT')).toBe('WSAECONNREFUSED');
  });
});

describe('the link', () => {
  it('[R68] [R136] hears when its leaf goes, once the join has succeeded', async () => {
    const { ada, bob } = cast;
    const { root } = await room(ada);
    const { link, leaf } = await invited(root, bob);
    must(await leaf.close());
    expect(await link.hears('FD_CLOSE')).toBeNull();
  });

  it('[R69] of a join that failed is good for nothing but close', async () => {
    const { ada, bob } = cast;
    const { root } = await room(ada);
    const { socket: link } = must(await root.join(bob.address()));
    expect(await root.hears('FD_CONNECT')).toBe('WSAECONNREFUSED');
    expect(await link.send('m')).toMatchObject({ ok: false });
    expect(await link.receive()).toMatchObject({ ok: false });
    expect(await link.accept()).toMatchObject({ ok: false });
    expect(await link.close()).toMatchObject(done);
  });

  it('[R72] [R161] is not for session data: what is sent on it does not reach the session', async () => {
    const { ada, bob, carol } = cast;
    const { session, root } = await room(ada, 'mp-rooted');
    const entry = 'mp-rooted';
    const one = await admitted(root, session, bob, { entry });
    const other = await admitted(root, session, carol, { entry });
    must(await one.link.send('for one alone'));
    must(await root.send('for all'));
    expect(await one.leaf.text()).toBe('for one alone');
    expect(await one.leaf.text()).toBe('for all');
    expect(await other.leaf.text()).toBe('for all');
  });
});

describe('a refusal at once', () => {
  it('[R70] answers INVALID_SOCKET with its code, and makes no socket', async () => {
    const { ada } = cast;
    const { root } = await room(ada);
    const sockets = await ada.socketCount();
    expect(await root.join(fresh('room'))).toMatchObject(refused('WSAEAFNOSUPPORT'));
    expect(await root.join('bob:0')).toMatchObject(refused('WSAEADDRNOTAVAIL'));
    expect(await root.join('b o b:7')).toMatchObject(refused('WSAEFAULT'));
    expect(await ada.socketCount()).toBe(sockets);
  });
});

describe('select', () => {
  it('[R71] says nothing of a join that has ended', async () => {
    const { ada, bob } = cast;
    const session = fresh('room');
    const root = await ada.root(session);
    must(await root.listen());
    must(await root.setBlocking(false));
    const listener = await bob.listener();
    const { socket: link } = must(await root.join(listener.address));
    const whilePending = await ada.select([root], [], [root]);
    must(await listener.accept());
    // The outcome is known here when the link can be used.
    await eventually('the join is over', async () => (await link.send('m')).ok);
    expect(await ada.select([root], [], [root])).toEqual(whilePending);
    expect(whilePending).toEqual({ readable: [], writable: [], except: [] });
  });

  it('[R71] says when accept would not wait, and when data can be read', async () => {
    const { ada, bob } = cast;
    const { session, root } = await room(ada, 'mp-rooted');
    expect(await ada.select([root], [], [])).toMatchObject({ readable: [] });
    const leaf = await bob.leaf('mp-rooted');
    must(await leaf.register(FD.FD_CONNECT | FD.FD_READ));
    must(await leaf.join(session));
    await root.hears('FD_ACCEPT');
    expect(await ada.select([root], [], [])).toMatchObject({ readable: [root.descriptor] });
    must(await root.accept());
    await connected(leaf);
    must(await root.send('something'));
    await leaf.hears('FD_READ');
    expect(await bob.select([leaf], [leaf], [])).toMatchObject({
      readable: [leaf.descriptor],
      writable: [leaf.descriptor],
    });
  });
});

describe('a closed descriptor', () => {
  it('[R73] [E13] is no socket any more, whatever is tried', async () => {
    const { ada, bob } = cast;
    const { session, root } = await room(ada);
    const { link } = await admitted(root, session, bob);
    must(await link.close());
    const gone = refused('WSAENOTSOCK');
    expect(await link.close()).toMatchObject(gone);
    expect(await link.join(bob.address())).toMatchObject(gone);
    expect(await link.bind(ada.address())).toMatchObject(gone);
    expect(await link.listen()).toMatchObject(gone);
    expect(await link.accept()).toMatchObject(gone);
    expect(await link.send('m')).toMatchObject(gone);
    expect(await link.receive()).toMatchObject(gone);
    expect(await link.shutdown(SD_SEND)).toMatchObject(gone);
    expect(await link.register(allEvents)).toMatchObject(gone);
    expect(await link.enumerate()).toMatchObject(gone);
    expect(await link.setBlocking(true)).toMatchObject(gone);
  });
});
