import { Observable } from 'rxjs';

/** One event of an endpoint, in its place. */
export interface FeedEvent<T> {
  /** `k3f9x2.17`: this run of the agent, and the how-manieth event of the endpoint. */
  readonly id: string;
  readonly event: T;
}

/** What a program cannot be given any more: it asked for what came after an event we no longer keep. */
export interface Lost {
  readonly type: 'LOST';
  /** Why: the agent was started again, or the events are too long ago. */
  readonly reason: 'agent-restarted' | 'too-long-ago' | 'unknown-id';
  /** The event that was asked after. */
  readonly after: string;
}

/**
 * The events of one endpoint, for any number of listeners. A listener that comes back with the id of
 * the last event it heard gets what it missed, as long as that is kept, and is told when it is not.
 */
export class EventFeed<T> {
  readonly #kept: FeedEvent<T>[] = [];
  readonly #listeners = new Set<(event: FeedEvent<T>) => void>();
  readonly #onClose = new Set<() => void>();
  #count = 0;
  #closed = false;

  constructor(
    private readonly run: string,
    private readonly keptMax: number,
  ) {}

  publish(event: T): void {
    this.#count += 1;
    const numbered = { id: `${this.run}.${String(this.#count)}`, event };
    this.#kept.push(numbered);
    if (this.#kept.length > this.keptMax) this.#kept.shift();
    for (const listen of this.#listeners) listen(numbered);
  }

  /**
   * What comes from now on, and before it what came after `lastId`. A `lastId` that is not kept any
   * more gives a `LOST` first, and then everything that is.
   */
  from(lastId: string | null): Observable<FeedEvent<T | Lost>> {
    return new Observable((subscriber) => {
      for (const missed of this.#after(lastId)) subscriber.next(missed);
      const listen = (event: FeedEvent<T>) => {
        subscriber.next(event);
      };
      const end = () => {
        subscriber.complete();
      };
      if (this.#closed) end();
      this.#listeners.add(listen);
      this.#onClose.add(end);
      return () => {
        this.#listeners.delete(listen);
        this.#onClose.delete(end);
      };
    });
  }

  /** Ends every listener. */
  close(): void {
    this.#closed = true;
    for (const end of [...this.#onClose]) end();
  }

  #after(lastId: string | null): readonly FeedEvent<T | Lost>[] {
    if (lastId === null) return [];
    const [run = '', digits = ''] = lastId.split('.');
    const number = /^\d{1,15}$/.test(digits) ? Number(digits) : null;
    if (run !== this.run || number === null) {
      const restarted = /^[a-z0-9]{1,32}\.\d{1,15}$/.test(lastId);
      return this.#lost(lastId, restarted ? 'agent-restarted' : 'unknown-id');
    }
    if (number > this.#count) return this.#lost(lastId, 'unknown-id');
    const oldest = this.#count - this.#kept.length;
    if (number < oldest) return this.#lost(lastId, 'too-long-ago');
    return this.#kept.slice(number - oldest);
  }

  // It stands before the oldest event that is kept, and has the place of the one before that.
  #lost(lastId: string, reason: Lost['reason']): readonly FeedEvent<T | Lost>[] {
    const place = this.#count - this.#kept.length;
    const after = /^[\w.-]{1,64}$/.test(lastId) ? lastId : '?';
    const event: Lost = { type: 'LOST', reason, after };
    return [{ id: `${this.run}.${String(place)}`, event }, ...this.#kept];
  }
}
