import { setTimeout as delay } from 'node:timers/promises';
import { leastRecentlyDialled } from '@joinleaf/request-reply';
import {
  AuthorizationError,
  connect,
  PermissionViolationError,
  type NatsConnection,
  type NodeConnectionOptions,
} from '@nats-io/transport-node';
import { BrokerRefusesUs, BrokerTooOld, BrokerUnreachable } from './trouble.js';

/** The oldest nats-server that keeps our promises, major and minor. */
export const brokerVersionMin = [2, 12] as const;

export interface BrokerOptions {
  /** `host:port`, one or several. */
  readonly servers: string | readonly string[];
  readonly user?: string | undefined;
  readonly pass?: string | undefined;
  /** Who connects, as the broker's own monitoring shows it. */
  readonly name: string;
  /** Where replies arrive; a user with few permissions needs the one that it may subscribe to. */
  readonly inboxPrefix?: string | undefined;
  /** How long to go on trying when no server answers, in milliseconds. 0, the default: one try. */
  readonly connectWithinMs?: number;
  readonly onEvent?: (event: BrokerEvent) => void;
  readonly signal?: AbortSignal;
}

/** What happens to a connection. None of it ends it: it reconnects for ever. */
export type BrokerEvent =
  | { readonly kind: 'waiting'; readonly cause: unknown }
  | { readonly kind: 'disconnected' }
  | { readonly kind: 'reconnected'; readonly server: string }
  /** The server said no to one of our subjects: a mistake in the permissions. */
  | {
      readonly kind: 'denied';
      readonly operation: 'publish' | 'subscription';
      readonly subject: string;
    }
  | { readonly kind: 'error'; readonly cause: unknown }
  | { readonly kind: 'closed' };

export interface BrokerCounts {
  readonly disconnected: number;
  readonly reconnected: number;
  readonly denied: number;
  readonly errors: number;
}

/** A connection that is watched. */
export interface Broker extends AsyncDisposable {
  readonly nc: NatsConnection;
  readonly connected: boolean;
  readonly counts: BrokerCounts;
  /** Finishes what was sent and ends the connection. May be repeated. */
  close(): Promise<void>;
}

const retryPauseMs = 250;
const dialTimeoutMs = 3_000;

/**
 * Connects to the broker, with the options that an arbiter needs rather than the client's defaults: it
 * reconnects for ever, notices a silent server within four seconds and goes to another one first.
 *
 * @throws BrokerUnreachable when no server answers within `connectWithinMs`; BrokerRefusesUs at once for a
 *   wrong user or password; BrokerTooOld below nats-server 2.12.
 */
export async function connectBroker(options: BrokerOptions): Promise<Broker> {
  const nc = await connectPatiently(options);
  const version = nc.info?.version ?? 'unknown';
  if (!isGoodVersion(version)) {
    await nc.close();
    throw new BrokerTooOld(version, brokerVersionMin.join('.'));
  }
  return new WatchedBroker(nc, options.onEvent ?? (() => undefined));
}

// The client's own waitOnFirstConnect waits for ever and cannot be called off.
async function connectPatiently(options: BrokerOptions): Promise<NatsConnection> {
  const { connectWithinMs = 0, onEvent, signal } = options;
  const deadline = performance.now() + connectWithinMs;
  for (;;) {
    signal?.throwIfAborted();
    try {
      return await connect(connectionOptions(options));
    } catch (cause) {
      if (cause instanceof AuthorizationError) throw new BrokerRefusesUs(cause);
      if (performance.now() + retryPauseMs >= deadline) throw new BrokerUnreachable(cause);
      onEvent?.({ kind: 'waiting', cause });
      await delay(retryPauseMs, undefined, signal === undefined ? {} : { signal });
    }
  }
}

const connectionOptions = (options: BrokerOptions): NodeConnectionOptions => ({
  servers: typeof options.servers === 'string' ? options.servers : [...options.servers],
  name: options.name,
  timeout: dialTimeoutMs,
  maxReconnectAttempts: -1,
  reconnectTimeWait: 250,
  reconnectJitter: 250,
  reconnectToServer: leastRecentlyDialled,
  ignoreAuthErrorAbort: true,
  pingInterval: 1_000, // Until it is noticed, an arbiter hears nobody.
  maxPingOut: 2,
  noAsyncTraces: true,
  ...(options.user !== undefined && { user: options.user }),
  ...(options.pass !== undefined && { pass: options.pass }),
  ...(options.inboxPrefix !== undefined && { inboxPrefix: options.inboxPrefix }),
});

function isGoodVersion(version: string): boolean {
  const [, major = '0', minor = '0'] = /^v?(\d+)\.(\d+)/.exec(version) ?? [];
  const [majorMin, minorMin] = brokerVersionMin;
  return Number(major) > majorMin || (Number(major) === majorMin && Number(minor) >= minorMin);
}

class WatchedBroker implements Broker {
  readonly #onEvent: (event: BrokerEvent) => void;
  #connected = true;
  #counts = { disconnected: 0, reconnected: 0, denied: 0, errors: 0 };

  constructor(
    readonly nc: NatsConnection,
    onEvent: (event: BrokerEvent) => void,
  ) {
    this.#onEvent = onEvent;
    void this.#watch();
  }

  get connected(): boolean {
    return this.#connected;
  }

  get counts(): BrokerCounts {
    return { ...this.#counts };
  }

  async close(): Promise<void> {
    if (this.nc.isClosed() || this.nc.isDraining()) {
      await this.nc.closed();
    } else if (this.#connected) {
      await this.nc.drain();
    } else {
      await this.nc.close();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #watch(): Promise<void> {
    for await (const status of this.nc.status()) {
      switch (status.type) {
        case 'disconnect':
          this.#connected = false;
          this.#counts.disconnected += 1;
          this.#onEvent({ kind: 'disconnected' });
          break;
        case 'reconnect':
          this.#connected = true;
          this.#counts.reconnected += 1;
          this.#onEvent({ kind: 'reconnected', server: status.server });
          break;
        case 'error':
          this.#failed(status.error);
          break;
        case 'close':
          this.#connected = false;
          this.#onEvent({ kind: 'closed' });
          break;
        case 'reconnecting':
        case 'update':
        case 'ldm':
        case 'ping':
        case 'staleConnection':
        case 'slowConsumer':
        case 'forceReconnect':
          break;
      }
    }
  }

  #failed(cause: Error): void {
    if (cause instanceof PermissionViolationError) {
      const { operation, subject } = cause;
      this.#counts.denied += 1;
      this.#onEvent({ kind: 'denied', operation, subject });
    } else {
      this.#counts.errors += 1;
      this.#onEvent({ kind: 'error', cause });
    }
  }
}
