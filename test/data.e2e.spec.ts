import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Joinleaf, Leaf, Link, ReceivedMessage, Root, Talking } from '@joinleaf/client';
import { startDeployment, type Deployment } from './deployment/deployment.js';
import { eventually, nextOf, within } from './deployment/eventually.js';

// What sockets say to one another past every service: session data in both planes, side chats, and the end.

let deployment: Deployment;
let ada: Joinleaf;
let bob: Joinleaf;
let carol: Joinleaf;

beforeAll(async () => {
  deployment = await startDeployment();
  [ada, bob, carol] = await Promise.all([
    deployment.connectNode('ada'),
    deployment.connectNode('bob'),
    deployment.connectNode('carol'),
  ]);
}, 60_000);

afterAll(async () => {
  await deployment.stop();
});

let rooms = 0;
let session: string;
beforeEach(() => {
  rooms += 1;
  session = `data-${String(rooms)}`;
});

interface Seat {
  readonly leaf: Leaf;
  readonly link: Link;
}

/** Ada's session, with Bob in it and then Carol. */
async function conference(
  data: 'rooted' | 'nonrooted',
): Promise<{ readonly root: Root; readonly bobs: Seat; readonly carols: Seat }> {
  const root = await ada.openRoot(session, { data });
  const bobs = await member(root, bob);
  return { root, bobs, carols: await member(root, carol) };
}

async function member(
  root: Root,
  node: Joinleaf,
  flags?: 'sender-only' | 'receiver-only',
): Promise<Seat> {
  const asking = node.joinLeaf(root.session, { flags });
  const request = await nextOf('somebody asks', root.requests());
  const accepted = await request.accept();
  const outcome = await asking;
  if (!accepted.ok || !outcome.ok) throw new Error('it was not let in');
  return { leaf: outcome.leaf, link: accepted.link };
}

type Ear = Pick<Talking, 'messages'>;

async function heard(ear: Ear, count: number): Promise<string[]> {
  const texts: string[] = [];
  if (count === 0) return texts;
  for await (const message of ear.messages()) {
    texts.push(`${message.node}${message.isChat ? ' aside' : ''}: ${message.text()}`);
    if (texts.length === count) break;
  }
  return texts;
}

const hears = (ear: Ear, count: number) => within('it is heard', heard(ear, count));

describe('a nonrooted data plane', () => {
  it('[R154] [R151] [R152] takes what one says to all others, and the root is one of them', async () => {
    const { root, bobs, carols } = await conference('nonrooted');
    await bobs.leaf.send('from bob');
    // Loopback is on: the sender hears itself (R155).
    for (const ear of [root, bobs.leaf, carols.leaf]) {
      expect(await hears(ear, 1)).toEqual(['bob: from bob']);
    }
    await root.send('from ada');
    for (const ear of [root, bobs.leaf, carols.leaf]) {
      expect(await hears(ear, 1)).toEqual(['ada: from ada']);
    }
  });

  it('[R157] keeps sessions apart, also two in a row at one address', async () => {
    const first = await conference('nonrooted');
    await first.root.send('to the first');
    expect(await hears(first.bobs.leaf, 1)).toEqual(['ada: to the first']);
    await first.root.close();
    const second = await conference('nonrooted');
    await second.root.send('to the second');
    expect(await hears(second.carols.leaf, 1)).toEqual(['ada: to the second']);
  });

  it('[R112] lets a sender hear nothing and a listener say nothing', async () => {
    const root = await ada.openRoot(session);
    const sender = await member(root, bob, 'sender-only');
    const listener = await member(root, carol, 'receiver-only');
    expect(listener.leaf.trySend('no')).toMatchObject({ code: 'WSAEOPNOTSUPP', rule: 'R112' });
    await sender.leaf.send('one');
    expect(await hears(listener.leaf, 1)).toEqual(['bob: one']);
    await root.close();
    expect(await within('it ends', heard(sender.leaf, 1))).toEqual([]);
  });
});

describe('a rooted data plane', () => {
  it('[R151] [R152] [R153] goes from the root to all and from a leaf to the root', async () => {
    const { root, bobs, carols } = await conference('rooted');
    await bobs.leaf.send('up');
    expect(await hears(root, 1)).toEqual(['bob: up']);
    await root.send('down');
    expect(await hears(bobs.leaf, 1)).toEqual(['ada: down']);
    // The first that Carol hears is the root's: what Bob said before was not for her.
    expect(await hears(carols.leaf, 1)).toEqual(['ada: down']);
  });
});

