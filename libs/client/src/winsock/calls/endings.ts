import {
  closeSocket,
  err,
  ok,
  setOptions,
  shutdownSocket,
  socketAt,
  type Descriptor,
  type Refusal,
  type Result,
  type Shutdown,
} from '@joinleaf/multipoint';
import { ignore } from '../../waits.js';
import { answered } from '../answered.js';
import { waitFor } from '../blocking.js';
import { SD_BOTH, SD_RECEIVE, SD_SEND } from '../numbers/calls.js';
import { invalid, type Outcome } from '../refusals.js';
import type { Thread } from '../thread.js';

const directions = new Map<unknown, Shutdown['how']>([
  [SD_RECEIVE, 'receive'],
  [SD_SEND, 'send'],
  [SD_BOTH, 'both'],
]);

/** WSPShutdown: see `shutdownSocket`. Any other `how` is WSAEINVAL (R143). */
export async function shutDown(thread: Thread, s: unknown, how: unknown): Promise<Outcome> {
  const refusal = thread.refusesOn(s);
  if (refusal !== null) return err(refusal);
  const direction = directions.get(how);
  if (direction === undefined) return err(invalid('R143'));
  const socket = s as Descriptor;
  const { provider, door } = thread;
  const shut = provider.take(shutdownSocket(provider.state, { socket, how: direction }));
  door.wake(socket);
  if (!shut.ok) return shut;
  const done = await answered(provider, shut.value.call);
  return done.ok ? ok(0) : done;
}

/**
 * WSPCloseSocket: see `closeSocket`. The descriptor is released at once, unless a blocking socket lingers: then
 * when everything is sent, or without it when the time is up (R142). The session is told in the
 * background; the call ends when it knows, or after a call's time.
 */
export async function close(thread: Thread, s: unknown): Promise<Outcome> {
  const refusal = thread.refusesOn(s);
  if (refusal !== null) return err(refusal);
  const socket = s as Descriptor;
  const { provider } = thread;
  const { result } = closeSocket(provider.state, socket);
  if (!result.ok) return result;
  if (lingerMsOf(thread, socket) > 0 && isSending(thread, socket)) {
    const lingered = await linger(thread, socket);
    if (!lingered.ok) return lingered;
  }
  await provider.close(socket).catch(ignore);
  return ok(0);
}

/** How often a lingering close looks whether everything is sent. */
const lookEveryMs = 10;

async function linger(thread: Thread, socket: Descriptor): Promise<Result<null, Refusal>> {
  const until = performance.now() + lingerMsOf(thread, socket);
  while (isSending(thread, socket)) {
    const leftMs = until - performance.now();
    if (leftMs <= 0) return abort(thread, socket);
    const pause = await waitFor(thread, {
      sockets: [socket],
      look: () => (isSending(thread, socket) ? null : true),
      withinMs: Math.min(leftMs, lookEveryMs),
    });
    if (pause?.ok === false) return pause;
  }
  return ok(null);
}

const lingerMsOf = ({ provider }: Thread, socket: Descriptor): number =>
  (socketAt(provider.state, socket)?.options.lingerSeconds ?? 0) * 1_000;

const isSending = ({ provider }: Thread, socket: Descriptor): boolean =>
  (socketAt(provider.state, socket)?.traffic.underWay ?? 0) > 0;

function abort({ provider }: Thread, socket: Descriptor): Result<null, Refusal> {
  return provider.take(setOptions(provider.state, { socket, options: { lingerSeconds: 0 } }));
}
