import { commitBytesMax } from '@joinleaf/event-log';
import type { Subjects } from '@joinleaf/wire';
import {
  DiscardPolicy,
  RetentionPolicy,
  StorageType,
  StoreCompression,
  type StreamConfig,
} from '@nats-io/jetstream';

// The five streams of a realm, as data. docs/adr says why; the comments here say what would break.

export type StreamRole = 'events' | 'decisions' | 'notifications' | 'nodes' | 'parked';

export interface StreamPlan {
  readonly role: StreamRole;
  readonly name: string;
  readonly config: Partial<StreamConfig> & { readonly name: string };
  /** The fields that the promises rest on: a stream in which one of them differs is not used. */
  readonly mustHold: readonly (keyof StreamConfig)[];
  /** Whether no message may ever have been taken out: the log itself, and the lives of nodes. */
  readonly complete: boolean;
}

const dayNs = 24 * 60 * 60 * 1e9;
const duplicateWindowNs = 2 * 60 * 1e9;
const headerBytes = 1_024;

/** Refusals are kept this long, in days. */
export const decisionDays = 14;
/** Bulletins kept for one node. */
export const bulletinsPerNodeMax = 100_000;
/** Unreadable messages that are kept with their reasons. */
export const parkedMax = 10_000;

const always = {
  retention: RetentionPolicy.Limits,
  storage: StorageType.File,
  compression: StoreCompression.None,
  max_consumers: -1,
  max_msgs: -1,
  max_bytes: -1,
  max_msg_size: commitBytesMax + headerBytes,
  duplicate_window: duplicateWindowNs,
  allow_direct: true,
  allow_rollup_hdrs: false,
  sealed: false,
} as const;

/** Kept for good: nothing ages, nothing is pushed out, nothing can be deleted. */
const forGood = {
  ...always,
  discard: DiscardPolicy.New,
  max_age: 0,
  max_msgs_per_subject: -1,
  deny_delete: true,
  deny_purge: true,
} as const;

const forAWhile = {
  ...always,
  discard: DiscardPolicy.Old,
  deny_delete: false,
  deny_purge: false,
} as const;

const mustHoldAlways = [
  'subjects',
  'retention',
  'storage',
  'num_replicas',
  'discard',
  'max_age',
  'max_msgs_per_subject',
  'max_msg_size',
  'allow_direct',
  'allow_rollup_hdrs',
  'sealed',
  'no_ack',
  'mirror',
  'sources',
  'subject_transform',
  'persist_mode',
  'allow_msg_ttl',
  'allow_msg_counter',
  'allow_msg_schedules',
] as const satisfies readonly string[];

const mustHoldForGood = [...mustHoldAlways, 'deny_delete', 'deny_purge', 'max_msgs'] as const;

/** The streams of a realm. `max_bytes` is the operator's to set: a full log refuses, and loses nothing. */
export function streamPlans(subjects: Subjects, replicas: number): readonly StreamPlan[] {
  const names = subjects.streams;
  const plan = (
    role: StreamRole,
    subject: string,
    config: Partial<StreamConfig>,
    complete: boolean,
  ): StreamPlan => ({
    role,
    name: names[role],
    config: { ...config, name: names[role], subjects: [subject], num_replicas: replicas },
    mustHold: (complete ? mustHoldForGood : mustHoldAlways) as readonly (keyof StreamConfig)[],
    complete,
  });
  return [
    plan('events', subjects.allEvents(), forGood, true),
    plan(
      'decisions',
      subjects.allDecisions(),
      { ...forAWhile, max_age: decisionDays * dayNs, max_msgs_per_subject: -1 },
      false,
    ),
    plan(
      'notifications',
      subjects.allNotifications(),
      { ...forAWhile, max_age: 0, max_msgs_per_subject: bulletinsPerNodeMax },
      false,
    ),
    plan('nodes', subjects.allNodeRecords(), forGood, true),
    plan(
      'parked',
      subjects.allParked(),
      { ...forAWhile, max_age: 0, max_msgs: parkedMax, max_msgs_per_subject: -1 },
      false,
    ),
  ];
}
