import type { WsaCode } from '../../wsa.js';
import { protocols } from '../protocol.js';
import { holderOf, inFront, portOf, type Hand, type Held } from './held.js';
import type { CallOf, ProgramCall } from './program-call.js';

// Which calls may succeed, by Winsock's rules alone: what a program holds, and what it has heard so far,
// tells the answer to its next call. What the arbiter says to it later is not part of this.

export type Answer = WsaCode | 'ok';

/** What a call must answer at once. */
export function answerTo(hand: Hand, call: ProgramCall): Answer {
  if (call.verb === 'create') return hand.lost ? 'WSAENETRESET' : toCreate(hand, call);
  const held = hand.held.get(call.socket);
  if (held === undefined) return 'WSAENOTSOCK';
  // What a lost run recorded can be read, and its sockets can be closed.
  if (call.verb === 'close') return 'ok';
  if (call.verb === 'select' || call.verb === 'enumerate') return toObserve(held);
  if (hand.lost) return 'WSAENETRESET';
  switch (call.verb) {
    case 'bind':
      return toBind(hand, held, call);
    case 'listen':
      return toListen(hand, held);
    case 'join':
      return toJoin(hand, held, call);
    case 'accept':
      return toAnswer(held) === 'ok' && isFull(hand) ? 'WSAEMFILE' : toAnswer(held);
    case 'reject':
    case 'defer':
      return toAnswer(held);
    case 'shutdown':
      return toShutDown(held);
    case 'send':
      return toSend(held, call);
    case 'receive':
      return toReceive(held);
  }
}

/** Whether a call may answer this: a receive may also find a message, whatever else it would say. */
export const mayAnswer = (hand: Hand, call: ProgramCall, answer: Answer): boolean => {
  const expected = answerTo(hand, call);
  const canRead = expected === 'WSAEWOULDBLOCK' || hand.held.get(callee(call))?.isLinked === true;
  return answer === expected || (call.verb === 'receive' && answer === 'ok' && canRead);
};

const callee = (call: ProgramCall): number => ('socket' in call ? call.socket : 0);

const sendBufferBytes = 262_144;
const messageBytesMax = 524_288;

// Where nobody had to be asked, the answer says that it is in, and FD_CONNECT that it can be used (R43): until
// then it waits for room. R65, R69, R124, R143, R158, R159, R162, H16.
function toSend(held: Held, { length, chat }: CallOf<'send'>): Answer {
  if (held.kind === 'plain') return 'WSAENOTCONN';
  if (held.shut.send || held.session === 'shut') return 'WSAESHUTDOWN';
  if (held.ended !== null) return held.ended.code ?? 'WSAENOTCONN';
  if (held.kind === 'root' ? held.session !== 'open' : held.seat !== 'member') return 'WSAENOTCONN';
  if (!held.isLinked) return 'WSAEWOULDBLOCK';
  const isAlone = held.kind === 'root' || held.entry.control === 'nonrooted' || held.isOrphan;
  if (chat && isAlone) return 'WSAEOPNOTSUPP';
  if (length > messageBytesMax) return 'WSAEMSGSIZE';
  const isFull = held.underWay > 0 && held.underWay + length > sendBufferBytes;
  return isFull ? 'WSAEWOULDBLOCK' : 'ok';
}

// R65, R143, R158, R159: what is answered where nothing is to be read.
function toReceive(held: Held): Answer {
  if (held.kind === 'plain') return 'WSAENOTCONN';
  if (held.shut.receive) return 'WSAESHUTDOWN';
  if (isUnfinished(held)) return 'WSAENOTCONN';
  if (held.ended !== null) return held.ended.code ?? 'WSAEDISCON';
  if (!held.isLinked) return held.seat === 'member' ? 'WSAEWOULDBLOCK' : 'WSAENOTCONN';
  return held.shut.send ? 'WSAEDISCON' : 'WSAEWOULDBLOCK';
}

const isFull = ({ held, descriptorMax }: Hand): boolean => held.size >= descriptorMax;

// R65, R69: what a join or an accept returned is good for nothing but close until it has succeeded.
const isUnfinished = ({ kind, seat }: Held): boolean =>
  kind === 'child' && (seat === 'asked' || seat === 'failed');

// R2, R4, R10.
function toCreate(hand: Hand, { entry, flags }: CallOf<'create'>): Answer {
  const { control, data } = protocols[entry];
  const count = (kind: string): number => flags.filter((flag) => flag.startsWith(kind)).length;
  const isOneOfEach = count('c_') === 1 && count('d_') === 1;
  const isRootOfNothing =
    (flags.includes('c_root') && control === 'nonrooted') ||
    (flags.includes('d_root') && data === 'nonrooted');
  if (flags.length > 0 && (!isOneOfEach || isRootOfNothing)) return 'WSAEINVAL';
  return isFull(hand) ? 'WSAEMFILE' : 'ok';
}

