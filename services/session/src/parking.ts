import type { JetStreamParkedLog, ParkOutcome, Poisoned } from '@joinleaf/jetstream-log';

export interface ParkingParts {
  readonly log: Pick<JetStreamParkedLog, 'park'>;
  /** This service, as the record names it. */
  readonly by: string;
  readonly now: () => number;
  readonly parked: (poisoned: Poisoned, outcome: ParkOutcome) => void;
  readonly failed: (poisoned: Poisoned, cause: unknown) => void;
}

const attemptsMax = 5;

/** Parks messages that could not be read, one after the other, beside everything else: nothing waits for it. */
export class Parking {
  #turn: Promise<void> = Promise.resolve();

  constructor(private readonly parts: ParkingParts) {}

  /** Takes a message to be parked. Does not wait and does not throw. */
  take(poisoned: Poisoned): void {
    const seenAt = this.parts.now();
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
