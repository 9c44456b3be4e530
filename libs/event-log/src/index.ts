export {
  ChainCheck,
  checkChain,
  damageAfter,
  sealCommit,
  type Damage,
  type DamageKind,
} from './chain.js';
export {
  emptyHead,
  headOf,
  type Basis,
  type ChainedCommit,
  type Commit,
  type Decided,
  type Head,
  type RefusalRecord,
  type StoredCommit,
} from './commit.js';
export { fold, foldCommit, foldDecisions, foldTo, nothingFolded, type Folded } from './fold.js';
export {
  commitBytesMax,
  type AppendOutcome,
  type Draft,
  type EventLog,
  type Followed,
  type FollowOptions,
  type ReadOptions,
  type Sha256,
} from './log.js';
export { MemoryLog, type MemoryLogOptions } from './memory-log.js';
export { BadDraft, LogRegressed, UnreadableCommit } from './trouble.js';
