import {
  cancelJoin,
  err,
  ok,
  socketAt,
  type CallId,
  type Descriptor,
  type Refusal,
  type Socket,
} from '@joinleaf/multipoint';
import type { Ended, Provider } from '../../provider.js';
import { answered, refusedBy } from '../answered.js';
import { waitFor } from '../blocking.js';
import type { Outcome } from '../refusals.js';
import type { Thread } from '../thread.js';
import type { CalleeRoom } from './callee-data.js';

export interface StartedJoin {
  /** The socket that JoinLeaf was called with, as it was then. */
  readonly socket: Socket;
  readonly call: CallId;
  /** What JoinLeaf returns. */
  readonly descriptor: Descriptor;
  readonly room: CalleeRoom;
}

/**
 * Follows a JoinLeaf that was just sent. A nonblocking call ends with the arbiter's answer (R63), a blocking
 * one with the outcome (R114).
 */
export function followJoin(thread: Thread, started: StartedJoin): Promise<Outcome> {
  const ended = endOf(thread.provider, started);
  const answer = answered(thread.provider, started.call);
  return started.socket.mode === 'blocking'
    ? untilOutcome(thread, started, { ended, answer })
    : untilAnswer(thread.provider, started, { ended, answer });
}

interface Following {
  readonly ended: Promise<Ended>;
  readonly answer: ReturnType<typeof answered>;
}

// The callee data is there before anybody hears of the outcome (R96).
function endOf(provider: Provider, { call, room }: StartedJoin): Promise<Ended> {
  const { promise, resolve } = Promise.withResolvers<Ended>();
  provider.onEnd(call, (ended) => {
    room.fill(ended.end.ok ? ended.end.value.calleeData : null);
    resolve(ended);
  });
  return promise;
}

async function untilAnswer(
  provider: Provider,
  { descriptor, socket }: StartedJoin,
  { ended, answer }: Following,
): Promise<Outcome> {
  // An FD_CONNECT that overtakes the answer says that the call was taken (A26); a close before it is an end.
  const overtaken = ended.then((end): Outcome => {
    return end.notice === null && !end.end.ok ? failure(end) : ok(descriptor);
  });
  const outcome = await Promise.race([overtaken, answer]);
  if (outcome.ok) return ok(descriptor);
  letGo(provider, { descriptor, socket });
  return outcome;
}

async function untilOutcome(
  thread: Thread,
  { descriptor, socket, call }: StartedJoin,
  { ended, answer }: Following,
): Promise<Outcome> {
  const { provider } = thread;
  const cancelled: Refusal[] = [];
  const unblock = thread.block({
    cancel: (why) => {
      cancelled.push(why);
      takeBack(provider, { descriptor, socket, call });
    },
  });
  const failed = answer.then((reply) => (reply.ok ? ended.then(outcomeOf) : reply));
  const outcome = await Promise.race([ended.then(outcomeOf), failed]);
  unblock();
  if (!outcome.ok) {
    letGo(provider, { descriptor, socket });
    return err(outcome.error.code === 'WSAEINTR' ? (cancelled[0] ?? outcome.error) : outcome.error);
  }
  const usable = await untilUsable(thread, descriptor);
  return usable?.ok === false ? usable : ok(descriptor);
}

const outcomeOf = (ended: Ended): Outcome => (ended.end.ok ? ok(0) : failure(ended));

function failure({ end, reply }: Ended): Outcome {
  if (reply !== null) return err(refusedBy(reply));
  if (end.ok) return ok(0);
  const { code, rule, facts } = end.error;
  return err(facts === undefined ? { code, rule } : { code, rule, facts });
}

interface Taken {
  readonly socket: Socket;
  readonly descriptor: Descriptor;
}

// A c_root's new descriptor is nobody's when the call has failed; a c_leaf is its program's (R70).
function letGo(provider: Provider, { socket, descriptor }: Taken): void {
  if (descriptor === socket.descriptor) return;
  if (socketAt(provider.state, descriptor) !== undefined) void provider.release(descriptor);
}

function takeBack(
  provider: Provider,
  { socket, descriptor, call }: Taken & { call: CallId },
): void {
  if (descriptor === socket.descriptor) {
    provider.take(cancelJoin(provider.state, { socket: descriptor, call }), {
      timeoutMs: Infinity,
    });
  } else {
    letGo(provider, { socket, descriptor });
  }
}

// The answer can say that a join succeeded before FD_CONNECT tells where its data goes (A26).
function untilUsable(thread: Thread, descriptor: Descriptor) {
  const look = () => {
    const socket = socketAt(thread.provider.state, descriptor);
    const isAnnounced =
      socket?.kind !== 'leaf' || socket.phase.name !== 'joined' || socket.phase.announced;
    return isAnnounced ? true : null;
  };
  return waitFor(thread, { sockets: [descriptor], look });
}
