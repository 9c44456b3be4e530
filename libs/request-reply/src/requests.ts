import { randomUUID } from 'node:crypto';
import type {
  Msg,
  MsgHdrs,
  NatsConnection,
  PermissionViolationError,
} from '@nats-io/transport-node';
import { realClock, type Clock } from './clock.js';
import { EndOfTurn } from './end-of-turn.js';
import { NoAnswer, NobodyServes, NotConnected } from './no-answer.js';

// One wildcard inbox for every request of a connection, with a counter as its last token: several times
// as fast as the client's own requests. And where the client lets a request that was under way at a
// disconnect wait for its whole timeout, here all of them end at once.

/** What became of a request. Only `lost` leaves open whether anybody acted on it. */
export type Asked =
  | { readonly kind: 'answer'; readonly message: Msg }
  /** Not acted on. */
  | { readonly kind: 'nobody'; readonly cause: NobodyServes }
  /** Not sent. */
  | { readonly kind: 'not-sent'; readonly cause: unknown }
  /** The server threw it away: the permissions forbid it. */
  | { readonly kind: 'denied'; readonly cause: PermissionViolationError }
  | { readonly kind: 'lost'; readonly cause: NoAnswer };

export interface Question {
  readonly subject: string;
  readonly bytes: Uint8Array;
  readonly headers?: MsgHdrs;
  readonly timeoutMs: number;
}

/** A question to which several messages answer. */
export interface Flow extends Question {
  /** Called for each message. The time allowed begins again with each; true ends the flow. */
  readonly onMessage: (message: Msg) => boolean;
}

type Ending = Exclude<Asked, { kind: 'answer' }>;

interface Pending {
  readonly subject: string;
  readonly timeoutMs: number;
  expiresAt: number;
  readonly onMessage: (message: Msg) => boolean;
  readonly onEnd: (ending: Ending) => void;
}

const sweepMs = 20;
const noResponders = 503;

/** The requests of one connection. */
export class Requests {
  static readonly #all = new WeakMap<NatsConnection, Requests>();

  readonly #nc: NatsConnection;
  readonly #inbox: string;
  readonly #outgoing = new EndOfTurn();
  readonly #pending = new Map<string, Pending>();
  readonly #waiting = new Set<() => void>();
  readonly #reconnectListeners = new Set<() => void>();
  #count = 0;
  #troubledAt = -Infinity;
  #connected = true;
  #subscribed = false;
  #stopSweeping: (() => void) | undefined;

  private constructor(
    nc: NatsConnection,
    inboxPrefix: string | undefined,
    readonly clock: Clock,
  ) {
    this.#nc = nc;
    this.#inbox = `${inboxPrefix ?? '_INBOX'}.${randomUUID()}.`;
    void this.#watch();
  }

  /** The one instance of a connection; who asks first says by which clock it goes. */
  static on(nc: NatsConnection, clock: Clock = realClock): Requests {
    const known = Requests.#all.get(nc);
    if (known !== undefined) return known;
    const made = new Requests(nc, inboxPrefixIn(nc), clock);
    Requests.#all.set(nc, made);
    return made;
  }

  get connected(): boolean {
    return this.#connected && !this.#nc.isClosed();
  }

  get closed(): boolean {
    return this.#nc.isClosed();
  }

  /** Milliseconds since a request was lost or met nobody, or the connection broke; Infinity if none ever was. */
  get sinceTroubleMs(): number {
    return this.clock.now() - this.#troubledAt;
  }

  /** The largest message that the server takes, with its headers, in bytes. */
  get payloadBytesMax(): number {
    return this.#nc.info?.max_payload ?? Infinity;
  }

