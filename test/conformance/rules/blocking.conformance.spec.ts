import { describe, expect, it } from '@jest/globals';
import { done, must, refused } from '../cast/answer.js';
import { castOf, fresh } from '../cast/cast.js';
import { admitted, room } from '../cast/scenes.js';
import { CF_REJECT, FD } from '../winsock.js';

const cast = castOf('ada', 'bob');

describe('on a blocking socket', () => {
  it('[R114] JoinLeaf returns its outcome: a leaf that was admitted', async () => {
    const { ada, bob } = cast;
    const { session, root } = await room(ada, 'mp-rooted');
    const leaf = await bob.leaf('mp-rooted');
    const joining = leaf.join(session);
    await root.hears('FD_ACCEPT');
    must(await root.accept());
    expect(await joining).toMatchObject(done);
    expect(await leaf.send('I am in')).toMatchObject(done);
  });

  it('[R114] JoinLeaf returns its outcome: a link that can be used', async () => {
    const { ada, bob } = cast;
    const root = await ada.root(fresh('room'));
    const listener = await bob.listener();
    const joining = root.join(listener.address);
    const leaf = must(await listener.accept()).socket;
    const { socket: link } = must(await joining);
    must(await link.send('welcome'));
    expect(new TextDecoder().decode(must(await leaf.receive()).bytes)).toBe('welcome');
  });

  it('[R114] [E8] JoinLeaf returns its outcome: a rejection', async () => {
    const { ada, bob } = cast;
    const { session, root } = await room(ada);
    const leaf = await bob.leaf();
    const joining = leaf.join(session);
    await root.hears('FD_ACCEPT');
    await root.accept({ condition: { decide: CF_REJECT } });
    expect(await joining).toMatchObject(refused('WSAECONNREFUSED'));
  });

  it('[R115] a registration ends that, whatever its mask', async () => {
    const { ada, bob } = cast;
    for (const mask of [FD.FD_ACCEPT, 0]) {
      const listener = await bob.listener();
      must(await listener.register(mask));
      expect(await listener.accept()).toMatchObject(refused('WSAEWOULDBLOCK'));
    }
    const messages = await ada.messages();
    const listener = await ada.listener();
    must(await listener.asyncSelect(messages, FD.FD_ACCEPT));
    expect(await listener.accept()).toMatchObject(refused('WSAEWOULDBLOCK'));
  });

  it('[R116] as it can be again when nothing is registered, and not before', async () => {
    const { ada, bob } = cast;
    const { root } = await room(ada);
    const listener = await bob.listener();
    must(await listener.register(FD.FD_ACCEPT));
    expect(await listener.setBlocking(true)).toMatchObject(refused('WSAEINVAL'));
    must(await listener.unregister());
    expect(await listener.setBlocking(true)).toMatchObject(done);
    const accepting = listener.accept();
    must(await root.join(listener.address));
    expect(await accepting).toMatchObject(done);
  });

  it('[R114] receive waits for what comes', async () => {
    const { ada, bob } = cast;
    const { session, root } = await room(ada, 'mp-rooted');
    const { leaf } = await admitted(root, session, bob, { entry: 'mp-rooted' });
    must(await leaf.unregister());
    must(await leaf.setBlocking(true));
    const receiving = leaf.receive();
    must(await root.send('at last'));
    expect(new TextDecoder().decode(must(await receiving).bytes)).toBe('at last');
  });
});
