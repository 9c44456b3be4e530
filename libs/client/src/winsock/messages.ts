import {
  enumNetworkEvents,
  socketAt,
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

interface Registered {
  readonly callback: AsyncSelectCallback;
  readonly sockets: Set<Descriptor>;
}

/**
 * Tells callbacks what happens on the sockets registered for it, and on those that inherit the registration
 * (R74). What was recorded becomes a message at once, and messages are delivered in their order, each in a
 * turn of its own: also those of a socket that was closed meanwhile (R140).
 */
export class Messages {
  readonly #registered = new Map<EventObject, Registered>();
  readonly #queue: (() => void)[] = [];
  #lastSeen: Descriptor = 0;
  #isDelivering = false;

  constructor(private readonly provider: Provider) {}

  /** An event object of its own for a socket: to be registered with the socket machine next. */
  expect(socket: Descriptor, callback: AsyncSelectCallback): EventObject {
    this.forget(socket);
    const object = newEventNumber();
    this.#registered.set(object, { callback, sockets: new Set([socket]) });
    return object;
  }

  /** The socket is closed, or registered for something else. */
  forget(socket: Descriptor): void {
    this.#findChildren();
    for (const [object, { sockets }] of this.#registered) {
      if (sockets.delete(socket) && sockets.size === 0) this.#registered.delete(object);
    }
  }

  /** Something was recorded; false where it is none of its event objects. */
  signal(object: EventObject): boolean {
    this.#findChildren();
    const registered = this.#registered.get(object);
    if (registered === undefined) return false;
    for (const socket of registered.sockets) this.#collect(socket, registered.callback);
    return true;
  }

  // Sockets are numbered in the order of their birth, and have their parent's registration from then on.
  #findChildren(): void {
    const { state } = this.provider;
    if (this.#registered.size === 0) this.#lastSeen = state.lastDescriptor;
    while (this.#lastSeen < state.lastDescriptor) {
      this.#lastSeen += 1;
      const object = socketAt(state, this.#lastSeen)?.watch.registration?.object;
      if (object !== undefined) this.#registered.get(object)?.sockets.add(this.#lastSeen);
    }
  }

  #collect(socket: Descriptor, callback: AsyncSelectCallback): void {
    const { provider } = this;
    const recorded = provider.take(enumNetworkEvents(provider.state, { socket, reset: null }));
    if (!recorded.ok) return;
    for (const { event, code } of inTheirOrder(recorded.value)) {
      this.#post(() => {
        callback(socket, bitOf(event), code === null ? 0 : WSA[code]);
      });
    }
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
