import type { SessionAddress } from '../../address.js';
import type { WsaCode } from '../../wsa.js';
import type { Effect, Heard } from '../effect.js';
import { mustHold } from './calling.js';
import {
  holdsUp,
  waitingNow,
  nameIn,
  newHeld,
  requestWaits,
  take,
  type Hand,
  type Held,
} from './held.js';
import { hold, same } from './hold.js';
import { remove, seat } from './replying.js';
import type { JoinOnRecord, Truth } from './truth.js';
import type { Cause } from './world.js';

// What each socket may hear: of its own joins and memberships, what is on record of them, once.

type HeardEffect = Extract<Effect, { type: 'heard' }>;
type EndedEffect = Extract<Effect, { type: 'ended' }>;
type News<K extends Heard['kind']> = Extract<Heard, { kind: K }>;

/** R126 */
const connectCodes: readonly (WsaCode | null)[] = [
  null,
  'WSAEAFNOSUPPORT',
  'WSAECONNREFUSED',
  'WSAENETUNREACH',
  'WSAENOBUFS',
  'WSAETIMEDOUT',
];
/** R127 */
const closeCodes: readonly (WsaCode | null)[] = [
  null,
  'WSAECONNRESET',
  'WSAECONNABORTED',
  'WSAENETDOWN',
];

interface Happening<E> {
  readonly cause: Cause;
  readonly effect: E;
}

/** Something is told to a socket. */
export function heard(hand: Hand, truth: Truth, { cause, effect }: Happening<HeardEffect>): void {
  const held = hand.held.get(effect.socket);
  if (held === undefined) throw new Error('not true: R140: nothing is told to what is closed');
  const { what } = effect;
  switch (what.kind) {
    case 'FD_ACCEPT':
      waits(hand, held, truth, what);
      return;
    case 'FD_CONNECT':
      connected(hand, held, truth, { cause, what });
      return;
    case 'FD_CLOSE':
      closed(hand, held, truth, { cause, what });
      return;
    case 'WITHDRAWN':
      withdrawn(held, truth, { cause, what });
      return;
    case 'LINKED':
      linked(hand, held, truth, { cause, what });
      return;
    case 'ROOT_LOST':
    case 'ROOT_REPLACED':
      newsOfRoot(hand, held, truth, cause);
      held.isOrphan = what.kind === 'ROOT_LOST';
      held.isRelinked ||= what.kind === 'ROOT_REPLACED';
      return;
    case 'FD_QOS':
      throw new Error('not true: R107: nobody has asked for a flow');
    case 'FD_READ':
      hold(held.isLinked, 'R30: nothing is heard before success');
      held.unread += 1;
      return;
    case 'FD_WRITE':
      return;
  }
}

// R29, R36, R27: who was asked hears of it, and nobody else does.
function waits(hand: Hand, held: Held, truth: Truth, { session, join }: News<'FD_ACCEPT'>): void {
  const asked = truth.join(session, join);
  if (asked === undefined) throw new Error('not true: R36: FD_ACCEPT is of a join on record');
  hold(held.listens, 'R29: FD_ACCEPT comes to a listening socket');
  const isAsked = asked.kind === 'invitation' ? held.bound === asked.at : held.bound === session;
  hold(isAsked, 'R27: whoever was asked hears FD_ACCEPT');
  const before = held.waiting.find((one) => one.session === session && one.join === join);
  hold(before === undefined, 'R122: one FD_ACCEPT for each request');
  // R23: a c_root's backlog is counted by the arbiter, which knows what is being answered.
  const isFull = held.kind === 'leaf' && waitingNow(held) >= held.backlog;
  hold(!isFull, 'R23: what meets a full backlog is refused');
  held.waiting.push({ session, join, deferred: false, answer: null, withdrawn: false });
  held.record.look(requestWaits(held));
}

interface Told<K extends Heard['kind']> {
  readonly cause: Cause;
  readonly what: News<K>;
}

function connected(
  hand: Hand,
  held: Held,
  truth: Truth,
  { cause, what }: Told<'FD_CONNECT'>,
): void {
  const join = ofCaller(hand, held, truth, { cause, id: what.join });
  hold(connectCodes.includes(what.code), 'R126: FD_CONNECT has a code of the texts');
  same(what.code ?? 'success', join.outcome, 'R67: FD_CONNECT tells the outcome on record');
  join.connects += 1;
  same(join.connects, 1, 'R125: a join is announced once');
  held.record.joinEnded(what.code);
  if (what.code !== null) return;
  const { session } = join;
  const link = what.link === null ? undefined : hand.held.get(what.link);
  if (held.kind === 'leaf') seat(hand, truth, held, session);
  if (link !== undefined) seat(hand, truth, link, session);
}

interface OfCaller {
  readonly cause: Cause;
  readonly id: News<'FD_CONNECT'>['join'];
}

// R38, R66: the outcome is announced on the socket that called.
function ofCaller(hand: Hand, held: Held, truth: Truth, { cause, id }: OfCaller): JoinOnRecord {
  hold(cause.type === 'news', 'R125: FD_CONNECT is what the log tells');
  const session = cause.type === 'news' ? cause.told.session : null;
  const join = session === null ? undefined : truth.join(session, id);
  if (join === undefined) throw new Error('not true: R125: FD_CONNECT is of a join on record');
  same(nameIn(hand, held), join.caller, 'R66: FD_CONNECT comes to the socket that called');
  return join;
}

