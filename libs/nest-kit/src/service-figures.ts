import type { Broker } from '@joinleaf/jetstream-log';
import type { Metrics } from './metrics.js';
import type { NatsRequests, RequestSubject } from './nats-requests.js';
import type { ServiceDescription } from './service-responder.js';

/** What the transport counts, as metrics. */
export function countRequests(metrics: Metrics, requests: NatsRequests): void {
  const counted = (name: string, help: string, read: () => number) => {
    metrics.countedElsewhere(`joinleaf_requests_${name}_total`, help, read);
  };
  counted('received', 'Requests that arrived.', () => requests.counters.received);
  counted('answered', 'Requests that a handler answered.', () => requests.counters.answered);
  counted('malformed', 'Refused with WSAEFAULT (H11).', () => requests.counters.malformed);
  counted('overloaded', 'Refused with WSAENOBUFS (H13).', () => requests.counters.overloaded);
  counted('failed', 'Requests whose handler threw.', () => requests.counters.failed);
  metrics.gauge(
    'joinleaf_requests_in_flight',
    'Requests in hand.',
    () => requests.counters.inFlight,
  );
}

/** What happened to the connection, as metrics. */
export function countBroker(metrics: Metrics, broker: Broker): void {
  metrics.countedElsewhere('joinleaf_broker_disconnects_total', 'Connections lost.', () => {
    return broker.counts.disconnected;
  });
  metrics.countedElsewhere('joinleaf_unauthorized_total', 'What the broker denied.', () => {
    return broker.counts.denied;
  });
}

interface Instance {
  readonly name: string;
  readonly hash: string;
  readonly requests: NatsRequests;
  /** Metadata that changes. */
  readonly more: () => Readonly<Record<string, string>>;
}

/** How the service introduces itself on `$SRV`: one endpoint for each verb it answers. */
export function describeService(
  service: {
    readonly name: string;
    readonly version: string;
    readonly description: string;
    readonly metadata?: Readonly<Record<string, string>>;
  },
  { name, hash, requests, more }: Instance,
): ServiceDescription {
  return {
    name: `joinleaf-${service.name}`,
    id: name,
    version: service.version,
    description: service.description,
    get metadata() {
      return { config: hash, ...service.metadata, ...more() };
    },
    endpoints: [...requests.getHandlers().keys()].map((pattern) => {
      const { subject, queue = '' } = whereOf(pattern, requests.heard);
      const stats = () => requests.figures.of(pattern);
      return { name: pattern.replace('.', '-'), subject, queueGroup: queue, stats };
    }),
  };
}

// `cmd.join` arrives on the subjects of commands, `node.start` on its own.
function whereOf(pattern: string, heard: readonly RequestSubject[]): RequestSubject {
  const [kind = '', verb = ''] = pattern.split('.');
  const own = heard.filter(({ subject }) => subject.includes(`.${kind}.`));
  const exact = own.find(({ subject }) => subject.endsWith(`.${verb}`));
  return exact ?? { ...own[0], subject: covering(own.map(({ subject }) => subject)) };
}

// Partitions are many subjects that differ in one token; there it says `*`.
function covering(subjects: readonly string[]): string {
  const [first = '', ...others] = subjects.map((subject) => subject.split('.'));
  if (first === '') return '';
  return first
    .map((token, at) => (others.every((other) => other[at] === token) ? token : '*'))
    .join('.');
}
