import {
  ClosedConnectionError,
  NoRespondersError,
  RequestError,
  TimeoutError,
  type Msg,
  type MsgHdrs,
  type NatsConnection,
} from '@nats-io/transport-node';
import type { Network, Packet, Remote } from './network.js';
import type { SimProcess } from './sim-process.js';

export interface ConnectWish {
  readonly process: SimProcess;
  readonly inboxPrefix?: string;
  /** How often the client looks whether the server is still there, in milliseconds. */
  readonly pingMs?: number;
}

interface StatusEvent {
  readonly type: 'disconnect' | 'reconnect' | 'close';
  readonly server: string;
}

interface SubscribeOptions {
  readonly queue?: string;
  readonly callback?: (error: Error | null, message: Msg) => void;
}

interface Subscribed {
  readonly subject: string;
  readonly queue: string | null;
  readonly take: (packet: Packet) => void;
}

interface Waiting {
  readonly resolve: (message: Msg) => void;
  readonly reject: (error: Error) => void;
  readonly callOff: () => void;
}

/** How long the server believes in a connection that it hears nothing of, in milliseconds. */
const believedMs = 12_000;
const pingMsDefault = 5_000;

/**
 * What the client library calls a connection, over the simulated network: in order both ways, back by itself when it was
 * broken, and silent when it was cut. Only what our own code uses of a connection is there.
 */
export class SimConnection implements Remote {
  readonly #nats: Network;
  readonly #process: SimProcess;
  readonly #pingMs: number;
  readonly #inbox: string;
  readonly #subscriptions = new Set<Subscribed>();
  /** What the server knows of them, which may be more and may be less, and how to end it there. */
  readonly #known = new Map<Subscribed, () => void>();
  readonly #waiting = new Map<string, Waiting>();
  /** What was asked and is not answered yet, by where the answer goes; only for somebody who listens. */
  readonly #asked = new Map<string, Packet>();
  readonly #listeners = new Set<(event: StatusEvent) => void>();
  readonly #closed = Promise.withResolvers<undefined>();
  readonly options: { readonly inboxPrefix?: string };
  readonly info = { version: '2.15.1', max_payload: 1_048_576 };
  #state: 'connected' | 'disconnected' | 'closed' = 'connected';
  #isCut = { up: false, down: false };
  /** Counts how often the connection was made: what belongs to an earlier one is void. */
  #life = 1;
  #upAt = 0;
  #downAt = 0;
  #tokens = 0;
  #isInboxOpen = false;

  constructor(nats: Network, { process, inboxPrefix, pingMs = pingMsDefault }: ConnectWish) {
    this.#nats = nats;
    this.#process = process;
    this.#pingMs = pingMs;
    this.options = inboxPrefix === undefined ? {} : { inboxPrefix };
    this.#inbox = `${inboxPrefix ?? '_INBOX'}.${process.newId()}`;
  }

  get process(): SimProcess {
    return this.#process;
  }

  /** As the type that our code expects of the client library. */
  get nc(): NatsConnection {
    return this as unknown as NatsConnection;
  }

  /** There is one server, and nowhere else to go. */
  getServers(): readonly object[] {
    return [];
  }

