/** Waits for a promise, unless the signal is aborted before: then its reason is thrown. */
export function abortable<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  return new Promise((resolve, reject) => {
    const abort = () => {
      reject(signal.reason as Error);
    };
    if (signal.aborted) {
      promise.catch(ignore);
      abort();
      return;
    }
    signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => {
      signal.removeEventListener('abort', abort);
    });
  });
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
    signal.addEventListener('abort', abort, { once: true });
    return () => {
      signal.removeEventListener('abort', abort);
    };
  });
  const letGo = () => {
    for (const stop of stops) stop();
  };
  return { signal: either.signal, letGo };
}
