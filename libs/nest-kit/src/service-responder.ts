import { encode } from '@joinleaf/wire';
import type { Msg, NatsConnection, Subscription } from '@nats-io/transport-node';

// NATS services are found and asked on `$SRV` (ADR-32); `nats micro ls` speaks it.

export interface ServiceEndpoint {
  readonly name: string;
  readonly subject: string;
  readonly queueGroup: string;
  stats(): { readonly requests: number; readonly errors: number; readonly processingMs: number };
}

export interface ServiceDescription {
  /** Letters, digits, `_` and `-`. */
  readonly name: string;
  /** Of this one instance. */
  readonly id: string;
  /** Semantic. */
  readonly version: string;
  readonly description: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly endpoints: readonly ServiceEndpoint[];
}

const verbs = ['PING', 'INFO', 'STATS'] as const;
type ServiceVerb = (typeof verbs)[number];

/** Answers `$SRV.PING`, `.INFO` and `.STATS`, for everybody, for this service and for this instance. */
export class ServiceResponder {
  readonly #subscriptions: readonly Subscription[];
  readonly #startedAt = new Date().toISOString();

  constructor(
    nc: NatsConnection,
    private readonly service: ServiceDescription,
  ) {
    const { name, id } = service;
    this.#subscriptions = verbs.flatMap((verb) =>
      [`$SRV.${verb}`, `$SRV.${verb}.${name}`, `$SRV.${verb}.${name}.${id}`].map((subject) =>
        nc.subscribe(subject, {
          callback: (error: Error | null, message: Msg) => {
            if (error === null) message.respond(encode(this.#answer(verb)));
          },
        }),
      ),
    );
  }

  close(): void {
    for (const subscription of this.#subscriptions) subscription.unsubscribe();
  }

  #answer(verb: ServiceVerb): unknown {
    const { name, id, version, metadata, description, endpoints } = this.service;
    const identity = { name, id, version, metadata };
    switch (verb) {
      case 'PING':
        return { type: 'io.nats.micro.v1.ping_response', ...identity };
      case 'INFO':
        return {
          type: 'io.nats.micro.v1.info_response',
          ...identity,
          description,
          endpoints: endpoints.map((endpoint) => ({ ...placeOf(endpoint), metadata: {} })),
        };
      case 'STATS':
        return {
          type: 'io.nats.micro.v1.stats_response',
          ...identity,
          started: this.#startedAt,
          endpoints: endpoints.map(statsOf),
        };
    }
  }
}

const placeOf = ({ name, subject, queueGroup }: ServiceEndpoint) => ({
  name,
  subject,
  queue_group: queueGroup,
});

// Times are in nanoseconds there.
function statsOf(endpoint: ServiceEndpoint) {
  const { requests, errors, processingMs } = endpoint.stats();
  return {
    ...placeOf(endpoint),
    num_requests: requests,
    num_errors: errors,
    last_error: '',
    processing_time: Math.round(processingMs * 1e6),
    average_processing_time: requests === 0 ? 0 : Math.round((processingMs * 1e6) / requests),
  };
}
