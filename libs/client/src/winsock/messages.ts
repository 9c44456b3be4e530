import {
  enumNetworkEvents,
  WSA,
  type Descriptor,
  type EventObject,
  type NetworkEvent,
  type RecordedEvent,
} from '@joinleaf/multipoint';
import type { Provider } from '../provider.js';
import { bitOf } from './event-masks.js';
import type { SOCKET } from './structures.js';
import { newEventNumber } from './wsa-event.js';

/** What WSPAsyncSelect calls in place of a window message: one FD_* bit, and its error or 0. */
export type AsyncSelectCallback = (s: SOCKET, event: number, error: number) => void;

/** So many callbacks may be kept before it is asked whether they are needed. */
const sweepAtLeast = 64;

/**
 * Tells callbacks what happens on the sockets registered for it, and on those that inherit the registration
 * (R74). What was recorded becomes a message at once, and messages are delivered in their order, each in a
 * turn of its own: also those of a socket that was closed meanwhile (R140).
 */
export class Messages {
  /** By the event object that a callback is registered under. */
  readonly #callbacks = new Map<EventObject, AsyncSelectCallback>();
  readonly #queue: (() => void)[] = [];
  #isDelivering = false;
  #sweepAt = sweepAtLeast;

  constructor(private readonly provider: Provider) {}

  /** How many callbacks are kept. */
  get size(): number {
    return this.#callbacks.size;
  }

  /** An event object to register a socket with, in place of a program's own. */
  objectFor(callback: AsyncSelectCallback): EventObject {
    if (this.#callbacks.size >= this.#sweepAt) this.#sweep();
    const known = numbers.get(callback) ?? newEventNumber();
    numbers.set(callback, known);
    this.#callbacks.set(known, callback);
    return known;
  }

  // Registrations are inherited and end with their sockets: which callbacks still have one is seen at the sockets.
  #sweep(): void {
    const sockets = [...this.provider.state.sockets.values()];
    const used = new Set(sockets.map(({ watch }) => watch.registration?.object));
    for (const object of this.#callbacks.keys()) {
      if (!used.has(object)) this.#callbacks.delete(object);
    }
    this.#sweepAt = Math.max(2 * this.#callbacks.size, sweepAtLeast);
  }

  /** Something was recorded of a socket; false where no callback is registered for it. */
  collect(object: EventObject, socket: Descriptor): boolean {
    const callback = this.#callbacks.get(object);
    if (callback === undefined) return false;
    const { provider } = this;
    const recorded = provider.take(enumNetworkEvents(provider.state, { socket, reset: null }));
    if (!recorded.ok) return true;
    for (const { event, code } of inTheirOrder(recorded.value)) {
      this.#post(() => {
        callback(socket, bitOf(event), code === null ? 0 : WSA[code]);
      });
    }
    return true;
  }

  #post(message: () => void): void {
    this.#queue.push(message);
    if (this.#isDelivering) return;
    this.#isDelivering = true;
    setImmediate(() => {
      this.#deliver();
    });
  }

  #deliver(): void {
    const message = this.#queue.shift();
    try {
      message?.();
    } catch {
      this.provider.counters.add('callbackErrors', 1);
    }
    this.#isDelivering = this.#queue.length > 0;
    if (!this.#isDelivering) return;
    setImmediate(() => {
      this.#deliver();
    });
  }
}

// A program that uses one callback for many sockets has one object for all of them.
const numbers = new WeakMap<AsyncSelectCallback, EventObject>();

// Connected, then able to send, then data, then the end.
const order: readonly NetworkEvent[] = [
  'FD_ACCEPT',
  'FD_CONNECT',
  'FD_WRITE',
  'FD_QOS',
  'FD_READ',
  'FD_CLOSE',
];

const inTheirOrder = (recorded: readonly RecordedEvent[]): readonly RecordedEvent[] =>
  [...recorded].sort((a, b) => order.indexOf(a.event) - order.indexOf(b.event));
