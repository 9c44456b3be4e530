export {
  brokerVersionMin,
  connectBroker,
  type Broker,
  type BrokerCounts,
  type BrokerEvent,
  type BrokerOptions,
} from './broker.js';
export { compareCopies, type Comparing, type CopyDifference } from './compare-copies.js';
export {
  JetStreamDecisionLog,
  type DecisionCounts,
  type DecisionLog,
  type JetStreamDecisionLogOptions,
  type StoredRefusal,
} from './decision-log.js';
export {
  checkStreams,
  ensureStreams,
  StreamUnusable,
  type EnsuredStream,
  type StreamDifference,
} from './ensure-streams.js';
export { JetStreamLog, type JetStreamLogOptions, type MessageOrNone } from './jetstream-log.js';
export { MemoryDecisionLog, MemoryNodeLog, MemoryNotificationStore } from './memory-stores.js';
export {
  JetStreamNodeLog,
  type JetStreamStoreOptions,
  type NodeLog,
  type NodeOutcome,
  type StoredNodeRecord,
} from './node-log.js';
export {
  bulletinBytesMax,
  JetStreamNotificationStore,
  lastNumberOf,
  type BulletinOutcome,
  type NotificationStore,
  type StoredBulletin,
} from './notification-store.js';
export type {
  FollowedRecord,
  FollowOptions,
  RecordOutcome,
  Stored,
  WriteOptions,
} from './record-stream.js';
export type { SlotCounts } from './slot-writer.js';
export {
  JetStreamParkedLog,
  type Finder,
  type ParkOutcome,
  type Poisoned,
  type StoredParked,
} from './parked-log.js';
export { assertSameLog, replacedLog } from './same-log.js';
export { sha256, storedCommit } from './stored-commit.js';
export type { StoredMessage } from './stream-access.js';
export {
  reportStreams,
  type StreamCopy,
  type StreamReport,
  type StreamReports,
} from './stream-report.js';
export {
  bulletinsPerNodeMax,
  decisionDays,
  parkedMax,
  streamPlans,
  type StreamPlan,
  type StreamRole,
} from './streams.js';
export {
  BrokerRefusesUs,
  BrokerTooOld,
  BrokerUnreachable,
  JetStreamRefusal,
  StreamUnreachable,
  SubjectDamaged,
  UnreadableRecord,
} from './trouble.js';
