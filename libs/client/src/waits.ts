const waiting = new WeakMap<AbortSignal, Set<() => void>>();

/**
 * Calls `listener` when the signal is aborted; answers how to call that off. However many wait for one signal, it has one
 * listener: adding another takes a signal the longer the more it has.
 */
export function onAbort(signal: AbortSignal, listener: () => void): () => void {
  const listeners = waiting.get(signal) ?? listenTo(signal);
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
  };
}

function listenTo(signal: AbortSignal): Set<() => void> {
  const listeners = new Set<() => void>();
  waiting.set(signal, listeners);
  signal.addEventListener(
    'abort',
    () => {
      for (const listener of [...listeners]) listener();
    },
    { once: true },
  );
  return listeners;
}

/** Waits for a promise, unless the signal is aborted before: then its reason is thrown. */
export function abortable<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  if (signal.aborted) {
    promise.catch(ignore);
    return Promise.reject(signal.reason as Error);
  }
  const { promise: either, resolve, reject } = Promise.withResolvers<T>();
  const callOff = onAbort(signal, () => {
    reject(signal.reason);
  });
  promise.then(
    (value) => {
      callOff();
      resolve(value);
    },
    (error: unknown) => {
      callOff();
      reject(error);
    },
  );
  return either;
}

/** For promises whose failure is reported elsewhere, or to nobody. */
export const ignore = (): void => undefined;

/** A signal that is aborted with the first of these, until it is let go. */
export function eitherOf(signals: readonly AbortSignal[]): {
  readonly signal: AbortSignal;
  readonly letGo: () => void;
} {
  const either = new AbortController();
  const stops = signals.map((signal) => {
    const abort = () => {
      either.abort(signal.reason);
    };
    if (signal.aborted) abort();
    return onAbort(signal, abort);
  });
  const letGo = () => {
    for (const stop of stops) stop();
  };
  return { signal: either.signal, letGo };
}
