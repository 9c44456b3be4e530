import { err, socketAt, type Descriptor, type Refusal, type Result } from '@joinleaf/multipoint';
import { refusalOf, type Thread } from './thread.js';

const timerMsMax = 2_147_483_647;

interface Waiting<T> {
  readonly sockets: readonly Descriptor[];
  /** Tries once: null as long as the call has to wait. */
  readonly look: () => T | null;
  /** Gives up after so many milliseconds. */
  readonly withinMs?: number;
}

/**
 * Tries, and tries again whenever something happens to one of these sockets, until there is an outcome.
 *
 * @returns What `look` found; null when the time is up; WSAEINTR when the call is cancelled (E4) or one of the
 *   sockets is closed (R140), WSANOTINITIALISED at the end of the node (E18).
 */
export function waitFor<T>(
  thread: Thread,
  { sockets, look, withinMs = Infinity }: Waiting<T>,
): Promise<Result<T, Refusal> | null> {
  const first = look();
  if (first !== null) return Promise.resolve({ ok: true, value: first });
  if (!(withinMs > 0)) return Promise.resolve(null);
  const { promise, resolve } = Promise.withResolvers<Result<T, Refusal> | null>();
  let isOver = false;
  const end = (result: Result<T, Refusal> | null) => {
    isOver = true;
    unwatch();
    unblock();
    clearTimeout(timer);
    resolve(result);
  };
  const lookAgain = () => {
    if (isOver) return;
    const why = whyOver(thread, sockets);
    if (why !== null) {
      end(err(why));
      return;
    }
    try {
      const found = look();
      if (found !== null) end({ ok: true, value: found });
    } catch (error) {
      end(err(refusalOf(error)));
    }
  };
  const cancel = (why: Refusal) => {
    if (!isOver) end(err(why));
  };
  const unwatch = thread.door.watch(sockets, lookAgain);
  const unblock = thread.block({ cancel });
  const timer = withinMs > timerMsMax ? undefined : setTimeout(end, withinMs, null);
  return promise;
}

function whyOver(thread: Thread, sockets: readonly Descriptor[]): Refusal | null {
  const stopped = thread.stopped();
  if (stopped !== null) return stopped;
  const { state } = thread.provider;
  const isClosed = sockets.some((socket) => socketAt(state, socket) === undefined);
  return isClosed ? { code: 'WSAEINTR', rule: 'R140' } : null;
}
