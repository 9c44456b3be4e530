import { err, socketAt, type Descriptor, type Refusal, type Socket } from '@joinleaf/multipoint';
import { JoinleafError } from '../errors.js';
import type { Provider } from '../provider.js';
import type { Door } from './door.js';
import { isWhole } from './memory.js';
import type { Outcome, Refused } from './refusals.js';
import { fault, tell } from './refusals.js';

/** A call that waits, until it has its outcome. */
export interface Blocked {
  /** Ends it; does nothing once the operation has its outcome (R149). */
  readonly cancel: (why: Refusal) => void;
}

const notStarted: Refusal = { code: 'WSANOTINITIALISED', rule: 'E18' };

/** What one procedure table knows: it plays one thread of a program. */
export class Thread {
  readonly #blocked: Blocked[] = [];
  #isOver = false;
  #isInCondition = false;

  readonly #door: Door | null;

  /** @param door - null for a node that there is none of: nothing can be asked of it. */
  constructor(door: Door | null) {
    this.#door = door;
  }

  get door(): Door {
    if (this.#door === null) throw new Error('this table was not started');
    return this.#door;
  }

  get provider(): Provider {
    return this.door.provider;
  }

  /** Calls that answer at once. Whatever happens, the answer is a number. */
  now(lpErrno: unknown, failure: number, call: () => Outcome): number {
    return ended(lpErrno, failure, attempt(call));
  }

  /** Calls that may wait. */
  async later(
    lpErrno: unknown,
    failure: number,
    call: () => Outcome | Promise<Outcome>,
  ): Promise<number> {
    try {
      return ended(lpErrno, failure, await call());
    } catch (error) {
      return ended(lpErrno, failure, err(refusalOf(error)));
    }
  }

  /** Why this table can be asked nothing more (E18). */
  stopped(): Refusal | null {
    return this.#isStopped() ? notStarted : null;
  }

  /** Why no call can be made now: WSANOTINITIALISED (E18), or WSAEINPROGRESS in a condition function (E5). */
  refuses(): Refusal | null {
    return this.stopped() ?? this.#isBusy();
  }

  /** The same for a call on a socket, which comes before what is wrong with the moment: WSAENOTSOCK (E13). */
  refusesOn(s: unknown): Refusal | null {
    const stopped = this.stopped();
    if (stopped !== null) return stopped;
    if (this.socketOf(s) === undefined) return { code: 'WSAENOTSOCK', rule: 'E13' };
    return this.#isBusy();
  }

  socketOf(s: unknown): Socket | undefined {
    return isDescriptor(s) ? socketAt(this.provider.state, s) : undefined;
  }

  /** Runs a condition function: all that this table is asked meanwhile is refused (E5). */
  inCondition<T>(run: () => T): T {
    this.#isInCondition = true;
    try {
      return run();
    } finally {
      this.#isInCondition = false;
    }
  }

  /** Notes a call that waits; answers what to call when it does not any more. */
  block(blocked: Blocked): () => void {
    this.#blocked.push(blocked);
    return () => {
      const index = this.#blocked.indexOf(blocked);
      if (index >= 0) this.#blocked.splice(index, 1);
    };
  }

  /** WSPCancelBlockingCall: the latest call that waits ends with WSAEINTR (R148). */
  cancelLatest(): Refusal | null {
    const stopped = this.stopped();
    if (stopped !== null) return stopped;
    const latest = this.#blocked.at(-1);
    if (latest === undefined) return { code: 'WSAEINVAL', rule: 'R148' };
    latest.cancel({ code: 'WSAEINTR', rule: 'E4' });
    return null;
  }

  /** WSPCleanup: what waits is cancelled, and nothing more can be asked of this table (E18). */
  cleanUp(): Refusal | null {
    const refusal = this.refuses();
    if (refusal !== null) return refusal;
    this.#isOver = true;
    for (const { cancel } of [...this.#blocked]) cancel({ code: 'WSAEINTR', rule: 'E4' });
    return null;
  }

  #isBusy(): Refusal | null {
    return this.#isInCondition ? { code: 'WSAEINPROGRESS', rule: 'E5' } : null;
  }

  // A node that lost its place still lets its sockets be read and closed (H10).
  #isStopped(): boolean {
    if (this.#isOver || this.#door === null) return true;
    try {
      this.provider.check();
      return false;
    } catch (error) {
      return error instanceof JoinleafError && error.code === 'WSANOTINITIALISED';
    }
  }
}

const isDescriptor = (s: unknown): s is Descriptor => isWhole(s, 1, Number.MAX_SAFE_INTEGER);

function attempt(call: () => Outcome): Outcome {
  try {
    return call();
  } catch (error) {
    return err(refusalOf(error));
  }
}

function ended(lpErrno: unknown, failure: number, outcome: Outcome): number {
  tell(lpErrno, outcome.ok ? null : outcome.error);
  return outcome.ok ? outcome.value : failure;
}

/** What the transport does to a call. */
export function refusalOf(error: unknown): Refused {
  if (!(error instanceof JoinleafError)) return fault;
  const { code, message } = error;
  if (code === 'WSANOTINITIALISED') return { code, rule: 'E18', message };
  if (code === 'WSAENETRESET') return { code, rule: 'H10', message };
  // Nobody answered, or nobody knows: the network subsystem failed (E2).
  return { code: 'WSAENETDOWN', rule: 'E2', message };
}
