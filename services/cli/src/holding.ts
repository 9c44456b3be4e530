import { setTimeout as delay } from 'node:timers/promises';
import type { Joinleaf } from '@joinleaf/client';
import { exitCodes, type ExitCode } from './exit-codes.js';
import type { Narrator } from './narrator.js';

export interface Holding {
  readonly jl: Joinleaf;
  readonly narrator: Narrator;
  readonly interrupted: AbortSignal;
  /** Milliseconds; undefined until somebody ends it. */
  readonly forMs: number | undefined;
  /** Something of its own that ends it, with the exit code. */
  readonly over?: Promise<ExitCode> | undefined;
}

/** Waits until it is enough: the time is over, somebody presses Ctrl-C, or the node is fenced. */
export async function hold(holding: Holding): Promise<ExitCode> {
  const { jl, narrator, interrupted, forMs, over } = holding;
  const stop = new AbortController();
  const fenced = jl.closed.then(({ reason, code, message }): ExitCode => {
    if (reason !== 'fenced') return exitCodes.fine;
    narrator.tell({ event: 'fenced', words: message, fields: { code, message }, tone: 'bad' });
    return exitCodes.failure;
  });
  try {
    return await Promise.race([
      fenced,
      whenAborted(interrupted).then(() => exitCodes.interrupted),
      ...(forMs === undefined ? [] : [after(forMs, stop.signal)]),
      ...(over === undefined ? [] : [over]),
    ]);
  } finally {
    stop.abort();
  }
}

const after = (ms: number, signal: AbortSignal): Promise<ExitCode> =>
  delay(ms, exitCodes.fine, { signal }).catch(() => exitCodes.fine);

function whenAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      resolve();
    };
    if (signal.aborted) done();
    else signal.addEventListener('abort', done, { once: true });
  });
}
