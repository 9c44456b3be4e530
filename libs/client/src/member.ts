import {
  socketId,
  type Descriptor,
  type Heard,
  type JoinFlags,
  type JoinId,
  type SocketId,
} from '@joinleaf/multipoint';
import type {
  CallOptions,
  CloseOptions,
  Done,
  Link,
  Member,
  MessageData,
  Over,
  ReceivedMessage,
  SendOptions,
  SocketEvent,
} from './api.js';
import { Conversation } from './conversation.js';
import { eventOf, noEvent } from './events.js';
import { Feed } from './feed.js';
import type { Notice, Provider, SocketOwner } from './provider.js';

export interface MemberParts {
  readonly provider: Provider;
  readonly descriptor: Descriptor;
  /** What the session calls the socket; the descriptor, unless the arbiter made the link. */
  readonly serial: string;
  readonly session: string;
  /** Called once, when the socket is over. */
  readonly over?: () => void;
}

/** A socket that is, or is about to be, one end of a membership. */
export abstract class Membership implements Member, SocketOwner {
  readonly session: string;
  readonly descriptor: Descriptor;
  readonly socket: SocketId;
  // A program may be a member ten thousand times, and ask few of them for anything: what only serves those who ask is
  // made for the first who does.
  #over: Over | null = null;
  #whoAsksForTheEnd: PromiseWithResolvers<Over> | null = null;
  #feed: Feed<SocketEvent> | null = null;
  // A membership begins once and ends once, so that everybody can have all of it.
  readonly #history: SocketEvent[] = [];
  #join: JoinId | null = null;
  #conversation: Conversation | null = null;

  constructor(protected readonly parts: MemberParts) {
    const { provider, descriptor, serial, session } = parts;
    const { node, incarnation } = provider.state;
    this.session = session;
    this.descriptor = descriptor;
    this.socket = socketId({ node, incarnation, serial });
    provider.own(descriptor, this);
  }

  get join(): JoinId | null {
    return this.#join;
  }

  get isOpen(): boolean {
    return this.#join !== null && this.#over === null;
  }

  get over(): Promise<Over> {
    if (this.#whoAsksForTheEnd === null) {
      this.#whoAsksForTheEnd = Promise.withResolvers();
      if (this.#over !== null) this.#whoAsksForTheEnd.resolve(this.#over);
    }
    return this.#whoAsksForTheEnd.promise;
  }

  /** The membership has begun. */
  joined(join: JoinId): void {
    this.#join = join;
  }

  events(): AsyncIterableIterator<SocketEvent, undefined> {
    if (this.#feed === null) {
      this.#feed = new Feed(this.parts.provider.counters);
      if (this.#over !== null) this.#feed.end();
    }
    return this.#feed.read(this.#history);
  }

  heard(what: Heard, notice: Notice): void {
    this.#conversation?.heard(what);
    const event = eventOf(what, notice, () => null);
    if (event === null) return;
    if (event.type === 'FD_CLOSE') this.#talk().keepRest();
    this.#push(event);
    if (event.type !== 'FD_CLOSE') return;
    this.#finish({ code: event.code, by: 'peer' });
    // Nothing can be done with what is over: its descriptor is free again (R62).
    void this.parts.provider.release(this.descriptor);
  }

  send(data: MessageData, options: SendOptions & CallOptions = {}): Promise<void> {
    return this.#talk().send(data, options);
  }

  trySend(data: MessageData, options: SendOptions = {}): Done {
    return this.#talk().trySend(data, options);
  }

  messages(): AsyncGenerator<ReceivedMessage, undefined> {
    return this.#talk().messages();
  }

  closedHere(): void {
    this.#conversation?.end();
    this.#finish({ code: null, by: 'self' });
  }

  close(options: CloseOptions = {}): Promise<void> {
    return this.parts.provider.close(this.descriptor, options);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #talk(): Conversation {
    if (this.#conversation !== null) return this.#conversation;
    const { provider, descriptor, session } = this.parts;
    const lost = (count: number) => {
      this.#push({ type: 'DATA_LOST', ...noEvent, session, count });
    };
    this.#conversation = new Conversation({ provider, descriptor, session, lost });
    if (this.#over !== null) this.#conversation.end();
    return this.#conversation;
  }

  #push(event: SocketEvent): void {
    this.#history.push(event);
    this.#feed?.push(event);
  }

  #finish(over: Over): void {
    if (this.#over !== null) return;
    this.#over = over;
    this.#feed?.end();
    this.#whoAsksForTheEnd?.resolve(over);
    this.parts.over?.();
  }
}

export interface Leafs {
  readonly leaf: string;
  readonly flags: JoinFlags;
  readonly callerData: Uint8Array | null;
}

/** A root's socket for one leaf. */
export class MemberLink extends Membership implements Link {
  readonly leaf: string;
  readonly flags: JoinFlags;
  readonly callerData: Uint8Array | null;

  constructor(parts: MemberParts, { leaf, flags, callerData }: Leafs) {
    super(parts);
    this.leaf = leaf;
    this.flags = flags;
    this.callerData = callerData;
  }
}
