import {
  acceptWaiting,
  deferWaiting,
  err,
  offeredAt,
  ok,
  rejectWaiting,
  socketAt,
  type Base64,
  type Socket,
  type Waiting,
  type WaitingKey,
  type WsaCode,
} from '@joinleaf/multipoint';
import { fillAddress, isRoomForAddress, type AddressRoom } from '../addresses.js';
import { answered } from '../answered.js';
import { waitFor } from '../blocking.js';
import { ask, callerOf, type ConditionFunction, type Verdict } from '../condition.js';
import { fault, type Outcome } from '../refusals.js';
import type { Thread } from '../thread.js';

export interface AcceptArguments {
  readonly addr: unknown;
  readonly addrlen: unknown;
  readonly lpfnCondition: unknown;
  readonly dwCallbackData: unknown;
}

/**
 * WSPAccept: takes the oldest request, after the condition function was asked about it (R80). See
 * `acceptWaiting` for what it answers; a blocking socket waits for a request (R86).
 */
export async function accept(thread: Thread, s: unknown, args: AcceptArguments): Promise<Outcome> {
  const refusal = thread.refusesOn(s);
  const socket = thread.socketOf(s);
  if (refusal !== null || socket === undefined) return err(refusal ?? fault);
  const { provider } = thread;
  const offered = offeredAt(provider.state, socket.descriptor).result;
  const cannotAccept = !offered.ok && !isAboutRequests(offered.error.code);
  if (!cannotAccept && !areReadable(args)) return err(fault);
  const mayWait = socket.mode === 'blocking';
  const look = () => takeOldest(thread, socket, { args, mayWait });
  const found = await waitFor(thread, { sockets: [socket.descriptor], look });
  if (found === null) return err(fault);
  return found.ok ? found.value.outcome : found;
}

// The others say that the socket accepts nothing at all, whatever the arguments are.
const isAboutRequests = (code: WsaCode): boolean =>
  code === 'WSAEWOULDBLOCK' || code === 'WSAEACCES' || code === 'WSAEMFILE';

function areReadable({ addr, addrlen, lpfnCondition }: AcceptArguments): boolean {
  const isCondition = isNull(lpfnCondition) || typeof lpfnCondition === 'function';
  return isCondition && (isNull(addr) || isRoomForAddress({ name: addr, namelen: addrlen }));
}

const isNull = (value: unknown): boolean => value === null || value === undefined;

interface Accepting {
  readonly args: AcceptArguments;
  readonly mayWait: boolean;
}

/** The end of an accept that found something to say. */
interface Found {
  readonly outcome: Outcome | Promise<Outcome>;
}

// null where nothing waits and the caller may.
function takeOldest(thread: Thread, { descriptor }: Socket, accepting: Accepting): Found | null {
  const { provider } = thread;
  const listener = socketAt(provider.state, descriptor);
  if (listener === undefined) return { outcome: err(fault) };
  const step = offeredAt(provider.state, descriptor);
  if (!step.result.ok) {
    if (step.result.error.code === 'WSAEWOULDBLOCK' && accepting.mayWait) return null;
    provider.take(step);
    return { outcome: step.result };
  }
  return { outcome: answerTo(thread, { listener, waiting: step.result.value }, accepting.args) };
}

interface Offer {
  readonly listener: Socket;
  readonly waiting: Waiting;
}

function answerTo(thread: Thread, offer: Offer, args: AcceptArguments): Outcome | Promise<Outcome> {
  const { listener, waiting } = offer;
  if (!hasAddressRoom(offer, args)) return err(fault);
  const verdict = verdictOn(thread, offer, args);
  const key: WaitingKey = { session: waiting.session, join: waiting.join };
  switch (verdict.answer) {
    case 'accept':
      return admit(thread, listener, { key, calleeData: verdict.calleeData });
    case 'reject':
      return reject(thread, listener, key);
    case 'defer':
      return defer(thread, listener, key);
    case 'none':
      if (verdict.hasThrown) thread.provider.counters.add('callbackErrors', 1);
      return err(verdict.why);
  }
}

// The caller's address is told whatever becomes of the request (R90, A20).
function hasAddressRoom({ waiting, listener }: Offer, { addr, addrlen }: AcceptArguments): boolean {
  const room: AddressRoom = { name: addr, namelen: addrlen };
  return isNull(addr) || fillAddress(callerOf(waiting, listener), room);
}

function verdictOn(
  thread: Thread,
  offer: Offer,
  { lpfnCondition, dwCallbackData: context }: AcceptArguments,
): Verdict {
  if (typeof lpfnCondition !== 'function') return { answer: 'accept', calleeData: null };
  const condition = lpfnCondition as ConditionFunction;
  return thread.inCondition(() => ask(condition, { ...offer, context }));
}

async function admit(
  thread: Thread,
  { descriptor: socket }: Socket,
  { key, calleeData }: { readonly key: WaitingKey; readonly calleeData: Base64 | null },
): Promise<Outcome> {
  const { provider } = thread;
  const accepted = provider.take(
    acceptWaiting(provider.state, { socket, waiting: key, calleeData }),
  );
  if (!accepted.ok) return accepted;
  const { call, descriptor } = accepted.value;
  const done = await answered(provider, call);
  if (done.ok) return ok(descriptor);
  if (socketAt(provider.state, descriptor) !== undefined) void provider.release(descriptor);
  return done;
}

async function reject(
  thread: Thread,
  { descriptor: socket }: Socket,
  waiting: WaitingKey,
): Promise<Outcome> {
  const { provider } = thread;
  const rejected = provider.take(rejectWaiting(provider.state, { socket, waiting }));
  if (!rejected.ok) return rejected;
  const done = await answered(provider, rejected.value.call);
  return done.ok ? err({ code: 'WSAECONNREFUSED', rule: 'R82' }) : done;
}

async function defer(
  { provider }: Thread,
  { descriptor: socket }: Socket,
  waiting: WaitingKey,
): Promise<Outcome> {
  const deferred = provider.take(deferWaiting(provider.state, { socket, waiting }));
  if (!deferred.ok) return deferred;
  await answered(provider, deferred.value.call);
  return err({ code: 'WSATRY_AGAIN', rule: 'R83' });
}
