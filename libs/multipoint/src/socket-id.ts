declare const socketText: unique symbol;
/**
 * One socket in the world: `ada/1k3f9x/7`, its node, the node's incarnation and its serial. The serial
 * is the descriptor where the node made the socket, and the join's id where the arbiter did (`J7`).
 */
export type SocketId = string & { readonly [socketText]: true };

export interface SocketParts {
  readonly node: string;
  readonly incarnation: string;
  readonly serial: string;
}

const serialGrammar = /^J?[1-9]\d{0,8}$/;
const incarnationGrammar = /^[a-z0-9]{4,32}$/;
// The three in one: every message names sockets.
const socketGrammar = /^[A-Za-z0-9_-]{1,64}\/[a-z0-9]{4,32}\/J?[1-9]\d{0,8}$/;

export const isSerial = (text: string): boolean => serialGrammar.test(text);
export const isIncarnation = (text: string): boolean => incarnationGrammar.test(text);

/** Names a socket. The parts have been checked at the edge that received them. */
export const socketId = ({ node, incarnation, serial }: SocketParts): SocketId =>
  `${node}/${incarnation}/${serial}` as SocketId;

export const isSocketId = (text: string): text is SocketId => socketGrammar.test(text);

export function socketParts(id: SocketId): SocketParts {
  const [node = '', incarnation = '', serial = ''] = id.split('/');
  return { node, incarnation, serial };
}

/** Whether a socket belongs to this run of a node; `incarnation` null means any run of it. */
export function livesOn(id: SocketId, node: string, incarnation: string | null): boolean {
  return id.startsWith(incarnation === null ? `${node}/` : `${node}/${incarnation}/`);
}

/** The same question about many sockets and one run. */
export function livesOnRun(node: string, incarnation: string): (id: SocketId) => boolean {
  const prefix = `${node}/${incarnation}/`;
  return (id) => id.startsWith(prefix);
}

/** Whether a serial is the arbiter's to give: no program may bring such a socket along. */
export const isMadeByArbiter = (id: SocketId): boolean => id.includes('/J');

/** The link that the arbiter itself makes when no root program was there to make one. */
export function linkMadeFor(root: SocketId, join: string): SocketId {
  const { node, incarnation } = socketParts(root);
  return socketId({ node, incarnation, serial: join });
}
