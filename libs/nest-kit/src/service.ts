import type { Broker } from '@joinleaf/jetstream-log';
import type { NatsConnection, Status } from '@nats-io/transport-node';
import type { NatsRequests, RequestSubject } from './nats-requests.js';
import type { AssembledProgram, Program, ProgramContext } from './program.js';
import type { ServiceSettings } from './service-config.js';

/** A program that answers requests on the broker; on `$SRV` its name is `joinleaf-<name>`. */
export interface Service<C extends ServiceSettings> extends Omit<Program<C>, 'assemble'> {
  assemble(context: ServiceContext<C>): Promise<Assembled>;
}

export interface ServiceContext<C> extends ProgramContext<C> {
  /** Connected, and watched; closed last of all. */
  readonly nc: NatsConnection;
  readonly broker: Broker;
  /** Calls `heard` for whatever happens to the connection. */
  onBroker(heard: (status: Status) => void): void;
}

export interface Assembled extends Pick<AssembledProgram, 'module'> {
  /** Core NATS requests to answer. */
  readonly requests?: {
    readonly subjects: readonly RequestSubject[];
    readonly inFlightMax?: number | undefined;
  };
  /** Runs when requests are heard and HTTP is served. */
  started?(running: { readonly requests: NatsRequests }): Promise<void>;
  /** Told on `$SRV` beside what never changes; read whenever somebody asks. */
  metadata?(): Readonly<Record<string, string>>;
  /** Runs first when the process is asked to stop, while requests are still heard. */
  leave?(): Promise<void>;
  /** Runs when no request is in hand any more. `signal` aborts when the grace ends. */
  drain?(signal: AbortSignal): Promise<void>;
}
