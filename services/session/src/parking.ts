import type { World } from '@joinleaf/arbiter';
import type { JetStreamParkedLog, ParkOutcome, Poisoned } from '@joinleaf/jetstream-log';
import type { ServiceContext } from '@joinleaf/nest-kit';
import type { SessionConfig } from './config.js';

type Context = Pick<ServiceContext<SessionConfig>, 'metrics' | 'log' | 'name'>;

/** Called for a message that is no commit of its session, or no record. */
export type Unreadable = (sequence: number, reason: string) => void;

/** What to do in each stream with messages that cannot be read: they are named in the log of this process, and parked. */
export function parkUnreadable(
  { metrics, log, name }: Context,
  parked: JetStreamParkedLog,
  { now }: Pick<World, 'now'>,
): (stream: string) => Unreadable {
  const found = metrics.counter(
    'joinleaf_log_unreadable_total',
    'Stored messages that are no commit of their session, or no record.',
  );
  const outcomes = metrics.counter('joinleaf_parked_total', 'Messages parked.', ['outcome']);
  const parking = new Parking({
    log: parked,
    by: name,
    parked: (poisoned, outcome) => {
      outcomes.inc({ outcome });
      log.info({ ...poisoned, outcome }, 'parked');
    },
    failed: (poisoned, cause) => {
      outcomes.inc({ outcome: 'failed' });
      log.error({ err: cause, ...poisoned }, 'could not be parked');
    },
  });
  return (stream) => (sequence, reason) => {
    found.inc();
    log.error({ stream, sequence, reason }, 'DAMAGED: a stored message cannot be used');
    parking.take({ stream, sequence, reason }, now());
  };
}

interface ParkingParts {
  readonly log: Pick<JetStreamParkedLog, 'park'>;
  /** This service, as the record names it. */
  readonly by: string;
  readonly parked: (poisoned: Poisoned, outcome: ParkOutcome) => void;
  readonly failed: (poisoned: Poisoned, cause: unknown) => void;
}

const attemptsMax = 5;

/** Parks messages one after the other, beside everything else: nothing waits for it. */
class Parking {
  #turn: Promise<void> = Promise.resolve();

  constructor(private readonly parts: ParkingParts) {}

  take(poisoned: Poisoned, seenAt: number): void {
    this.#turn = this.#turn.then(() => this.#park(poisoned, seenAt));
  }

  async #park(poisoned: Poisoned, seenAt: number): Promise<void> {
    const { log, by, parked, failed } = this.parts;
    for (let attempt = 1; ; attempt += 1) {
      try {
        parked(poisoned, await log.park(poisoned, { by, seenAt }));
        return;
      } catch (cause) {
        if (attempt < attemptsMax) continue;
        failed(poisoned, cause); // It is found again at the next start.
        return;
      }
    }
  }
}
