export { Arbiter, type ArbiterOptions } from './arbiter.js';
export { Housekeeping, type HousekeepingParts } from './housekeeping.js';
export { NodeKeeper, type NodeKeeperParts } from './node-keeper.js';
export type { NodeAppend, NodeBook, RefusalSink, ReportBug, World } from './ports.js';
export { SessionCommands, type SessionCommandsParts } from './session-commands.js';
export type { MailboxOptions, MailboxParts, Outcome } from './session-mailbox.js';
export { Watch } from './watch.js';
