import type { WsaCode } from '../../wsa.js';
import { backlogMax } from '../../opening.js';
import type { NodeSockets } from '../node-sockets.js';
import { socketAt } from '../node-sockets.js';
import { heldFor, inFront, newHeld, requestWaits, take, type Hand, type Held } from './held.js';
import { hold, same } from './hold.js';
import type { Given, ProgramCall } from './program-call.js';

/** What a program holds after a call that succeeded. */
export function afterCall(hand: Hand, call: ProgramCall, given: Given, state: NodeSockets): void {
  if (call.verb === 'create') {
    take(hand, heldFor(must(given.descriptor), call.entry, call.flags));
    return;
  }
  const held = mustHold(hand, call.socket);
  switch (call.verb) {
    case 'bind':
      if (held.kind === 'root') held.session = 'asked';
      held.bound = held.kind === 'root' ? call.address : localOf(state, held);
      return;
    case 'listen':
      held.listens = true;
      held.backlog = Math.min(Math.max(call.backlog, 1), backlogMax);
      held.bound = held.kind === 'root' ? held.bound : localOf(state, held);
      return;
    case 'join':
      joinBegins(held, hand, given, state);
      return;
    case 'accept':
    case 'reject':
      answering(hand, held, given);
      return;
    case 'defer': {
      const front = inFront(held);
      if (front !== undefined) front.deferred = true;
      return;
    }
    case 'close':
      hand.held.delete(held.descriptor);
      return;
    case 'shutdown':
      held.shut = {
        send: held.shut.send || call.how !== 'receive',
        receive: held.shut.receive || call.how !== 'send',
      };
      if (held.kind === 'root' || call.how === 'receive') return;
      held.seat = 'over';
      held.hasLeft = true;
      return;
    case 'select':
      held.record.select(call.object, call.mask, requestWaits(held));
      return;
    case 'send':
    case 'receive':
      return;
    case 'enumerate':
      same(given.recorded, held.record.now, 'R120: enumerating answers what is recorded');
      held.record.clear();
      return;
  }
}

/** A refusal leaves everything as it was, but for an accept that found nothing to take. */
export function afterRefusal(hand: Hand, call: ProgramCall, code: WsaCode): void {
  if (call.verb !== 'accept' && call.verb !== 'reject' && call.verb !== 'defer') return;
  const held = hand.held.get(call.socket);
  if (held === undefined || (code !== 'WSAEWOULDBLOCK' && code !== 'WSAEACCES')) return;
  // R87: what was withdrawn is spoken of once.
  const front = inFront(held);
  if (front?.withdrawn === true) held.waiting.splice(held.waiting.indexOf(front), 1);
  held.record.arm(requestWaits(held));
}

function joinBegins(held: Held, hand: Hand, given: Given, state: NodeSockets): void {
  const call = must(given.call);
  const descriptor = must(given.descriptor);
  if (held.kind !== 'root') {
    // R39, R14: a c_leaf's join is its own, and binds it.
    same(descriptor, held.descriptor, 'R39: JoinLeaf on a c_leaf makes no new socket');
    held.bound = localOf(state, held);
    held.seat = 'asked';
    held.joins.push({ call, session: joinedBy(hand, call), link: null });
    held.record.joinBegins();
    return;
  }
  const bound = boundOf(state, held);
  if (held.bound === null) held.session = 'asked';
  held.bound = bound;
  held.joins.push({ call, session: bound, link: descriptor });
  if (held.current === null) {
    held.current = call;
    held.record.joinBegins();
  }
  const { entry } = held;
  const record = held.record.child();
  take(
    hand,
    newHeld({
      isLink: true,
      descriptor,
      kind: 'child',
      entry,
      seat: 'asked',
      of: bound,
      madeBy: call,
      record,
      bound,
    }),
  );
}

function answering(hand: Hand, held: Held, { call, descriptor }: Given): void {
  const front = inFront(held);
  if (front === undefined) throw new Error('nothing waits, and yet it was answered');
  front.answer = must(call);
  if (descriptor !== null) {
    const { entry } = held;
    const record = held.record.child();
    const { session } = front;
    const { dataRole } = held;
    const part = held.kind === 'root' ? { isLink: true } : { dataRole };
    const birth = {
      descriptor,
      kind: 'child',
      entry,
      seat: 'asked',
      of: session,
      ...part,
    } as const;
    take(hand, newHeld({ ...birth, madeBy: call, record, bound: session }));
  }
  held.record.arm(requestWaits(held));
}

const must = <T>(value: T | null): T => {
  if (value === null) throw new Error('not true: a call that succeeded says with what');
  return value;
};

export function mustHold(hand: Hand, descriptor: number): Held {
  const held = hand.held.get(descriptor);
  if (held === undefined) throw new Error(`not true: descriptor ${String(descriptor)} is open`);
  return held;
}

const joinedBy = (hand: Hand, call: number): string => {
  const question = hand.asked.get(call);
  hold(question !== undefined, 'R63: a join goes out with the call');
  return question?.session ?? '';
};

// What Winsock leaves to the provider, a port or a name that it draws, is read from the socket.
const localOf = (state: NodeSockets, { descriptor }: Held): string | null => {
  const socket = socketAt(state, descriptor);
  return socket !== undefined && 'local' in socket ? socket.local : null;
};

const boundOf = (state: NodeSockets, { descriptor }: Held): string => {
  const socket = socketAt(state, descriptor);
  const isBound = socket?.kind === 'root' && socket.phase.name !== 'unbound';
  return isBound ? socket.phase.address : '';
};
