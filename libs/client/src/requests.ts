import type { Heard } from '@joinleaf/multipoint';
import { Feed } from './feed.js';
import type { Counters } from './stats.js';

interface Expiring {
  readonly session: string;
  readonly join: string;
  readonly expired: boolean;
  expire(): void;
}

const keyOf = ({ session, join }: { readonly session: string; readonly join: string }): string =>
  `${session}/${join}`;

/** The joins that wait at one socket, and those who iterate over them. */
export class Requests<W extends Expiring> {
  readonly #waiting = new Map<string, W>();
  readonly #feed: Feed<W>;

  constructor(counters: Counters) {
    this.#feed = new Feed(counters);
  }

  read(): AsyncIterableIterator<W, undefined> {
    this.#forget();
    return this.#feed.read([...this.#waiting.values()]);
  }

  add(waiting: W): void {
    this.#forget();
    this.#waiting.set(keyOf(waiting), waiting);
    this.#feed.push(waiting);
  }

  withdraw(gone: Extract<Heard, { kind: 'WITHDRAWN' }>): void {
    this.#waiting.get(keyOf(gone))?.expire();
    this.#waiting.delete(keyOf(gone));
  }

  end(): void {
    for (const waiting of this.#waiting.values()) waiting.expire();
    this.#waiting.clear();
    this.#feed.end();
  }

  #forget(): void {
    for (const [key, { expired }] of this.#waiting) if (expired) this.#waiting.delete(key);
  }
}
