import type { Descriptor, EventObject, Heard } from '@joinleaf/multipoint';
import type { Observer, Provider } from '../provider.js';
import { Messages } from './messages.js';
import { eventOfNumber } from './wsa-event.js';

const doors = new WeakMap<Provider, Door>();

/** The Winsock door of a node: what all its procedure tables have in common. */
export class Door implements Observer {
  /** Who looks again when something happens to a socket. */
  readonly #looking = new Map<Descriptor, Set<() => void>>();
  /** What WSPAsyncSelect tells. */
  readonly messages: Messages;

  private constructor(readonly provider: Provider) {
    this.messages = new Messages(provider);
    provider.observe(this);
  }

  static of(provider: Provider): Door {
    const door = doors.get(provider) ?? new Door(provider);
    doors.set(provider, door);
    return door;
  }

  /** Looks again whenever something happens to one of these sockets; answers how to stop. */
  watch(sockets: readonly Descriptor[], look: () => void): () => void {
    for (const socket of sockets) {
      const looking = this.#looking.get(socket) ?? new Set();
      this.#looking.set(socket, looking.add(look));
    }
    return () => {
      for (const socket of sockets) {
        const looking = this.#looking.get(socket);
        looking?.delete(look);
        if (looking?.size === 0) this.#looking.delete(socket);
      }
    };
  }

  // In a turn of its own: the step that brought the news has more to do.
  wake(socket: Descriptor): void {
    for (const look of this.#looking.get(socket) ?? []) queueMicrotask(look);
  }

  heard(socket: Descriptor, _what: Heard): void {
    this.wake(socket);
  }

  closed(socket: Descriptor): void {
    this.wake(socket);
  }

  answered(socket: Descriptor): void {
    this.wake(socket);
  }

  signal(object: EventObject, socket: Descriptor): void {
    if (!this.messages.collect(object, socket)) eventOfNumber(object)?.set();
  }

  reset(object: EventObject): void {
    eventOfNumber(object)?.reset();
  }

  ended(): void {
    for (const socket of this.#looking.keys()) this.wake(socket);
  }
}
