import type { RefusalRecord, StoredCommit } from '@joinleaf/event-log';
import type { SessionAddress } from '@joinleaf/multipoint';
import type { Bulletin, NodeRecord, ToldNotification } from '@joinleaf/wire';

/** Everything that a deployment has on record, as it lies in its four streams. */
export interface Records {
  /** All sessions' commits, in the order of the stream. */
  readonly commits: readonly StoredCommit[];
  readonly refusals: readonly RefusalRecord[];
  /** By node, in the order of the stream. */
  readonly bulletins: ReadonlyMap<string, readonly Bulletin[]>;
  readonly nodes: readonly NodeRecord[];
  /** Stored messages that are not what their stream is for, and streams that are not set up as agreed. */
  readonly foreign: readonly string[];
}

export const commitsOf = ({ commits }: Records, session: string): readonly StoredCommit[] =>
  commits.filter((commit) => commit.session === session);

export const refusalsOf = ({ refusals }: Records, session: string): readonly RefusalRecord[] =>
  refusals.filter((refusal) => refusal.session === session);

export const sessionsIn = ({ commits, refusals }: Records): readonly SessionAddress[] => [
  ...new Set([...commits, ...refusals].map(({ session }) => session)),
];

/** A notification and its number at its node. */
export interface Numbered {
  readonly number: number;
  readonly sequence: number;
  readonly told: ToldNotification;
}

/** What a node was told, one notification after the other. */
export const toldTo = ({ bulletins }: Records, node: string): readonly Numbered[] =>
  (bulletins.get(node) ?? []).flatMap(({ first, sequence, notifications }) =>
    notifications.map((told, index) => ({ number: first + index, sequence, told })),
  );

/** Caller data as the text that it was; empty for none. */
export const textOf = (base64: string | null): string =>
  base64 === null ? '' : Buffer.from(base64, 'base64').toString('utf8');