  /** Asks, and waits for one answer. */
  ask(question: Question): Promise<Asked> {
    return new Promise((resolve) => {
      this.#send(question, resolve, (message) => {
        if (isNobody(message)) {
          this.#troubledAt = this.clock.now();
          resolve({ kind: 'nobody', cause: new NobodyServes(question.subject) });
        } else {
          resolve({ kind: 'answer', message });
        }
        return true;
      });
    });
  }

  /** Asks, and hears messages until one ends the flow; null then, or what ended it otherwise. */
  listen(flow: Flow): Promise<Ending | null> {
    return new Promise((resolve) => {
      this.#send(flow, resolve, (message) => {
        if (isNobody(message)) {
          resolve({ kind: 'nobody', cause: new NobodyServes(flow.subject) });
          return true;
        }
        const over = flow.onMessage(message);
        if (over) resolve(null);
        return over;
      });
    });
  }

  /** Waits for a connection. Returns at once when there is one, and after `timeoutMs` at the latest. */
  async whenConnected(timeoutMs: number): Promise<void> {
    if (this.connected || this.closed) return;
    await new Promise<void>((resolve) => {
      const go = () => {
        callOff();
        this.#waiting.delete(go);
        resolve();
      };
      const callOff = this.clock.after(timeoutMs, go);
      this.#waiting.add(go);
    });
  }

  /** Calls `listener` whenever the connection was made again; returns how to stop that. */
  onReconnect(listener: () => void): () => void {
    this.#reconnectListeners.add(listener);
    return () => this.#reconnectListeners.delete(listener);
  }

  #send(question: Question, onEnd: Pending['onEnd'], onMessage: Pending['onMessage']): void {
    const { subject, timeoutMs } = question;
    if (!this.connected || this.#nc.isDraining()) {
      onEnd({ kind: 'not-sent', cause: new NotConnected() });
      return;
    }
    this.#count += 1;
    const token = this.#count.toString(36);
    const expiresAt = this.clock.now() + timeoutMs;
    this.#pending.set(token, { subject, timeoutMs, expiresAt, onMessage, onEnd });
    this.#stopSweeping ??= this.clock.every(sweepMs, () => {
      this.#sweep();
    });
    this.#outgoing.add(() => {
      this.#publish(question, token);
    });
  }

  #publish({ subject, bytes, headers }: Question, token: string): void {
    const pending = this.#pending.get(token);
    if (pending === undefined) return;
    try {
      this.#subscribe();
      const reply = this.#inbox + token;
      this.#nc.publish(subject, bytes, headers === undefined ? { reply } : { reply, headers });
    } catch (cause) {
      this.#pending.delete(token);
      pending.onEnd({ kind: 'not-sent', cause });
    }
  }

  #subscribe(): void {
    if (this.#subscribed) return;
    this.#nc.subscribe(`${this.#inbox}*`, {
      callback: (error, message) => {
        if (error === null) this.#heard(message);
        else this.#subscribed = false;
      },
    });
    this.#subscribed = true;
  }

  #heard(message: Msg): void {
    const token = message.subject.slice(this.#inbox.length);
    const pending = this.#pending.get(token);
    if (pending === undefined) return;
    if (pending.onMessage(message)) this.#pending.delete(token);
    else pending.expiresAt = this.clock.now() + pending.timeoutMs;
  }

  #sweep(): void {
    if (this.#pending.size === 0) {
      this.#stopSweeping?.();
      this.#stopSweeping = undefined;
      return;
    }
    const now = this.clock.now();
    this.#end(
      ({ expiresAt }) => expiresAt <= now,
      () => ({ kind: 'lost', cause: new NoAnswer('timeout') }),
    );
  }

  #end(which: (pending: Pending) => boolean, how: () => Ending): void {
    for (const [token, pending] of this.#pending) {
      if (!which(pending)) continue;
      this.#pending.delete(token);
      this.#troubledAt = this.clock.now();
      pending.onEnd(how());
    }
  }

  #loseAll(): void {
    this.#connected = false;
    this.#troubledAt = this.clock.now();
    this.#end(
      () => true,
      () => ({ kind: 'lost', cause: new NoAnswer('disconnected') }),
    );
  }

  #wake(): void {
    for (const go of [...this.#waiting]) go();
  }

  async #watch(): Promise<void> {
    for await (const status of this.#nc.status()) {
      if (status.type === 'disconnect' || status.type === 'close') this.#loseAll();
      if (status.type === 'reconnect') {
        this.#loseAll(); // Sent before we began to watch a connection that was down.
        this.#connected = true;
        this.#wake();
        for (const listener of [...this.#reconnectListeners]) listener();
      }
      if (status.type === 'error' && isDenial(status.error)) {
        this.#denied(status.error);
      }
    }
    this.#loseAll();
    this.#wake();
  }

  #denied(cause: PermissionViolationError): void {
    const isOurs = cause.operation === 'subscription' && cause.subject.startsWith(this.#inbox);
    this.#end(
      ({ subject }) => isOurs || (cause.operation === 'publish' && subject === cause.subject),
      () => ({ kind: 'denied', cause }),
    );
  }
}

const isNobody = (message: Msg): boolean =>
  message.data.length === 0 && message.headers?.code === noResponders;

const isDenial = (error: Error): error is PermissionViolationError =>
  error.name === 'PermissionViolationError';

// The connection knows its inbox prefix, and has no public way to say so.
function inboxPrefixIn(nc: NatsConnection): string | undefined {
  const { options } = nc as { readonly options?: { readonly inboxPrefix?: unknown } };
  return typeof options?.inboxPrefix === 'string' ? options.inboxPrefix : undefined;
}

/** Lets everything of this library that uses a connection go by a clock; to be said before anything uses it. */
export function keepTime(nc: NatsConnection, clock: Clock): void {
  Requests.on(nc, clock);
}
