import { headOf, type ChainedCommit, type Folded } from '@joinleaf/event-log';
import {
  evolve,
  nodeOf,
  notify,
  socketParts,
  type NodeAddress,
  type Notification,
  type SessionAddress,
  type SocketId,
} from '@joinleaf/multipoint';

/** Where a notification stands among all that the log tells: in this order nodes are told. */
export interface ToldPlace {
  /** The stream position of its commit. */
  readonly sequence: number;
  /** Counts the notifications of that commit from 0, over all its events and all nodes. */
  readonly index: number;
}

/** A notification with its identity: `conf-7.12.0`, the same however often it is computed. */
export type IdentifiedNotification = Notification & {
  readonly id: string;
  readonly session: SessionAddress;
  readonly revision: number;
};

/** What one commit has to tell, to whom. */
export interface Told {
  readonly node: string;
  readonly place: ToldPlace;
  readonly notification: IdentifiedNotification;
}

/**
 * Folds the next commit of a session, and says who hears what of it, in order. The result depends on
 * the session's log alone.
 */
export function tell(
  before: Folded,
  commit: ChainedCommit,
): { readonly after: Folded; readonly told: readonly Told[] } {
  const { session: address, revision, sequence } = commit;
  const told: Told[] = [];
  let session = before.session;
  for (const event of commit.decisions.flatMap(({ events }) => events)) {
    for (const notification of notify(session, event)) {
      const index = told.length;
      const id = idOf(address, revision, index);
      told.push({
        node: nodeOfTarget(notification.to),
        place: { sequence, index },
        notification: { ...notification, id, session: address, revision },
      });
    }
    session = evolve(session, event);
  }
  return { after: { session, head: headOf(commit) }, told };
}

/** Orders places; negative when `a` comes first. */
export const comparePlaces = (a: ToldPlace, b: ToldPlace): number =>
  a.sequence - b.sequence || a.index - b.index;

/** The index in a notification's identity. */
export const indexIn = (id: string): number => Number(id.slice(id.lastIndexOf('.') + 1));

const idOf = (session: SessionAddress, revision: number, index: number): string =>
  `${session}.${String(revision)}.${String(index)}`;

const nodeOfTarget = (to: SocketId | NodeAddress): string =>
  isEndpoint(to) ? nodeOf(to) : socketParts(to).node;

// Neither a node's name nor an incarnation has a colon in it.
const isEndpoint = (to: SocketId | NodeAddress): to is NodeAddress => to.includes(':');
