import type { BrokerEvent } from '@joinleaf/jetstream-log';
import type { Log } from './log.js';

const tellEveryMs = 5_000;

/** Logs what happens to a connection; while it waits for the first one, every five seconds. */
export function brokerTeller(log: Log): (event: BrokerEvent) => void {
  let waitingToldAt = -Infinity;
  return (event) => {
    switch (event.kind) {
      case 'waiting':
        if (performance.now() - waitingToldAt < tellEveryMs) return;
        waitingToldAt = performance.now();
        log.warn({ reason: reasonOf(event.cause) }, 'waiting for the broker');
        return;
      case 'disconnected':
        log.warn('disconnected from the broker');
        return;
      case 'reconnected':
        log.info({ server: event.server }, 'reconnected to the broker');
        return;
      case 'denied':
        log.error({ operation: event.operation, subject: event.subject }, 'the broker denied this');
        return;
      case 'error':
        log.error({ err: event.cause }, 'the broker reported an error');
        return;
      case 'closed':
        log.debug('the connection to the broker is closed');
        return;
    }
  };
}

// The client wraps what the system said.
function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return 'unknown';
  return cause.cause instanceof Error ? cause.cause.message : cause.message;
}
