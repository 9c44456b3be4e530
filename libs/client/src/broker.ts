import { leastRecentlyDialled, Requests, type Asked } from '@joinleaf/request-reply';
import { boundMsDefault, inboxPrefixOf } from '@joinleaf/wire';
import {
  AuthorizationError,
  connect as connectToNats,
  type NatsConnection,
} from '@nats-io/transport-node';
import { JoinleafError } from './errors.js';
import type { Settings } from './options.js';
import { abortable, ignore } from './waits.js';
import type { World } from './world.js';

export interface Subscription {
  /** Nothing more is taken. */
  end(): void;
}

/** Makes one connection, within the time. */
export type Dial = (settings: Settings, timeoutMs: number) => Promise<NatsConnection>;

interface Opening {
  readonly withinMs: number;
  readonly signal: AbortSignal | undefined;
  readonly dial?: Dial | undefined;
}

const retryMs = 250;
const dialMsMax = 5_000;

/** The connection to NATS: it comes back for ever, and says when it is away. */
export class Broker {
  readonly #requests: Requests;
  readonly #listeners = new Set<(isConnected: boolean) => void>();
  #isConnected = true;

  /** Why the connection ended for good: null after close. Never rejects. */
  readonly ended: Promise<Error | null>;

  private constructor(
    private readonly nc: NatsConnection,
    world: World,
  ) {
    this.#requests = Requests.on(nc, world);
    this.#follow().catch(ignore); // It ends with the connection.
    this.ended = nc.closed().then((error) => {
      this.#change(false);
      return error instanceof Error ? error : null;
    });
  }

  /** Connects, and waits for a broker that is not there yet: until the time is up or it is aborted. */
  static async open(
    settings: Settings,
    world: World,
    { withinMs, signal, dial = dialNats }: Opening,
  ): Promise<Broker> {
    const until = world.now() + withinMs;
    for (let dialMs = dialMsOf(settings); ; dialMs = Math.min(dialMs * 2, dialMsMax)) {
      signal?.throwIfAborted();
      const dialing = dial(settings, Math.min(dialMs, Math.max(until - world.now(), 1)));
      try {
        return new Broker(await abortable(dialing, signal), world);
      } catch (cause) {
        if (signal?.aborted === true) {
          dialing.then((late) => late.close()).catch(ignore);
          throw signal.reason;
        }
        if (cause instanceof AuthorizationError) throw notAllowed(settings.node, cause);
        if (world.now() + retryMs >= until) throw notThere(settings.servers, cause);
        await world.sleep(retryMs, signal);
      }
    }
  }

  get isConnected(): boolean {
    return this.#isConnected;
  }

  /** Nothing more can be sent, and no new connection is made. */
  get isOver(): boolean {
    return this.nc.isClosed() || this.nc.isDraining();
  }

  /** Calls back at every loss and return of the connection. */
  onChange(listener: (isConnected: boolean) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Waits for the connection to be there. Rejects with the signal's reason. */
  async available(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#isConnected) return;
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const stop = this.onChange((isConnected) => {
      if (isConnected) resolve(undefined);
    });
    try {
      await abortable(promise, signal);
    } finally {
      stop();
    }
  }

  /** One try. Never rejects. */
  request(subject: string, bytes: Uint8Array, timeoutMs: number): Promise<Asked> {
    return this.#requests.ask({ subject, bytes, timeoutMs });
  }

  /** Sends it now or never; with `reply`, whoever wants to may answer there. */
  publish(subject: string, bytes: Uint8Array, reply: string): void {
    if (this.#isConnected && !this.isOver) this.nc.publish(subject, bytes, { reply });
  }

  /** Subscribes, again after every return of the connection. `refused` is called if it is not allowed. */
  subscribe(
    subject: string,
    take: (bytes: Uint8Array, subject: string) => void,
    refused: (error: Error) => void,
  ): Subscription {
    const subscription = this.nc.subscribe(subject, {
      callback: (error, message) => {
        if (error === null) take(message.data, message.subject);
        else refused(error);
      },
    });
    return {
      end: () => {
        subscription.unsubscribe();
      },
    };
  }

  /** Sends, also while the connection is away: then it goes out when that is back, or is lost. */
  send(subject: string, bytes: Uint8Array): void {
    if (!this.isOver) this.nc.publish(subject, bytes);
  }

  /** Resolves when the broker has what was sent before, or never will. Never rejects. */
  async flush(): Promise<void> {
    while (!this.isOver) {
      try {
        await this.nc.flush();
        return;
      } catch {
        // What was on its way when the connection went is gone: its hearers will notice.
        await this.#comeback();
      }
    }
  }

  /** Whether there is more than one server to be connected to. */
  get hasChoice(): boolean {
    return this.nc.getServers().length > 1;
  }

  /** Goes to another server. What is under way is lost, as with any connection that breaks. */
  leave(): void {
    this.nc.reconnect().catch(ignore);
  }

  /** Sends what is left to send and disconnects, within this time. */
  async close(world: World, withinMs: number): Promise<void> {
    if (this.nc.isClosed()) return;
    if (this.#isConnected) {
      const drained = this.nc.drain().catch(ignore);
      const giveUp = new AbortController();
      await Promise.race([drained, world.sleep(withinMs, giveUp.signal).catch(ignore)]);
      giveUp.abort();
    }
    await this.nc.close().catch(ignore);
  }

  async #comeback(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const stop = this.onChange(() => {
      resolve(undefined);
    });
    await Promise.race([promise, this.ended]);
    stop();
  }

  async #follow(): Promise<void> {
    for await (const { type } of this.nc.status()) {
      if (type === 'disconnect') this.#change(false);
      if (type === 'reconnect') this.#change(true);
    }
  }

  #change(isConnected: boolean): void {
    if (this.#isConnected === isConnected) return;
    this.#isConnected = isConnected;
    for (const listener of this.#listeners) listener(isConnected);
  }
}

const between = (least: number, ms: number, most: number): number =>
  Math.floor(Math.min(Math.max(ms, least), most));

// A connection that was cut without a word is given up after three to four pings, and a server that takes another one
// and says nothing after one dial: early enough to come back, and to beat, before the node counts as lost.
const pingMsOf = ({ boundMs }: Settings): number =>
  between(250, (boundMs ?? boundMsDefault) / 10, 5_000);
const dialMsOf = ({ boundMs }: Settings): number =>
  between(1_000, (boundMs ?? boundMsDefault) / 5, dialMsMax);

/** The way to a broker that `connect` takes. */
export const dialNats: Dial = (settings, timeout) =>
  connectToNats({
    ...settings.credentials,
    servers: [...settings.servers],
    name: `joinleaf node ${settings.node}`,
    inboxPrefix: inboxPrefixOf(settings.node),
    timeout,
    maxReconnectAttempts: -1,
    reconnectTimeWait: retryMs,
    reconnectJitter: retryMs,
    reconnectToServer: leastRecentlyDialled,
    pingInterval: pingMsOf(settings),
    maxPingOut: 2,
    // A server whose users are changing refuses for a moment; a node waits for its return.
    ignoreAuthErrorAbort: true,
    noAsyncTraces: true,
  });

const notAllowed = (node: string, cause: unknown): JoinleafError =>
  new JoinleafError('WSAEACCES', `the broker refused the credentials of node ${node}`, 'no', {
    cause,
  });

const notThere = (servers: readonly string[], cause: unknown): JoinleafError =>
  new JoinleafError('WSAENETDOWN', `no broker answers at ${servers.join(', ')}`, 'safe', { cause });
