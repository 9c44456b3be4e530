export { Arbiter, type ArbiterOptions } from './arbiter.js';
export { Hearing } from './hearing.js';
export { Housekeeping, type HousekeepingParts } from './housekeeping.js';
export { NodeKeeper, type NodeKeeperParts } from './node-keeper.js';
export { ownersOf } from './owners.js';
export { Partitions, type PartitionsParts } from './partitions.js';
export type {
  CommandDesk,
  Connection,
  NodeAppend,
  NodeBook,
  Peers,
  RefusalSink,
  ReportBug,
  World,
} from './ports.js';
export { RateLimits, type RateLimitOptions } from './rate-limits.js';
export { SessionCommands, type SessionCommandsParts } from './session-commands.js';
export type { MailboxOptions, MailboxParts, Outcome } from './session-mailbox.js';
export { Watch } from './watch.js';
