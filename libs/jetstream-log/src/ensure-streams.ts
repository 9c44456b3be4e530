import { setTimeout as delay } from 'node:timers/promises';
import type { Subjects } from '@joinleaf/wire';
import {
  JetStreamApiError,
  jetstreamManager,
  type JetStreamManager,
  type StreamConfig,
  type StreamInfo,
} from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { comesBack } from './comes-back.js';
import { streamPlans, type StreamPlan, type StreamRole } from './streams.js';

/** What is not as it must be in one stream. */
export interface StreamDifference {
  /** Of the configuration, or `num_deleted`, or `first_seq`. */
  readonly field: string;
  readonly found: unknown;
  readonly wanted: unknown;
}

/** A stream under our name does not keep what we promise. It is left as it is, and not used. */
export class StreamUnusable extends Error {
  override readonly name = 'StreamUnusable';
  constructor(
    readonly stream: string,
    readonly differences: readonly StreamDifference[],
  ) {
    super(`stream ${stream} is not what it must be: ${differences.map(inWords).join(', ')}`);
  }
}

interface Wish {
  readonly replicas: number;
  readonly withinMs?: number;
}

/** A stream that is fit for use. */
export interface EnsuredStream {
  readonly role: StreamRole;
  readonly name: string;
  /** When it was created, as the server writes it; with the name, its identity. */
  readonly created: string;
  readonly lastSequence: number;
}

const streamNotFound = 10_059;
const nameInUse = 10_058;
/** A cluster that is forming does not know all its servers yet. */
const noSuitablePeers = 10_005;
const triesMax = 5;
const retryPauseMs = 250;
/** A cluster that has just formed, or lost a server, has nobody to ask for a while. */
const patienceStandardMs = 30_000;

/**
 * Makes the streams of a realm that are missing, and checks those that are there. Several services may do so at
 * the same time, and again at every start.
 *
 * @param options.replicas - 1 on one machine, 3 in a cluster.
 * @param options.withinMs - How long to go on asking when nobody answers.
 * @throws StreamUnusable for the first stream that differs in what our promises rest on; the client's error when
 *   nobody has answered in time.
 */
export async function ensureStreams(
  nc: NatsConnection,
  subjects: Subjects,
  { replicas, withinMs = patienceStandardMs }: Wish,
): Promise<Readonly<Record<StreamRole, EnsuredStream>>> {
  const jsm = await jetstreamManager(nc, { checkAPI: false });
  const until = performance.now() + withinMs;
  const ensured = new Map<StreamRole, EnsuredStream>();
  for (const plan of streamPlans(subjects, replicas)) {
    const info = await patiently(until, () => foundOrMade(jsm, plan));
    ensured.set(plan.role, checked(plan, info));
  }
  return Object.fromEntries(ensured) as Record<StreamRole, EnsuredStream>;
}

/**
 * Checks the streams of a realm and makes none: for readers.
 *
 * @throws StreamUnusable as `ensureStreams` does, also for a stream that is missing.
 */
export async function checkStreams(
  nc: NatsConnection,
  subjects: Subjects,
  { replicas, withinMs = patienceStandardMs }: Wish,
): Promise<Readonly<Record<StreamRole, EnsuredStream>>> {
  const jsm = await jetstreamManager(nc, { checkAPI: false });
  const until = performance.now() + withinMs;
  const ensured = new Map<StreamRole, EnsuredStream>();
  for (const plan of streamPlans(subjects, replicas)) {
    const info = await patiently(until, () => found(jsm, plan.name));
    if (info === null) {
      throw new StreamUnusable(plan.name, [{ field: 'name', found: null, wanted: plan.name }]);
    }
    ensured.set(plan.role, checked(plan, info));
  }
  return Object.fromEntries(ensured) as Record<StreamRole, EnsuredStream>;
}

/** Repeats a question while nobody answers it. To ask again is safe: a stream that was made unheard is found. */
export async function patiently<T>(until: number, ask: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (!isAway(error) || performance.now() + retryPauseMs >= until) throw error;
      await delay(retryPauseMs);
    }
  }
}

// What the server refuses is refused again, unless it says that it cannot answer now.
const isAway = (error: unknown): boolean =>
  error instanceof JetStreamApiError
    ? error.status === 503 || error.code === noSuitablePeers
    : comesBack(error);

async function foundOrMade(jsm: JetStreamManager, plan: StreamPlan): Promise<StreamInfo> {
  for (let tries = 1; ; tries += 1) {
    const info = await found(jsm, plan.name);
    if (info !== null) return info;
    try {
      return await jsm.streams.add(plan.config);
    } catch (error) {
      // Somebody else made it in the meantime, perhaps not as we would have.
      if (codeOf(error) !== nameInUse || tries === triesMax) throw error;
    }
  }
}

async function found(jsm: JetStreamManager, name: string): Promise<StreamInfo | null> {
  try {
    return await jsm.streams.info(name);
  } catch (error) {
    if (codeOf(error) === streamNotFound) return null;
    throw error;
  }
}

const codeOf = (error: unknown): number | null =>
  error instanceof JetStreamApiError ? error.code : null;

/** What our promises rest on and is otherwise in a stream. */
export const differencesIn = (plan: StreamPlan, info: StreamInfo): readonly StreamDifference[] => [
  ...configDifferences(plan, info.config),
  ...stateDifferences(plan, info),
];

function checked(plan: StreamPlan, info: StreamInfo): EnsuredStream {
  const differences = differencesIn(plan, info);
  if (differences.length > 0) throw new StreamUnusable(plan.name, differences);
  const { created, state } = info;
  return {
    role: plan.role,
    name: plan.name,
    created,
    lastSequence: state.last_seq,
  };
}

function configDifferences({ config, mustHold }: StreamPlan, found: StreamConfig) {
  return mustHold
    .map((field) => ({ field, found: found[field], wanted: config[field] }))
    .filter((one) => !same(one.found, one.wanted));
}

function stateDifferences({ complete }: StreamPlan, { state }: StreamInfo): StreamDifference[] {
  if (!complete) return [];
  const first = state.messages === 0 && state.last_seq === 0 ? 1 : state.first_seq;
  return [
    { field: 'num_deleted', found: deletedIn(state), wanted: 0 },
    { field: 'first_seq', found: first, wanted: 1 },
  ].filter((one) => one.found !== one.wanted);
}

// The server leaves the number out when it is 0.
const deletedIn = ({ num_deleted: deleted = 0 }: { readonly num_deleted?: number }): number =>
  deleted;

// The server leaves out what is off, and a version may or may not mention what it does not use.
const isOff = (value: unknown): boolean =>
  value === undefined || value === null || value === false || value === '' || value === 'default';

const same = (a: unknown, b: unknown): boolean =>
  (isOff(a) && isOff(b)) || JSON.stringify(a) === JSON.stringify(b);

const inWords = ({ field, found, wanted }: StreamDifference): string =>
  `${field} is ${JSON.stringify(found ?? null)} and must be ${JSON.stringify(wanted ?? null)}`;