describe('a side chat', () => {
  it('[R161] [R72] is between a link and its leaf, and no session data', async () => {
    const { root, bobs, carols } = await conference('nonrooted');
    await bobs.link.send('psst');
    expect(await hears(bobs.leaf, 1)).toEqual(['ada aside: psst']);
    await bobs.leaf.send('what?', { chat: true });
    expect(await hears(bobs.link, 1)).toEqual(['bob aside: what?']);
    await root.send('to everybody');
    expect(await hears(carols.leaf, 1)).toEqual(['ada: to everybody']);
  });
});

describe('the end', () => {
  it('[R141] [R128] comes after what the root sent before it', async () => {
    const { root, bobs } = await conference('nonrooted');
    for (let n = 1; n <= 50; n += 1) await root.send(String(n));
    await root.close();
    const texts = await hears(bobs.leaf, 51);
    expect(texts).toHaveLength(50);
    expect(await within('it is over', bobs.leaf.over)).toEqual({ code: null, by: 'peer' });
  });

  it('[R142] is a reset when the other side breaks off', async () => {
    const { bobs } = await conference('nonrooted');
    await bobs.leaf.close({ abortive: true });
    expect(await within('it is over', bobs.link.over)).toEqual({
      code: 'WSAECONNRESET',
      by: 'peer',
    });
  });

  it('[R160] nothing is heard after leaving', async () => {
    const { root, bobs, carols } = await conference('nonrooted');
    await bobs.leaf.close();
    await within('the root knows', bobs.link.over);
    await root.send('late');
    expect(await hears(carols.leaf, 1)).toEqual(['ada: late']);
    expect(await hears(bobs.leaf, 1)).toEqual([]);
  });
});

describe('what is sent at once', () => {
  it('[R151] after an accept returned reaches the new member', async () => {
    const root = await ada.openRoot(session);
    for (let n = 1; n <= 20; n += 1) {
      const asking = bob.joinLeaf(session);
      const request = await nextOf('bob asks', root.requests());
      const accepted = await request.accept();
      root.trySend(`hello ${String(n)}`);
      const outcome = await asking;
      if (!accepted.ok || !outcome.ok) throw new Error('bob was not let in');
      expect(await hears(outcome.leaf, 1)).toEqual([`ada: hello ${String(n)}`]);
      await outcome.leaf.close();
    }
  });

  it('[R124] waits for room, and nothing is lost', async () => {
    const { root, bobs } = await conference('nonrooted');
    const big = 'x'.repeat(100_000);
    let refused = 0;
    while (root.trySend(big).ok && refused < 100) refused += 1;
    expect(root.trySend(big)).toMatchObject({
      code: 'WSAEWOULDBLOCK',
      rule: 'R124',
      message: expect.stringMatching(/still under way/),
    });
    await root.send('after all');
    const texts: ReceivedMessage[] = [];
    for await (const message of bobs.leaf.messages()) {
      texts.push(message);
      if (message.text() === 'after all') break;
    }
    expect(texts).toHaveLength(refused + 1);
    expect(texts.every(({ lostBefore }) => lostBefore === 0)).toBe(true);
  });

  it('[H15] is told to be lost where nobody takes it', async () => {
    const { root, bobs } = await conference('nonrooted');
    const before = bob.stats.dataHeard;
    for (let n = 0; n < 12; n += 1) await root.send('x'.repeat(200_000));
    await root.send('afterwards');
    await eventually('all of it has come', () => bob.stats.dataHeard === before + 13);
    const kept: ReceivedMessage[] = [];
    for await (const message of bobs.leaf.messages()) {
      kept.push(message);
      if (message.text() === 'afterwards') break;
    }
    expect(kept.map(({ lostBefore }) => lostBefore)).toEqual([0, 0, 0, 0, 0, 7]);
    const [told] = await Promise.all([
      nextOf('the loss is told', lossesOf(bobs.leaf)),
      bobs.leaf.close(),
    ]);
    expect(told).toBe(7);
  });
});

async function* lossesOf(leaf: Leaf): AsyncGenerator<number, undefined> {
  for await (const event of leaf.events()) if (event.type === 'DATA_LOST') yield event.count;
  return undefined;
}
