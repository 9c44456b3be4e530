import type { RefusalRecord, StoredCommit } from '@joinleaf/event-log';
import type { SessionAddress } from '@joinleaf/multipoint';

/** A record of JL_NODES: when a run of a node began or ended. */
export type NodeLife =
  | {
      readonly schema: 1;
      readonly type: 'NodeStarted';
      readonly node: string;
      readonly incarnation: string;
      readonly boundMs: number;
      readonly at: number;
    }
  | {
      readonly schema: 1;
      readonly type: 'NodeStopped';
      readonly node: string;
      readonly incarnation: string;
      readonly at: number;
    }
  | {
      readonly schema: 1;
      readonly type: 'NodeSuspected';
      readonly node: string;
      readonly incarnation: string;
      readonly silentMs: number;
      readonly boundMs: number;
      readonly by: string;
      readonly at: number;
    }
  | {
      readonly schema: 1;
      readonly type: 'NodeHeard';
      readonly node: string;
      readonly incarnation: string;
      readonly by: string;
      readonly at: number;
    }
  | {
      readonly schema: 1;
      readonly type: 'NodeLost';
      readonly node: string;
      readonly incarnation: string;
      readonly silentMs: number;
      readonly boundMs: number;
      readonly suspectedAt?: number | null;
      readonly by?: string;
      readonly at: number;
    };

/** All that is on record about one session. */
export interface CapturedSession {
  readonly session: SessionAddress;
  readonly commits: readonly StoredCommit[];
  readonly refusals: readonly RefusalRecord[];
}

/** What a capture holds: whole sessions, and the lives of the nodes in them. */
export interface CaptureContent {
  readonly sessions: readonly CapturedSession[];
  readonly nodes: readonly NodeLife[];
}

/** What was taken out of a capture. Whatever is false was kept. */
export interface Redaction {
  /** Names of sessions, nodes and arbiters, and incarnations. */
  readonly names: boolean;
  /** Ids of commands and commits, which their makers choose. */
  readonly ids: boolean;
  /** Caller and callee data. */
  readonly data: boolean;
}

export const redactEverything: Redaction = { names: true, ids: true, data: true };

export const isRedacted = ({ names, ids, data }: Redaction): boolean => names || ids || data;

/** What even a redacted capture tells. For those who are about to send one. */
export const leftReadable: readonly string[] = [
  'what happened and in which order: commands, events, rules and error codes',
  'times, deadlines and how long things took',
  'the numbers of joins, sockets and ports; sizes of what programs attached',
  'the policy: capacity, deadlines, how many names its lists have',
  "each commit's hash, over what was really stored",
];
