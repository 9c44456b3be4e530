// The people of the specs. Ada keeps the session conf-7; Bob, Carol and Dave are leaves, each on a node
// of their own.
import { nodeAddress, type NodeAddress, type SessionAddress } from '../address.js';
import type { JoinId } from '../event.js';
import { socketId, type SocketId } from '../socket-id.js';

export interface Person {
  /** The socket that asks, or that accept returned. */
  readonly socket: SocketId;
  readonly at: NodeAddress;
  /** Ada's link for this person. */
  readonly link: SocketId;
  readonly listener: SocketId;
}

export const socket = (node: string, serial: number | string, incarnation = 'run1'): SocketId =>
  socketId({ node, incarnation, serial: String(serial) });

const person = (node: string, link: number): Person => ({
  socket: socket(node, 1),
  at: nodeAddress(node, 1),
  link: socket('ada', link),
  listener: socket(node, 9),
});

export const root = socket('ada', 1);
export const bob = person('bob', 12);
export const carol = person('carol', 13);
export const dave = person('dave', 14);
/** The arbiter's own link for a join. */
export const madeLink = (join: JoinId): SocketId => socket('ada', join);

export const at = 1_000;
export const conf = 'conf-7' as SessionAddress;
export const news = '@news' as SessionAddress;

/** What is unusual about one of them. */
export type Some<T> = Partial<Omit<T, 'type'>>;