  publish(
    subject: string,
    payload: Uint8Array | string = new Uint8Array(),
    { reply, headers }: { readonly reply?: string; readonly headers?: MsgHdrs } = {},
  ): void {
    if (this.#state === 'closed') throw new ClosedConnectionError();
    const packet: Packet = {
      subject,
      data: bytesOf(payload),
      ...(reply === undefined ? {} : { reply }),
      ...(headers === undefined ? {} : { headers }),
    };
    this.#send(packet);
  }

  subscribe(subject: string, { queue, callback }: SubscribeOptions = {}) {
    if (this.#state === 'closed') throw new ClosedConnectionError();
    const subscribed: Subscribed = {
      subject,
      queue: queue ?? null,
      take: (packet) => {
        this.#tapAnswer(packet);
        callback?.(null, this.#message(packet));
      },
    };
    this.#subscriptions.add(subscribed);
    this.#up(() => {
      this.#enter(subscribed);
    });
    let isOver = false;
    return {
      isClosed: () => isOver,
      unsubscribe: () => {
        isOver = true;
        this.#subscriptions.delete(subscribed);
        this.#up(() => {
          this.#exit(subscribed);
        });
      },
    };
  }

  request(
    subject: string,
    data?: Uint8Array | string,
    { timeout = 1_000, headers }: { readonly timeout?: number; readonly headers?: MsgHdrs } = {},
  ): Promise<Msg> {
    this.#tokens += 1;
    const token = String(this.#tokens);
    return new Promise((resolve, reject) => {
      this.#openInbox();
      const reply = `${this.#inbox}.${token}`;
      const callOff = this.#process.after(timeout, () => {
        this.#waiting.delete(token);
        reject(new TimeoutError());
      });
      this.#waiting.set(token, { resolve, reject, callOff });
      this.publish(subject, data, headers === undefined ? { reply } : { reply, headers });
    });
  }

  async *status(): AsyncGenerator<StatusEvent> {
    const events: StatusEvent[] = [];
    let wake: () => void = () => undefined;
    const listener = (event: StatusEvent) => {
      events.push(event);
      wake();
    };
    this.#listeners.add(listener);
    for (;;) {
      const event = events.shift();
      if (event !== undefined) {
        yield event;
        if (event.type === 'close') return;
        continue;
      }
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  }

  /** Resolves when the server has what was sent before. */
  flush(): Promise<void> {
    const life = this.#life;
    return new Promise((resolve, reject) => {
      if (this.#state !== 'connected') {
        reject(new Error('disconnected'));
        return;
      }
      this.#up(() => {
        this.deliver({ subject: '', data: new Uint8Array() }, () => {
          resolve();
        });
      });
      this.#process.after(10_000, () => {
        reject(new TimeoutError());
      });
      this.#listeners.add(({ type }) => {
        if (type === 'disconnect' && life === this.#life - 1) reject(new Error('disconnected'));
      });
    });
  }

  async drain(): Promise<void> {
    if (this.#state === 'connected') await this.flush().catch(() => undefined);
    await this.close();
  }

  async close(): Promise<void> {
    if (this.#state === 'closed') return;
    this.#leave();
    this.#state = 'closed';
    this.#nats.forget(this);
    this.#say('close');
    this.#closed.resolve(undefined);
  }

  closed(): Promise<undefined> {
    return this.#closed.promise;
  }

  isClosed(): boolean {
    return this.#state === 'closed';
  }

  isDraining(): boolean {
    return false;
  }

  /** The server has something for this connection. */
  deliver(packet: Packet, take: (packet: Packet) => void): void {
    const { chance, faults } = this.#nats;
    if (this.#state !== 'connected' || this.#isCut.down || chance.maybe(faults.lost)) return;
    const life = this.#life;
    const times = chance.maybe(faults.duplicated) ? 2 : 1;
    for (let time = 0; time < times; time += 1) {
      this.#downAt = Math.max(this.#downAt, this.#arrivesAt());
      this.#nats.timeline.after(this.#downAt - this.#nats.timeline.now, () => {
        this.#process.run(() => {
          if (life === this.#life && this.#state === 'connected') take(packet);
        });
      });
    }
  }

  /** The process is gone, or the connection breaks for both ends. */
  reset(): void {
    this.#leave();
    if (this.#process.isAlive) {
      this.#process.run(() => {
        this.#lose();
      });
    } else {
      this.#life += 1; // What the dead had on its way does not arrive.
      this.#state = 'closed';
      this.#nats.forget(this);
    }
  }

  /** Nothing passes any more, in one direction or both, and nobody is told. */
  cut(direction: 'up' | 'down' | 'both'): void {
    this.#isCut = { up: direction !== 'down', down: direction !== 'up' };
    const life = this.#life;
    const believed = [...this.#known];
    this.#process.after(this.#pingMs * this.#nats.chance.between(2, 3), () => {
      if (life === this.#life && (this.#isCut.up || this.#isCut.down)) this.#lose();
    });
    this.#nats.timeline.after(believedMs, () => {
      if (life === this.#life && !this.#isCut.up) return;
      for (const [subscribed, end] of believed) {
        end();
        if (this.#known.get(subscribed) === end) this.#known.delete(subscribed);
      }
    });
  }

  heal(): void {
    this.#isCut = { up: false, down: false };
    if (this.#state !== 'connected') return;
    // What a connection that lived on had to say of its subscriptions was held up, and arrives.
    for (const known of this.#known.keys()) if (!this.#subscriptions.has(known)) this.#exit(known);
    for (const each of this.#subscriptions) if (!this.#known.has(each)) this.#enter(each);
  }

  #tapQuestion(packet: Packet): void {
    const { tap, timeline } = this.#nats;
    if (tap === null || packet.reply === undefined) return;
    this.#asked.set(packet.reply, packet);
    tap.asked(this.#process.name, packet, timeline.now);
  }

  #tapAnswer(packet: Packet): void {
    const { tap, timeline } = this.#nats;
    const asked = this.#asked.get(packet.subject);
    if (tap === null || asked === undefined) return;
    this.#asked.delete(packet.subject);
    tap.answered(this.#process.name, asked, packet, timeline.now);
  }

  // A message may be lost, or come twice, where somebody between the two ends handles messages.
  #send(packet: Packet): void {
    this.#tapQuestion(packet);
    const { chance, faults } = this.#nats;
    if (chance.maybe(faults.lost)) return;
    const times = chance.maybe(faults.duplicated) ? 2 : 1;
    for (let time = 0; time < times; time += 1) {
      this.#up(() => {
        this.#nats.publish(packet);
      });
    }
  }

  #up(arrive: () => void): void {
    if (this.#state !== 'connected' || this.#isCut.up) return;
    const life = this.#life;
    this.#upAt = Math.max(this.#upAt, this.#arrivesAt());
    this.#nats.timeline.after(this.#upAt - this.#nats.timeline.now, () => {
      if (life === this.#life) arrive();
    });
  }

  #arrivesAt(): number {
    const { timeline, chance, faults } = this.#nats;
    const slow = chance.maybe(faults.slow) ? chance.between(0, faults.slowMs) : 0;
    return timeline.now + chance.between(0.1, 0.6) + slow;
  }

  #enter(subscribed: Subscribed): void {
    if (!this.#subscriptions.has(subscribed)) return;
    const { subject, queue, take } = subscribed;
    this.#exit(subscribed);
    const end = this.#nats.subscribe({ subject, queue, take, connection: this });
    this.#known.set(subscribed, end);
  }

  #exit(subscribed: Subscribed): void {
    this.#known.get(subscribed)?.();
    this.#known.delete(subscribed);
  }

  // The server knows of this connection no more, nor of what it was about to stop listening to.
  #leave(): void {
    for (const subscribed of [...this.#known.keys()]) this.#exit(subscribed);
  }

  #lose(): void {
    if (this.#state !== 'connected') return;
    this.#life += 1;
    this.#state = 'disconnected';
    this.#say('disconnect');
    this.#tryAgain();
  }

  #tryAgain(): void {
    this.#process.after(this.#nats.chance.between(250, 500), () => {
      if (this.#state !== 'disconnected') return;
      const isReachable = this.#nats.isUp && !this.#isCut.up && !this.#isCut.down;
      if (isReachable) this.#comeBack();
      else this.#tryAgain();
    });
  }

  #comeBack(): void {
    this.#leave();
    this.#state = 'connected';
    this.#upAt = this.#nats.timeline.now;
    this.#downAt = this.#upAt;
    for (const subscribed of this.#subscriptions) this.#enter(subscribed);
    this.#say('reconnect');
  }

  #say(type: StatusEvent['type']): void {
    for (const listener of [...this.#listeners]) listener({ type, server: 'simulated' });
  }

  #openInbox(): void {
    if (this.#isInboxOpen) return;
    this.#isInboxOpen = true;
    this.subscribe(`${this.#inbox}.*`, {
      callback: (_, message) => {
        const token = message.subject.slice(this.#inbox.length + 1);
        const waiting = this.#waiting.get(token);
        if (waiting === undefined) return;
        this.#waiting.delete(token);
        waiting.callOff();
        if (message.headers?.code === 503 && message.data.length === 0) {
          const cause = new NoRespondersError(message.subject);
          waiting.reject(new RequestError(cause.message, { cause }));
        } else waiting.resolve(message);
      },
    });
  }

  #message({ subject, data, reply, headers }: Packet): Msg {
    const message = {
      subject,
      data,
      reply,
      headers,
      json: (): unknown => JSON.parse(new TextDecoder().decode(data)),
      string: () => new TextDecoder().decode(data),
      respond: (answer?: Uint8Array) => {
        if (reply === undefined || reply === '') return false;
        this.publish(reply, answer);
        return true;
      },
    };
    return message as unknown as Msg;
  }
}

const bytesOf = (payload: Uint8Array | string = ''): Uint8Array =>
  typeof payload === 'string' ? new TextEncoder().encode(payload) : payload;
