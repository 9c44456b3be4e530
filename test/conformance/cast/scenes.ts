import type { Remote } from '../bridge/line.js';
import { FD } from '../winsock.js';
import type { Actor, EntryName } from './actor.js';
import { must } from './answer.js';
import { fresh } from './cast.js';
import { Sock, type JoinWish } from './sock.js';

// What many tests begin with.

export const allEvents = Object.values(FD).reduce((all, bit) => all | bit, 0);
/** What others do: that there is room to send is not theirs. */
const news = allEvents & ~FD.FD_WRITE;

/** A session and its root, which listens and is registered for every event but FD_WRITE. */
export async function room(
  actor: Actor,
  entry: EntryName = 'mp-conference',
): Promise<{ readonly session: string; readonly root: Sock }> {
  const session = fresh('room');
  const root = await actor.root(session, entry);
  must(await root.listen());
  must(await root.register(news));
  return { session, root };
}

/**
 * A room with a policy that is not Winsock's own, which no call of Winsock sets: the root was opened by the other API of
 * the same node.
 */
export async function governed(
  actor: Actor,
  options: object,
): Promise<{ readonly session: string; readonly root: Sock; readonly handle: Remote }> {
  const session = fresh('room');
  const handle = (await actor.jl.call('openRoot', session, options)) as Remote;
  const root = new Sock(actor, (await handle.property('descriptor')) as number);
  must(await root.register(news));
  return { session, root, handle };
}

/** Both ends of a membership. */
export interface Pair {
  /** The root's c_leaf. */
  readonly link: Sock;
  /** The member's socket. */
  readonly leaf: Sock;
}

/** A leaf asks and is admitted; its FD_CONNECT has been heard. */
export async function admitted(
  root: Sock,
  session: string,
  actor: Actor,
  { entry = 'mp-conference', ...wish }: JoinWish & { readonly entry?: EntryName } = {},
): Promise<Pair> {
  const leaf = await actor.leaf(entry);
  must(await leaf.register(allEvents));
  must(await leaf.join(session, wish));
  await root.hears('FD_ACCEPT');
  const link = must(await root.accept()).socket;
  await connected(leaf);
  return { link, leaf };
}

/** A leaf that listens is invited and accepts; the root has heard FD_CONNECT. */
export async function invited(
  root: Sock,
  actor: Actor,
  { entry = 'mp-conference', ...wish }: JoinWish & { readonly entry?: EntryName } = {},
): Promise<Pair & { readonly listener: Sock; readonly address: string }> {
  const listener = await actor.listener(entry);
  must(await listener.register(allEvents));
  const link = must(await root.join(listener.address, wish)).socket;
  await listener.hears('FD_ACCEPT');
  const leaf = must(await listener.accept()).socket;
  await connected(root);
  return { link, leaf, listener, address: listener.address };
}

/** A member of a group, whose FD_CONNECT has been heard. */
export async function inGroup(
  actor: Actor,
  group: string,
  { entry = 'mp-group', ...wish }: JoinWish & { readonly entry?: EntryName } = {},
): Promise<Sock> {
  const leaf = await actor.leaf(entry);
  must(await leaf.register(allEvents));
  must(await leaf.join(group, wish));
  await connected(leaf);
  return leaf;
}

/** A group that is set up: by the operator, for JoinLeaf sets up none. */
export async function group(actor: Actor, policy: object = {}): Promise<string> {
  const name = `@${fresh('group')}`;
  await actor.jl.call('openGroup', name, policy);
  return name;
}

export async function connected(socket: Sock): Promise<void> {
  const code = await socket.hears('FD_CONNECT');
  if (code !== null) throw new Error(`the join failed: ${code}`);
}

/**
 * A fence: what this session told this node before now has been heard when it returns. The root invites an endpoint of
 * the node, which hears of it, and takes the invitation back.
 */
export async function fence(root: Sock, actor: Actor): Promise<void> {
  const listener = await actor.listener();
  must(await listener.register(FD.FD_ACCEPT));
  const link = must(await root.join(listener.address)).socket;
  await listener.hears('FD_ACCEPT');
  must(await link.close());
  must(await listener.close());
}

/** The same in a group: a socket of the node joins, and hears that it did. */
export async function fenceInGroup(name: string, actor: Actor): Promise<void> {
  must(await (await inGroup(actor, name)).close());
}
