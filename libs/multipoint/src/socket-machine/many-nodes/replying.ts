import type { SessionAddress } from '../../address.js';
import type { WsaCode } from '../../wsa.js';
import {
  nameIn,
  requestWaits,
  type Hand,
  type Held,
  type Question,
  type WaitingRequest,
} from './held.js';
import type { Truth } from './truth.js';
import type { Reply } from './world.js';

/** What a program holds after an answer of the arbiter. The end of a join is an effect of its own. */
export function afterReply(hand: Hand, truth: Truth, { call, result, session }: Reply): void {
  const question = hand.asked.get(call);
  hand.asked.delete(call);
  if (question === undefined || hand.lost) return;
  const { command } = question;
  if (command.verb === 'reject' && command.socket === null) return;
  const held = 'socket' in command ? hand.held.get(Number(command.socket)) : undefined;
  if (held === undefined) {
    if (command.verb === 'accept')
      child(hand, truth, { session, accepted: command.accepted, isMember: result.ok });
    return;
  }
  switch (command.verb) {
    case 'open':
      if (held.session === 'asked') opened(held, result.ok);
      if (result.ok && result.value.type === 'opened') {
        held.incarnation = result.value.incarnation;
        held.isLinked = true;
      }
      return;
    case 'listen':
      if (!result.ok && !question.listenedBefore) stopListening(held);
      return;
    case 'join':
      if (result.ok && result.value.type === 'started') started(held, call);
      return;
    case 'accept':
    case 'reject':
      answered(hand, truth, held, { question, call, code: result.ok ? null : result.error.code });
      return;
    case 'shutdown':
      if (result.ok && held.session !== 'none') {
        held.session = 'shut';
        held.listens = false;
      }
      return;
    case 'defer':
    case 'close':
      return;
  }
}

function opened(held: Held, isOpen: boolean): void {
  held.session = isOpen ? 'open' : 'none';
  if (isOpen) return;
  held.bound = null;
  held.shut = { send: false, receive: false };
}

function stopListening(held: Held): void {
  held.listens = false;
  held.waiting = [];
}

// R54: the arbiter says which join is the outstanding one.
function started(held: Held, call: number): void {
  if (held.kind !== 'root' || held.current === call) return;
  if (!held.joins.some((join) => join.call === call)) return;
  held.current = call;
  held.record.joinBegins();
}

interface Answered {
  readonly question: Question;
  readonly call: number;
  readonly code: WsaCode | null;
}

function answered(hand: Hand, truth: Truth, held: Held, { question, call, code }: Answered): void {
  const { command, session } = question;
  if (command.verb === 'accept') {
    child(hand, truth, { session, accepted: command.accepted, isMember: code === null });
  }
  const request = held.waiting.find(({ answer }) => answer === call);
  if (request === undefined) return;
  if (code === null || isForGood(code)) remove(held, request);
  else request.answer = null;
  held.record.look(requestWaits(held));
}

interface Child {
  readonly session: SessionAddress;
  readonly accepted: string;
  readonly isMember: boolean;
}

// R81: the new socket is there for good, or was never there.
function child(hand: Hand, truth: Truth, { session, accepted, isMember }: Child): void {
  const held = hand.held.get(Number(accepted));
  if (held === undefined) return;
  if (!isMember) {
    hand.held.delete(held.descriptor);
    return;
  }
  seat(hand, truth, held, session);
  if (held.seat === 'asked') held.seat = 'member';
}

/** A socket knows from now on where its data goes. */
export function seat(hand: Hand, truth: Truth, held: Held, session: SessionAddress): void {
  held.incarnation = truth.end(session, nameIn(hand, held))?.incarnation ?? 0;
  held.isLinked = true;
}

export function remove(held: Held, request: WaitingRequest): void {
  held.waiting.splice(held.waiting.indexOf(request), 1);
}

// R87, R86: the request is gone; after any other refusal it waits on and may be answered again.
const isForGood = (code: WsaCode): boolean =>
  code === 'WSAEACCES' || code === 'WSAEINVAL' || code === 'WSAENOTSOCK';
