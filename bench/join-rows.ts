import type { Joinleaf } from '@joinleaf/client';
import type { SessionAddress } from '@joinleaf/multipoint';
import type { ProgramNode } from './program-node.js';

const backlog = 4_096;
const portMax = 65_535;

/** Sockets and ports that no operation has used before. */
class Serials {
  #count = 10;

  next(): { readonly socket: string; readonly port: number } {
    this.#count += 1;
    return { socket: String(this.#count), port: (this.#count % portMax) + 1 };
  }
}

const serials = new Serials();
/** Policies of sessions that one node joins more often than it has ports. */
export const everyEndpointOften = { kind: 'allow', max: 1_000 } as const;

export interface Sessions {
  readonly addresses: readonly SessionAddress[];
  /** Joins that were answered with success, over all rounds. */
  joined: number;
}

/** Opens sessions that admit everybody at once. */
export async function openAuto(
  root: ProgramNode,
  prefix: string,
  count: number,
): Promise<Sessions> {
  const addresses = Array.from({ length: count }, (_, i) => `${prefix}-${String(i)}`);
  const open = async (session: SessionAddress) => {
    const { socket } = serials.next();
    const policy = { admit: 'auto', identity: everyEndpointOften } as const;
    await root.command(session, 'open', { socket, policy });
    await root.command(session, 'listen', { socket, backlog });
  };
  for (const address of addresses) await open(address as SessionAddress);
  return { addresses: addresses as SessionAddress[], joined: 0 };
}

/** One leaf joins, by one command; the reply says that it is a member. */
export function autoJoin(node: ProgramNode, sessions: Sessions): () => Promise<void> {
  let turn = 0;
  return async () => {
    const session = sessions.addresses[turn % sessions.addresses.length];
    turn += 1;
    if (session === undefined) throw new Error('there is no session');
    const { socket, port } = serials.next();
    const local = `${node.name}:${String(port)}` as never;
    const { answer } = await node.command(session, 'join', { as: 'leaf', socket, local });
    if (answer.type !== 'joined') throw new Error(`join was answered ${answer.type}`);
    sessions.joined += 1;
  };
}

export interface Pair {
  readonly root: ProgramNode;
  readonly leaf: ProgramNode;
  readonly session: SessionAddress;
}

/** Starts so many pairs of nodes, with a session each. */
export async function openWaitingRooms(
  start: (name: string) => Promise<ProgramNode>,
  count: number,
): Promise<readonly Pair[]> {
  const pairs: Pair[] = [];
  for (let i = 0; i < count; i += 1) {
    const name = `${String(count)}-${String(i)}`;
    const [root, leaf] = [await start(`root-${name}`), await start(`leaf-${name}`)];
    const pair = { root, leaf, session: `room-${name}` as SessionAddress };
    await openWaitingRoom(pair);
    pairs.push(pair);
  }
  return pairs;
}

/** Opens a session whose root's program accepts whoever asks. */
async function openWaitingRoom(pair: Pair): Promise<void> {
  const { root, session } = pair;
  const { socket } = serials.next();
  const policy = { identity: everyEndpointOften, joinDeadlineMs: 60_000 } as const;
  await root.command(session, 'open', { socket, policy });
  await root.command(session, 'listen', { socket, backlog });
  root.onNotification(socket, (notification) => {
    if (notification.kind !== 'FD_ACCEPT') return;
    const { join } = notification;
    const { socket: accepted } = serials.next();
    void root.command(session, 'accept', { join, socket, accepted });
  });
}

/** A leaf asks, the root hears FD_ACCEPT and accepts, the leaf hears FD_CONNECT. */
export function handshake(
  pairs: readonly Pair[],
  counted: Sessions,
): (worker: number) => Promise<void> {
  return async (worker) => {
    const pair = pairs[worker];
    if (pair === undefined) throw new Error('there is no pair for this worker');
    const { leaf, session } = pair;
    const { socket, port } = serials.next();
    const connected = Promise.withResolvers<undefined>();
    leaf.onNotification(socket, (notification) => {
      if (notification.kind !== 'FD_CONNECT') return;
      if (notification.code === null) connected.resolve(undefined);
      else connected.reject(new Error(`FD_CONNECT ${notification.code}`));
    });
    const local = `${leaf.name}:${String(port)}` as never;
    await leaf.command(session, 'join', { as: 'leaf', socket, local });
    await connected.promise;
    leaf.forget(socket);
    counted.joined += 1;
  };
}

/** The same as `autoJoin` through the TypeScript client, up to FD_CONNECT in the program's hands. */
export function clientJoin(clients: readonly Joinleaf[], sessions: Sessions): () => Promise<void> {
  let turn = 0;
  return async () => {
    const session = sessions.addresses[turn % sessions.addresses.length];
    const client = clients[turn % clients.length];
    turn += 1;
    if (session === undefined || client === undefined) throw new Error('there is nobody to join');
    const outcome = await client.joinLeaf(session);
    if (!outcome.ok) throw new Error(outcome.message);
    sessions.joined += 1;
  };
}
