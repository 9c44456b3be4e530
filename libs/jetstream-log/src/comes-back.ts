import { StreamUnreachable } from './trouble.js';

// Not every one of the client's error classes is exported; each has its name.
const transient: ReadonlySet<string> = new Set([
  'TimeoutError',
  'RequestError',
  'NoRespondersError',
  'ConnectionError',
  'ClosedConnectionError',
  'DrainingConnectionError',
  'JetStreamError',
  'JetStreamStatusError',
  'JetStreamApiError',
  'JetStreamNotEnabled',
  'ConsumerNotFoundError',
  'StreamNotFoundError',
]);

/** Whether an error says that the broker, or something in it, is away for now. */
export const comesBack = (error: unknown): boolean =>
  error instanceof StreamUnreachable || (error instanceof Error && transient.has(error.name));
