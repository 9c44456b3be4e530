import type { SessionAddress } from '../../address.js';
import type { AdmissionPolicy } from '../../policy.js';
import type { MultipointFlag, protocols } from '../protocol.js';
import type { NetworkEvent } from '../watch.js';
import { inFront, type Hand, type Held } from './held.js';
import type { CallOf, ProgramCall } from './program-call.js';
import type { Reference } from './reference.js';
import type { NodeWorld, World } from './world.js';

// What may happen, by numbers: a verb, a node, and two numbers for the choices that are left. The same
// numbers mean about the same when others before them are taken away, so that failures shrink.

export interface Act {
  readonly verb: string;
  readonly node: number;
  readonly a: number;
  readonly b: number;
}

export const group = '@news' as SessionAddress;
export const names = ['ada', 'bob', 'cy'] as const;

const pick = <T>(from: readonly T[], at: number): T => {
  const found = from[at % from.length];
  if (found === undefined) throw new Error('nothing to pick from');
  return found;
};

type Draw = (hand: Hand, a: number, b: number) => ProgramCall;

const creations: readonly (readonly [keyof typeof protocols, readonly MultipointFlag[]])[] = [
  ['mp-conference', ['c_leaf', 'd_leaf']],
  ['mp-conference', ['c_root', 'd_leaf']],
  ['mp-group', ['c_leaf', 'd_leaf']],
  ['mp-rooted', ['c_root', 'd_root']],
  ['mp-rooted', ['c_leaf', 'd_leaf']],
  ['mp-conference', []],
  ['mp-group', ['c_root', 'd_leaf']],
  ['mp-conference', ['c_root', 'd_root']],
  ['mp-conference', ['c_leaf']],
];

export const policies: readonly Partial<AdmissionPolicy>[] = [
  {},
  { admit: 'auto' },
  { capacity: 1 },
  { identity: { kind: 'replace-old' } },
  { admit: 'auto', identity: { kind: 'replace-old' }, capacity: 2 },
  { identity: { kind: 'allow', max: 2 }, deny: ['cy'] },
  { rootLoss: 'linger', lingerMs: 30_000 },
  { rootLoss: 'elect-oldest', lingerMs: 30_000 },
];

const endpoints = names.flatMap((name) => [`${name}:1`, `${name}:2`]);
const addresses = ['conf-7', 'conf-8', ...endpoints];
const amiss = ['*:1', '*:2', 'ada:any', 'bob:0', 'eve:1', group, '@nobody', 'no such', 'ada:99999'];

// Most sockets that are named are open; now and then it is one that was, or never will be.
function socketOf(hand: Hand, a: number): number {
  const open = [...hand.held.keys()];
  if (a % 12 === 11 || open.length === 0) return pick([0, 1, 2, 99], a);
  return pick(open, a);
}

/** A socket for which the call may well make sense, if there is one. */
function fitting(hand: Hand, a: number, verb: string): number {
  if (a % 4 === 3) return socketOf(hand, a);
  const open = [...hand.held.values()];
  const sensible = open.filter((held) => {
    const { kind, listens, seat, bound, record } = held;
    if (verb === 'join') return kind === 'root' || (kind === 'leaf' && !listens && seat === 'none');
    if (verb === 'answer') return hasWaiting(held);
    if (verb === 'enumerate') return record.object !== null;
    if (verb === 'traffic') return seat === 'member' || (kind === 'root' && bound !== null);
    return verb === 'bind' ? bound === null : bound !== null && kind !== 'child';
  });
  return sensible.length === 0 ? socketOf(hand, a) : pick(sensible, a).descriptor;
}

function nameToJoin(hand: Hand, socket: number, b: number): string {
  if (b % 8 === 7) return pick([...amiss, ...addresses], b);
  const held = hand.held.get(socket);
  if (held?.kind === 'root') return pick(['bob:1', 'bob:1', ...endpoints], b);
  return held?.entry.control === 'nonrooted' ? group : pick(['conf-7', 'conf-7', 'conf-8'], b);
}

function addressToBind(hand: Hand, socket: number, b: number): string {
  if (b % 8 === 7) return pick([...amiss, ...addresses], b);
  const isRoot = hand.held.get(socket)?.kind === 'root';
  if (isRoot) return pick(['conf-7', 'conf-8'], b);
  return pick([`${hand.node}:1`, `${hand.node}:2`, '*:1', `${hand.node}:any`], b);
}

const masks: readonly (readonly NetworkEvent[])[] = [
  ['FD_ACCEPT', 'FD_CONNECT', 'FD_CLOSE'],
  ['FD_ACCEPT'],
  ['FD_CONNECT', 'FD_CLOSE'],
  [],
];

