import type { Subjects } from '@joinleaf/wire';
import {
  JetStreamApiError,
  jetstreamManager,
  type JetStreamManager,
  type PeerInfo,
  type StreamInfo,
} from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { differencesIn, type StreamDifference } from './ensure-streams.js';
import { streamPlans, type StreamPlan, type StreamRole } from './streams.js';

/** One of the servers that keep a stream, beside its leader. */
export interface StreamCopy {
  readonly server: string;
  readonly isCurrent: boolean;
  readonly isOffline: boolean;
  /** Operations that it has yet to take in. */
  readonly lag: number;
  /** Milliseconds since the leader heard of it. */
  readonly silentMs: number;
}

/** What a stream is and how it stands, judged and not refused. */
export interface StreamReport {
  readonly role: StreamRole;
  readonly name: string;
  /** When it was created, as the server writes it. */
  readonly created: string;
  readonly messages: number;
  readonly firstSequence: number;
  readonly lastSequence: number;
  /** When its first message was stored, in milliseconds since the Unix epoch; null when it holds none. */
  readonly firstAt: number | null;
  readonly bytes: number;
  /** -1 for no bound. */
  readonly bytesMax: number;
  readonly replicas: number;
  /** The server that leads it; null where there is one server alone, or no leader. */
  readonly leader: string | null;
  readonly isClustered: boolean;
  readonly copies: readonly StreamCopy[];
  /** What our promises rest on and is otherwise. */
  readonly differences: readonly StreamDifference[];
}

export interface StreamReports {
  readonly streams: readonly StreamReport[];
  /** Streams of the realm that are not there. */
  readonly missing: readonly StreamPlan[];
}

const streamNotFound = 10_059;
const milliseconds = 1e6;

/** Looks at the streams of a realm, makes none and refuses none: for whoever has to see what is amiss. */
export async function reportStreams(
  nc: NatsConnection,
  subjects: Subjects,
): Promise<StreamReports> {
  const manager = await jetstreamManager(nc, { checkAPI: false });
  const found = new Map<StreamRole, StreamInfo>();
  for (const { role, name } of streamPlans(subjects, 1)) {
    const info = await infoOf(manager, name);
    if (info !== null) found.set(role, info);
  }
  // How many copies there are is for the operator to choose; all streams are to have as many as the log.
  const plans = streamPlans(subjects, found.get('events')?.config.num_replicas ?? 1);
  return {
    missing: plans.filter(({ role }) => !found.has(role)),
    streams: plans.flatMap((plan) => {
      const info = found.get(plan.role);
      return info === undefined ? [] : [reportOf(plan, info)];
    }),
  };
}

async function infoOf(manager: JetStreamManager, name: string): Promise<StreamInfo | null> {
  try {
    return await manager.streams.info(name);
  } catch (error) {
    if (error instanceof JetStreamApiError && error.code === streamNotFound) return null;
    throw error;
  }
}

function reportOf(plan: StreamPlan, info: StreamInfo): StreamReport {
  const { config, state, cluster, created } = info;
  return {
    role: plan.role,
    name: plan.name,
    created,
    messages: state.messages,
    firstSequence: state.first_seq,
    lastSequence: state.last_seq,
    firstAt: state.messages === 0 ? null : Date.parse(state.first_ts),
    bytes: state.bytes,
    bytesMax: config.max_bytes,
    replicas: config.num_replicas,
    leader: cluster?.leader ?? null,
    isClustered: config.num_replicas > 1,
    copies: (cluster?.replicas ?? []).map(copyOf),
    differences: differencesIn(plan, info),
  };
}

// The server leaves out what is false or 0, whatever the client's types say.
const copyOf = (peer: Partial<PeerInfo>): StreamCopy => ({
  server: peer.name ?? '',
  isCurrent: peer.current ?? false,
  isOffline: peer.offline ?? false,
  lag: peer.lag ?? 0,
  silentMs: Math.round((peer.active ?? 0) / milliseconds),
});
