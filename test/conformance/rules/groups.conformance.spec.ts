import { describe, expect, it } from '@jest/globals';
import { must, refused } from '../cast/answer.js';
import { castOf, fresh } from '../cast/cast.js';
import { allEvents, fenceInGroup, group, inGroup } from '../cast/scenes.js';
import { JL_SENDER_ONLY } from '../winsock.js';

const cast = castOf('ada', 'bob', 'carol');

describe('JoinLeaf in a nonrooted control plane', () => {
  it('[R41] [R39] makes the socket a member of the group that is named', async () => {
    const { ada, bob } = cast;
    const name = await group(ada);
    const [first, second] = [await inGroup(ada, name), await inGroup(bob, name)];
    must(await first.send('hello'));
    expect(await second.text()).toBe('hello');
  });

  it('[R42] finds no group where none was set up, and makes none', async () => {
    const { ada, bob } = cast;
    const name = `@${fresh('group')}`;
    for (const actor of [ada, bob]) {
      const leaf = await actor.leaf('mp-group');
      expect(await leaf.join(name)).toMatchObject({ ok: false, code: expect.any(String) });
    }
  });

  it('[R43] ends with FD_CONNECT, and the socket can be used', async () => {
    const { ada } = cast;
    const leaf = await ada.leaf('mp-group');
    must(await leaf.register(allEvents));
    const joined = must(await leaf.join(await group(ada)));
    expect(joined.value).toBe(leaf.descriptor);
    expect(await leaf.hears('FD_CONNECT')).toBeNull();
    must(await leaf.send('to myself'));
    expect(await leaf.text()).toBe('to myself');
  });

  it('[R44] asks nobody: no member hears of it', async () => {
    const { ada, bob, carol } = cast;
    const name = await group(ada);
    const members = [await inGroup(ada, name), await inGroup(bob, name)];
    for (const member of members) await member.recorded();
    await inGroup(carol, name);
    await fenceInGroup(name, ada);
    await fenceInGroup(name, bob);
    for (const member of members) expect(await member.recorded()).toEqual([]);
  });

  it('[R45] succeeds in an empty group: nobody has to be there', async () => {
    const { ada } = cast;
    const leaf = await ada.leaf('mp-group');
    must(await leaf.register(allEvents));
    must(await leaf.join(await group(ada)));
    expect(await leaf.hears('FD_CONNECT')).toBeNull();
  });

  it('[R46] [R112] completes for a sender alone, which hears nothing of the group', async () => {
    const { ada, bob } = cast;
    const name = await group(ada);
    const sender = await inGroup(ada, name, { flags: JL_SENDER_ONLY });
    const witness = await inGroup(ada, name);
    const other = await inGroup(bob, name);
    await sender.recorded();
    must(await other.send('for receivers'));
    expect(await witness.text()).toBe('for receivers');
    expect((await sender.recorded()).map(({ event }) => event)).not.toContain('FD_READ');
    expect(await sender.receive()).toMatchObject({ ok: false });
    must(await sender.send('from the sender'));
    expect(await other.text()).toBe('for receivers');
    expect(await other.text()).toBe('from the sender');
  });

  it('[R47] binds the socket to one group', async () => {
    const { ada } = cast;
    const [first, second] = [await group(ada), await group(ada)];
    const member = await inGroup(ada, first);
    expect(await member.join(second)).toMatchObject(refused('WSAEISCONN'));
  });
});

describe('a member of a group', () => {
  it('[R48] leaves by closing: it hears no more, and nobody is told', async () => {
    const { ada, bob, carol } = cast;
    const name = await group(ada);
    const [leaver, witness] = [await inGroup(ada, name), await inGroup(bob, name)];
    await witness.recorded();
    must(await leaver.close());
    await fenceInGroup(name, bob);
    expect(await witness.recorded()).toEqual([]);
    const sender = await inGroup(carol, name);
    must(await sender.send('after all'));
    expect(await witness.text()).toBe('after all');
    expect(await leaver.receive()).toMatchObject(refused('WSAENOTSOCK'));
  });
});
