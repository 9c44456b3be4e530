import { describe, expect, it } from '@jest/globals';
import { done, must, refused } from '../cast/answer.js';
import { castOf } from '../cast/cast.js';
import { admitted, group, inGroup, invited, room } from '../cast/scenes.js';
import { JL_BOTH, JL_RECEIVER_ONLY, JL_SENDER_ONLY } from '../winsock.js';

const cast = castOf('ada', 'bob', 'carol');

const entry = 'mp-rooted';

describe('dwFlags', () => {
  it.each([
    ['JL_SENDER_ONLY', JL_SENDER_ONLY, true, false],
    ['JL_RECEIVER_ONLY', JL_RECEIVER_ONLY, false, true],
    ['JL_BOTH', JL_BOTH, true, true],
  ])('[R110] [R112] %s is what the member can do from then on', async (_, flags, sends, hears) => {
    const { ada, bob } = cast;
    const { session, root } = await room(ada, entry);
    const { leaf } = await admitted(root, session, bob, { entry, flags });
    const witness = await admitted(root, session, bob, { entry });

    must(await root.send('down'));
    expect(await witness.leaf.text()).toBe('down');
    if (hears) expect(await leaf.text()).toBe('down');
    else expect(await leaf.receive()).toMatchObject({ ok: false });

    const sent = await leaf.send('up');
    if (sends) expect(sent).toMatchObject(done);
    else expect(sent).toMatchObject(refused('WSAEOPNOTSUPP'));
    must(await witness.leaf.send('last'));
    if (sends) expect(await root.text()).toBe('up');
    expect(await root.text()).toBe('last');
  });

  it.each([0, 3, 5, 6, 7, 8, -1, 1.5])('[R111] [A31] %d is none of the three', async (flags) => {
    const { ada, bob } = cast;
    const { session, root } = await room(ada);
    const leaf = await bob.leaf();
    expect(await leaf.join(session, { flags })).toMatchObject(refused('WSAEINVAL'));
    const { address } = await bob.listener();
    expect(await root.join(address, { flags })).toMatchObject(refused('WSAEINVAL'));
  });

  it('[R112] of a receiver keep what it sends from the group', async () => {
    const { ada, bob, carol } = cast;
    const name = await group(ada);
    const receiver = await inGroup(ada, name, { flags: JL_RECEIVER_ONLY });
    const member = await inGroup(bob, name);
    const sender = await inGroup(carol, name);
    expect(await receiver.send('not for you')).toMatchObject(refused('WSAEOPNOTSUPP'));
    must(await sender.send('for everybody'));
    expect(await member.text()).toBe('for everybody');
    expect(await receiver.text()).toBe('for everybody');
  });

  it.each([JL_SENDER_ONLY, JL_RECEIVER_ONLY])(
    '[R113] %d of a root says nothing about the leaf that it invites',
    async (flags) => {
      const { ada, bob } = cast;
      const { root } = await room(ada, entry);
      const { leaf } = await invited(root, bob, { entry, flags });
      must(await leaf.send('up'));
      expect(await root.text()).toBe('up');
      must(await root.send('down'));
      expect(await leaf.text()).toBe('down');
    },
  );
});
