import type { Notifier, Watcher } from '@joinleaf/notification';
import type { Stopped } from '@joinleaf/projection';

/** Stopped sessions that are named; of more, the first. */
const namedMax = 50;

/** What an operator is told of a notifier on `$SRV`: how far it is, and at which sessions it has stopped. */
export class Condition {
  readonly #stopped = new Map<string, string>();

  /** Notes what the watcher hears, and passes it on. */
  watching(watcher: Watcher): Watcher {
    return {
      ...watcher,
      stopped: (stopped) => {
        if (this.#stopped.size < namedMax) this.#stopped.set(stopped.session, reasonOf(stopped));
        watcher.stopped(stopped);
      },
    };
  }

  metadata(
    notifier: Pick<Notifier, 'sequence' | 'waiting' | 'trouble'>,
    realm: string,
  ): Readonly<Record<string, string>> {
    const { trouble } = notifier;
    return {
      realm,
      clock: String(Date.now()),
      sequence: String(notifier.sequence),
      untold: String(notifier.waiting),
      stopped: JSON.stringify(Object.fromEntries(this.#stopped)),
      ...(trouble === null ? {} : { trouble }),
    };
  }
}

const reasonOf = (stopped: Stopped): string =>
  stopped.kind === 'unreadable'
    ? `message ${String(stopped.sequence)} cannot be read: ${stopped.detail}`
    : `${stopped.kind} at revision ${String(stopped.revision)}: ${stopped.detail}`;
