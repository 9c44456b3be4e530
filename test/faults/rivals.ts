import { setTimeout as delay } from 'node:timers/promises';
import type { Chance } from '@joinleaf/sim';
import type { Json, RawNode } from '../deployment/raw-node.js';
import type { World } from './world.js';

// Programs that all want the same at the same moment, of one root, and what each of them is told.

const racers = 8;
const rounds = 8;
let rivalries = 0;

/** A root invites many at once, again and again; one invitation may be outstanding (R50). */
export async function raceAt(world: World, chance: Chance): Promise<readonly string[]> {
  return amongRivals(world, racers, async ({ host, guests, session }) => {
    const root = await openRoom(host, session, {});
    const wrong: string[] = [];
    for (let round = 1; round <= rounds; round += 1) {
      const links = guests.map(() => host.socket());
      const calls = guests.map(({ node }, index) => () => {
        const link = links[index] ?? '';
        return host.ask(session, 'join', { as: 'root', socket: root, leaf: `${node}:1`, link });
      });
      const order = calls.map((call) => ({ call, at: chance.next() })).sort((a, b) => a.at - b.at);
      const replies = await Promise.all(order.map(({ call }) => call()));
      const started = replies.filter(({ ok }) => ok === true).length;
      const busy = replies.filter(({ code }) => code === 'WSAEALREADY').length;
      if (started !== 1 || busy !== racers - 1) {
        wrong.push(`${String(started)} of ${String(racers)} rivals were started at ${session}`);
      }
      for (const link of links) await host.ask(session, 'close', { socket: link });
    }
    return wrong;
  });
}

interface Storm {
  /** Leaves that ask at once. */
  readonly asking: number;
  /** Whether the root closes in the middle. */
  readonly thenClose: boolean;
}

/** Many leaves ask one root at once: each of them gets an answer. */
export async function stormAt(
  world: World,
  chance: Chance,
  { asking, thenClose }: Storm,
): Promise<readonly string[]> {
  return amongRivals(world, racers, async ({ host, guests, session }) => {
    const root = await openRoom(host, session, { admit: 'ask' });
    const calls = Array.from({ length: asking }, async () => {
      const guest = chance.pick(guests);
      const socket = guest.socket();
      const local = `${guest.node}:${socket}`;
      return guest.ask(session, 'join', { as: 'leaf', socket, local });
    });
    if (thenClose) {
      await delay(chance.whole(0, 30));
      await host.ask(session, 'close', { socket: root });
    }
    const replies = await Promise.allSettled(calls);
    const mute = replies.filter(({ status }) => status === 'rejected').length;
    return mute === 0 ? [] : [`${String(mute)} of ${String(asking)} askers were told nothing`];
  });
}

interface Rivals {
  readonly host: RawNode;
  readonly guests: readonly RawNode[];
  readonly session: string;
}

async function amongRivals(
  { deployment }: World,
  count: number,
  work: (rivals: Rivals) => Promise<readonly string[]>,
): Promise<readonly string[]> {
  rivalries += 1;
  const suffix = String(rivalries);
  const names = Array.from({ length: count }, (_, index) => `rival-${suffix}-${String(index + 1)}`);
  const host = await deployment.connectRaw(`rivals-host-${suffix}`);
  const guests = await Promise.all(names.map((name) => deployment.connectRaw(name)));
  const all = [host, ...guests];
  await Promise.all(all.map((node) => node.start({ boundMs: 60_000 })));
  try {
    return await work({ host, guests, session: `rivalry-${suffix}` });
  } finally {
    await Promise.allSettled(all.map((node) => node.tell('stop')));
    await Promise.allSettled(all.map((node) => node.close()));
  }
}

async function openRoom(host: RawNode, session: string, policy: Json): Promise<string> {
  const root = host.socket();
  for (const [verb, body] of [
    ['open', { socket: root, policy }],
    ['listen', { socket: root, backlog: 5_000 }],
  ] as const) {
    const wish = { ...body, commandId: host.commandId() };
    let reply = await host.ask(session, verb, wish);
    // Where acknowledgements are lost besides, it takes a while to be known.
    for (let tries = 1; reply.retry === 'unknown' && tries < 20; tries += 1) {
      reply = await host.ask(session, verb, { ...wish, repeat: true });
    }
    if (reply.ok !== true) throw new Error(`${session}: ${verb}: ${JSON.stringify(reply)}`);
  }
  return root;
}