const calls: Readonly<Record<string, Draw>> = {
  create: (_hand, a) => {
    const [entry, flags] = pick(creations, a);
    return { verb: 'create', entry, flags };
  },
  bind: (hand, a, b): CallOf<'bind'> => {
    const socket = fitting(hand, a, 'bind');
    const bind = { verb: 'bind', socket, address: addressToBind(hand, socket, b) } as const;
    return hand.held.get(socket)?.kind === 'root'
      ? { ...bind, policy: pick(policies, a + b) }
      : bind;
  },
  listen: (hand, a, b) => ({
    verb: 'listen',
    socket: fitting(hand, a, 'listen'),
    backlog: (b % 4) - 1,
  }),
  join: (hand, a, b) => {
    const socket = fitting(hand, a, 'join');
    const deadlineMs = b % 2 === 0 ? null : 1_000;
    return { verb: 'join', socket, name: nameToJoin(hand, socket, b), deadlineMs };
  },
  accept: (hand, a) => ({ verb: 'accept', socket: fitting(hand, a, 'answer') }),
  reject: (hand, a) => ({ verb: 'reject', socket: fitting(hand, a, 'answer') }),
  defer: (hand, a) => ({ verb: 'defer', socket: fitting(hand, a, 'answer') }),
  close: (hand, a) => ({ verb: 'close', socket: socketOf(hand, a) }),
  shutdown: (hand, a, b) => ({
    verb: 'shutdown',
    socket: socketOf(hand, a),
    how: pick(['both', 'send', 'receive'] as const, b),
  }),
  select: (hand, a, b) => ({
    verb: 'select',
    socket: socketOf(hand, a),
    object: b % 3,
    mask: pick(masks, b),
  }),
  send: (hand, a, b) => ({
    verb: 'send',
    socket: fitting(hand, a, 'traffic'),
    length: b === 15 ? 524_289 : b > 10 ? 200_000 : 8,
    chat: b % 4 === 3,
  }),
  receive: (hand, a) => ({ verb: 'receive', socket: fitting(hand, a, 'traffic') }),
  enumerate: (hand, a) => ({ verb: 'enumerate', socket: fitting(hand, a, 'enumerate') }),
};

type Move = (world: World, node: NodeWorld, a: number, b: number) => void;

const moves: Readonly<Record<string, Move>> = {
  'the arbiter decides': (world, node, a) => void world.decideNext(node, a),
  'an answer comes': (world, node, a) => void world.replyNext(node, a),
  'news comes': (world, node) => void world.newsNext(node),
  'a message comes': (world, node, a) => void world.messageNext(node, a),
  'the broker has it': (world, node) => void world.takenNext(node),
  'all was waited for': (world, node) => void world.drainedNext(node),
  'all arrives': (world) => {
    world.settle();
  },
  'time passes': (world, _node, a) => {
    world.tick(a % 2 === 0 ? 2_000 : 40_000);
  },
  'the group ends': (world, _node, a) => {
    if (a < 3) world.closeGroup(group);
    else world.openGroup(group);
  },
  'somebody succeeds a root': (world, node, a) => {
    const session = world.session('conf-7' as SessionAddress);
    if (session.phase !== 'open' || session.vacancy === null) return;
    const flags = session.data === 'rooted' ? ['c_root', 'd_root'] : ['c_root', 'd_leaf'];
    const entry = session.data === 'rooted' ? 'mp-rooted' : 'mp-conference';
    const made = world.call(node, { verb: 'create', entry, flags: flags as MultipointFlag[] });
    const socket = made.ok ? made.value.descriptor : null;
    if (socket === null) return;
    world.call(node, { verb: 'bind', socket, address: 'conf-7' });
    if (a % 4 > 0) world.call(node, { verb: 'listen', socket, backlog: 2 });
  },
  restart: (world, node, a, b) => {
    if (a + b < 8) world.restart(node);
  },
  'is given up': (world, node, a, b) => {
    if (a + b < 8) world.declareLost(node);
  },
};

export const verbs = [...Object.keys(calls), ...Object.keys(moves)];

// Where something can come of it: most of the time a node is meant at which there is something to do.
function meant(world: World, reference: Reference, { verb, node, b }: Act): NodeWorld {
  const busy = b % 4 === 3 ? [] : world.nodes.filter((one) => hasToDo(one, reference, verb));
  return pick(busy.length > 0 ? busy : world.nodes, node);
}

function hasToDo(node: NodeWorld, reference: Reference, verb: string): boolean {
  switch (verb) {
    case 'the arbiter decides':
      return node.questions.length > 0;
    case 'an answer comes':
      return node.replies.length > 0;
    case 'news comes':
      return node.news.length > 0;
    case 'a message comes':
      return [...node.messages.values()].some(({ length }) => length > 0);
    case 'accept':
    case 'reject':
    case 'defer':
      return [...reference.hand(node).held.values()].some(hasWaiting);
    default:
      return false;
  }
}

const hasWaiting = (held: Held): boolean => held.listens && inFront(held) !== undefined;

/** Does what the numbers say. */
export function play(world: World, reference: Reference, act: Act): void {
  const { verb, a, b } = act;
  const node = meant(world, reference, act);
  const draw = calls[verb];
  if (draw === undefined) moves[verb]?.(world, node, a, b);
  else world.call(node, draw(reference.hand(node), a, b));
}
