import type { EventObject } from '@joinleaf/multipoint';

/** An event object: set until it is reset. Several sockets may share one (R130). */
export interface WSAEVENT {
  readonly isSet: boolean;
  set(): void;
  reset(): void;
  /** Resolves to true as soon as it is set, and to false when it was not within this many milliseconds. */
  wait(timeoutMs?: number): Promise<boolean>;
}

const numbers = new WeakMap<object, EventObject>();
const events = new Map<EventObject, WeakRef<Signalled>>();
const forget = new FinalizationRegistry((number: EventObject) => events.delete(number));
// Who waits has to be found, though nobody else holds the event.
const awaited = new Set<Signalled>();
let made = 0;

const timerMsMax = 2_147_483_647;

class Signalled implements WSAEVENT {
  readonly #waiting = new Set<(isSet: boolean) => void>();
  #isSet = false;

  get isSet(): boolean {
    return this.#isSet;
  }

  set(): void {
    this.#isSet = true;
    for (const end of this.#waiting) end(true);
  }

  reset(): void {
    this.#isSet = false;
  }

  wait(timeoutMs = Infinity): Promise<boolean> {
    if (this.#isSet) return Promise.resolve(true);
    if (!(timeoutMs > 0)) return Promise.resolve(false);
    const { promise, resolve } = Promise.withResolvers<boolean>();
    awaited.add(this);
    const end = (isSet: boolean) => {
      clearTimeout(timer);
      this.#waiting.delete(end);
      if (this.#waiting.size === 0) awaited.delete(this);
      resolve(isSet);
    };
    const timer = timeoutMs > timerMsMax ? undefined : setTimeout(end, timeoutMs, false);
    this.#waiting.add(end);
    return promise;
  }
}

/** Makes an event object, which is not set. */
export function WSACreateEvent(): WSAEVENT {
  const event = new Signalled();
  const number = newEventNumber();
  numbers.set(event, number);
  events.set(number, new WeakRef(event));
  forget.register(event, number);
  return event;
}

/** A number that no other event object has. */
export function newEventNumber(): EventObject {
  made += 1;
  return made;
}

/** What the socket machine calls an event object; null for what is none. */
export const eventNumber = (value: unknown): EventObject | null =>
  typeof value === 'object' && value !== null ? (numbers.get(value) ?? null) : null;

/** The event object of a number, while anybody can see it. */
export const eventOfNumber = (number: EventObject): WSAEVENT | undefined =>
  events.get(number)?.deref();