// R129, R131, R136, R137: an end of a membership hears once that it is over, and how.
function closed(hand: Hand, held: Held, truth: Truth, { cause, what }: Told<'FD_CLOSE'>): void {
  hold(closeCodes.includes(what.code), 'R127: FD_CLOSE has a code of the texts');
  if (cause.type === 'lost') {
    hold(held.seat !== 'over', 'R129: FD_CLOSE comes once');
    if (held.kind === 'leaf') held.listens = false;
  } else {
    // It may have waited for messages that were sent before it (R128).
    const isTold = cause.type === 'news' || cause.type === 'message' || cause.type === 'drained';
    hold(isTold, 'R129: FD_CLOSE is what the log tells');
    const end = truth.end((held.of ?? '') as SessionAddress, nameIn(hand, held));
    if (end === undefined) throw new Error('not true: R129: FD_CLOSE comes after success only');
    same(end.owed, { code: what.code }, 'R127: FD_CLOSE tells how the membership ended');
    end.closes += 1;
    same(end.closes, 1, 'R129: FD_CLOSE comes once to each end');
    // An accept may still wait for its answer (A27); a join may not: its FD_CONNECT came before.
    const isIn = held.seat === 'member' || (held.seat === 'asked' && held.joins.length === 0);
    // What waits for messages (R128) still comes, although the program has shut the socket down by then.
    const waited = held.hasLeft && cause.type !== 'news';
    hold(isIn || waited, 'R129: FD_CLOSE comes after success only');
  }
  held.seat = held.kind === 'root' ? held.seat : 'over';
  held.ended = { code: what.code };
  held.record.connectionEnded(what.code);
}

// R87, R139, R145: it waited here, and does so no more.
function withdrawn(held: Held, truth: Truth, { cause, what }: Told<'WITHDRAWN'>): void {
  const { session, join } = what;
  const request = held.waiting.find((one) => one.session === session && one.join === join);
  if (request === undefined) throw new Error('not true: what is withdrawn has waited here');
  hold(!request.withdrawn, 'R139: a request is withdrawn once');
  const isOver = truth.join(session, join)?.outcome !== 'waits';
  // Who listens with a shorter backlog turns the excess away, and the log learns of it later (R22).
  hold(isOver || cause.type === 'call', 'R139: what is withdrawn is over');
  if (cause.type !== 'news') {
    remove(held, request);
    return;
  }
  const heldUpOthers = holdsUp(held, request);
  if (request.answer === null) request.withdrawn = true;
  else remove(held, request);
  forgetOldest(held);
  if (heldUpOthers) held.record.arm(requestWaits(held));
  else held.record.look(requestWaits(held));
}

// There are never more kept that are over than may wait.
function forgetOldest(held: Held): void {
  const over = held.waiting.filter(({ withdrawn: isOver }) => isOver);
  for (const request of over.slice(0, Math.max(over.length - held.backlog, 0)))
    remove(held, request);
}

// H2: the arbiter let a leaf in, and the root has a socket for it.
function linked(hand: Hand, held: Held, truth: Truth, { cause, what }: Told<'LINKED'>): void {
  hold(cause.type === 'news', 'H2: LINKED is what the log tells');
  if (cause.type !== 'news' || cause.told.kind !== 'LINKED') return;
  const { session, link: name } = cause.told;
  hold(truth.end(session, name) !== undefined, 'H2: a link is an end of a membership');
  const serial = name.split('/')[2] ?? '';
  const { entry } = held;
  const record = held.record.child();
  const { link: descriptor } = what;
  const birth = { descriptor, kind: 'child', isLink: true, entry, record, serial } as const;
  const link = newHeld({ ...birth, seat: 'member', of: session, bound: session });
  take(hand, link);
  seat(hand, truth, link, session);
}

// H23: members hear of it, over what they have, and go on.
function newsOfRoot(hand: Hand, held: Held, truth: Truth, cause: Cause): void {
  hold(cause.type === 'news', 'H23: the log tells of a root');
  if (cause.type !== 'news') return;
  const end = truth.end(cause.told.session, nameIn(hand, held));
  hold(end !== undefined, 'H23: a member is told of its root');
  hold(held.seat === 'member' || held.seat === 'asked', 'H23: a member is told of its root');
}

/** A JoinLeaf has ended: each that went out does so once. */
export function joinEnded(
  hand: Hand,
  truth: Truth,
  { cause, effect }: Happening<EndedEffect>,
): void {
  const { call, socket, end } = effect;
  // Who is closed has its joins cancelled, without another word (R140, R145, R146).
  if (cause.type === 'call') {
    hold(!end.ok && end.error.code === 'WSAEINTR', 'R140: to close is to cancel');
    if (!hand.held.has(socket)) {
      failChildren(hand, call);
      return;
    }
  }
  const held = mustHold(hand, socket);
  const join = held.joins.find((one) => one.call === call);
  if (join === undefined) throw new Error('not true: R125: a join ends once');
  held.joins.splice(held.joins.indexOf(join), 1);
  if (held.current === call) held.current = null;
  const child = join.link === null ? undefined : hand.held.get(join.link);
  if (end.ok) {
    const record = truth.joins.find(
      ({ session, id }) => session === join.session && id === end.value.join,
    );
    same(record?.outcome, 'success', 'R30: a join succeeds when the log says so');
    const member = child ?? held;
    member.seat = 'member';
    member.of = join.session;
    return;
  }
  if (held.kind === 'leaf' && held.seat === 'asked') held.seat = 'none';
  if (child === undefined) return;
  // R70: a refusal leaves no descriptor; what failed later can be closed (R69).
  if (cause.type === 'reply' && !cause.reply.result.ok) hand.held.delete(child.descriptor);
  else child.seat = 'failed';
  // R132: a root that shuts down gives up its join, whose outcome may be on its way.
  child.isCalledOff = end.error.code === 'WSAESHUTDOWN';
}

function failChildren(hand: Hand, call: number): void {
  for (const held of hand.held.values()) {
    if (held.madeBy === call && held.seat === 'asked') held.seat = 'failed';
  }
}
