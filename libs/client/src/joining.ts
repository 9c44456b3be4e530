import type { CallId, Descriptor, JoinId } from '@joinleaf/multipoint';
import type { Reply } from '@joinleaf/wire';
import type { CallOptions, Refused } from './api.js';
import { fromBase64 } from './connect-data.js';
import { JoinleafError } from './errors.js';
import type { Ended, Provider } from './provider.js';
import { refusedHere, refusedThere } from './refused.js';

export interface JoinCall {
  readonly call: CallId;
  /** What closing cancels the join with: the link at a root, the leaf itself. */
  readonly descriptor: Descriptor;
  readonly session: string;
}

export interface Started {
  /** null when the call itself was refused. */
  readonly id: JoinId | null;
  readonly deadlineAt: number | null;
}

export interface Joining<T> {
  readonly started: Promise<Started>;
  /** Never rejects. */
  readonly connected: Promise<T | Refused>;
}

export interface Success {
  readonly join: JoinId;
  readonly calleeData: Uint8Array | null;
}

/**
 * Follows a JoinLeaf that was just sent: to its answer, and to its one end, whichever comes first (A26).
 * Aborting it, or not learning its outcome, takes it back: what stands for it is closed.
 */
export function followJoin<T>(
  provider: Provider,
  { call, descriptor, session }: JoinCall,
  { options, joined }: { readonly options: CallOptions; readonly joined: (success: Success) => T },
): Joining<T> {
  const { promise: connected, resolve: conclude } = Promise.withResolvers<T | Refused>();
  const { promise: started, resolve: start, reject: fail } = Promise.withResolvers<Started>();
  const takeBack = () => {
    void provider.release(descriptor);
  };
  const { signal } = options;
  const abort = () => {
    takeBack();
    fail(signal?.reason);
  };
  signal?.addEventListener('abort', abort, { once: true });
  let isOvertaken = false;
  provider.onEnd(call, (ended) => {
    signal?.removeEventListener('abort', abort);
    const { end, notice } = ended;
    const id = end.ok ? end.value.join : end.error.join;
    // An FD_CONNECT that overtakes the answer says all that the answer would have said.
    isOvertaken = notice !== null;
    if (isOvertaken) start({ id, deadlineAt: null });
    if (end.ok) {
      const { join, calleeData } = end.value;
      conclude(joined({ join, calleeData: fromBase64(calleeData) }));
    } else {
      conclude(refusalOf(end.error, ended, session));
      takeBack();
    }
  });
  const failed = (error: unknown) => {
    if (!isOvertaken) takeBack();
    fail(error);
  };
  provider.answer(call).then(startedBy).then(start, failed);
  return { started, connected };
}

function startedBy(reply: Reply): Started {
  if (!reply.ok) return { id: null, deadlineAt: null };
  const { answer } = reply;
  if (answer.type === 'started') return { id: answer.join, deadlineAt: answer.deadlineAt };
  if (answer.type === 'joined') return { id: answer.join, deadlineAt: null };
  throw new JoinleafError('WSAEFAULT', 'the answer is none to a join', 'unknown');
}

type JoinFailed = Extract<Ended['end'], { readonly ok: false }>['error'];

function refusalOf(error: JoinFailed, { notice, reply }: Ended, session: string): Refused {
  if (reply !== null) return refusedThere(reply);
  const { rule, join } = error;
  const event = notice?.id ?? null;
  // A root whose invitation was cancelled may ask again on the same socket (R145).
  const retry = rule === 'R145' ? ({ retry: 'same-socket' } as const) : {};
  return refusedHere(error, { session, join, event, ...retry });
}