type Family = 'node' | 'session' | 'group';

function familyOf(text: string): Family | null {
  if (/^@[\w-]{1,64}$/.test(text)) return 'group';
  if (/^[\w-]{1,64}$/.test(text)) return 'session';
  const [, port] = /^(?:[\w-]{1,64}|\*):(any|0|[1-9]\d{0,4})$/.exec(text) ?? [];
  return port !== undefined && (port === 'any' || Number(port) < 65_536) ? 'node' : null;
}

// R11, R12, R13, E9.
function toBind(hand: Hand, held: Held, { address }: CallOf<'bind'>): Answer {
  if (held.kind === 'child') return held.seat === 'asked' ? 'WSAENOTCONN' : 'WSAEINVAL';
  if (held.bound !== null) return 'WSAEINVAL';
  const family = familyOf(address);
  if (family !== (held.kind === 'root' ? 'session' : 'node')) return 'WSAEFAULT';
  if (held.kind === 'root') return 'ok';
  const [node = '', port = ''] = address.split(':');
  if (node !== '*' && node !== hand.node) return 'WSAEADDRNOTAVAIL';
  const isTaken = node !== '*' && holderOf(hand, port) !== undefined;
  return isTaken ? 'WSAEADDRINUSE' : 'ok';
}

// R16: a wildcard becomes an address when it is used, and may then turn out to be taken.
const isTakenByNow = (hand: Hand, { bound }: Held): boolean =>
  bound?.startsWith('*') === true && holderOf(hand, bound.slice(2)) !== undefined;

// R17, R18, R24, R65, R143, A22.
function toListen(hand: Hand, held: Held): Answer {
  switch (held.kind) {
    case 'plain':
      return 'WSAEOPNOTSUPP';
    case 'child':
      return isUnfinished(held) ? 'WSAENOTCONN' : 'WSAEISCONN';
    case 'root':
      if (held.session === 'shut') return 'WSAESHUTDOWN';
      return held.bound === null ? 'WSAEINVAL' : 'ok';
    case 'leaf':
      if (held.entry.control === 'nonrooted') return 'WSAEOPNOTSUPP';
      if (held.bound === null || held.seat === 'asked') return 'WSAEINVAL';
      if (held.seat === 'member' || held.seat === 'over') return 'WSAEISCONN';
      return isTakenByNow(hand, held) ? 'WSAEADDRINUSE' : 'ok';
  }
}

// R1, R50, R57, R62, E1, E7, E9, A22.
function toJoin(hand: Hand, held: Held, { name }: CallOf<'join'>): Answer {
  if (held.kind === 'plain') return 'WSAEINVAL';
  if (isUnfinished(held)) return 'WSAENOTCONN';
  if (held.kind === 'child') return 'WSAEISCONN';
  if (held.kind === 'leaf' && held.listens) return 'WSAEINVAL';
  const family = name.startsWith('*') ? null : familyOf(name);
  if (family === null) return 'WSAEFAULT';
  if (held.kind === 'root') {
    if (held.session === 'shut') return 'WSAESHUTDOWN';
    if (family !== 'node') return 'WSAEAFNOSUPPORT';
    if (portOf(name) === '0' || portOf(name) === 'any') return 'WSAEADDRNOTAVAIL';
    return isFull(hand) ? 'WSAEMFILE' : 'ok';
  }
  if (held.seat === 'asked') return 'WSAEALREADY';
  if (held.seat === 'member' || held.seat === 'over') return 'WSAEISCONN';
  if (family !== (held.entry.control === 'rooted' ? 'session' : 'group')) return 'WSAEAFNOSUPPORT';
  return isTakenByNow(hand, held) ? 'WSAEADDRINUSE' : 'ok';
}

// R24, R65, R86, R87.
function toAnswer(held: Held): Answer {
  if (held.kind === 'child' && held.seat === 'asked') return 'WSAENOTCONN';
  if (held.kind === 'leaf' && held.entry.control === 'nonrooted') return 'WSAEOPNOTSUPP';
  if (!held.listens) return 'WSAEINVAL';
  const front = inFront(held);
  if (front === undefined) return 'WSAEWOULDBLOCK';
  return front.withdrawn ? 'WSAEACCES' : 'ok';
}

// R143.
function toShutDown(held: Held): Answer {
  if (held.kind === 'root') return held.bound === null ? 'WSAENOTCONN' : 'ok';
  return held.seat === 'member' ? 'ok' : 'WSAENOTCONN';
}

const toObserve = (held: Held): Answer => (isUnfinished(held) ? 'WSAENOTCONN' : 'ok');
