import type { NodeAddress, SessionAddress } from '../address.js';
import type { Base64, JoinFlags, JoinId } from '../event.js';
import type { Plane } from '../notify.js';
import type { Qos } from '../qos.js';
import type { SocketId } from '../socket-id.js';
import type { CallId } from './effect.js';

/** A join that waits at a listening socket: of a session, for joins are counted per session. */
export interface WaitingKey {
  readonly session: SessionAddress;
  readonly join: JoinId;
}

export interface Waiting extends WaitingKey {
  /** The asking leaf's endpoint, or the root that invites. */
  readonly from: NodeAddress | SocketId;
  readonly flags: JoinFlags;
  readonly callerData: Base64 | null;
  readonly qos?: Qos;
  readonly deadlineAt: number | null;
  /** null when it was told before there was session data. */
  readonly plane: Plane | null;
  readonly deferred: boolean;
  /** It is over, and whoever accepts without naming a request hears of it (R87). */
  readonly withdrawn: boolean;
  /** The accept or reject that is under way for it. */
  readonly answer: CallId | null;
}

/** The backlog of a listening socket, in arrival order (R25). */
export interface Queue {
  readonly backlog: number;
  readonly waiting: readonly Waiting[];
}

const same = (a: WaitingKey, b: WaitingKey): boolean =>
  a.session === b.session && a.join === b.join;

export const waitingFor = (queue: Queue, key: WaitingKey): Waiting | undefined =>
  queue.waiting.find((waiting) => same(waiting, key));

/** The oldest request that nobody is answering (R80). */
export const oldest = (queue: Queue): Waiting | undefined =>
  queue.waiting.find(({ answer }) => answer === null);

/** The requests that can still be accepted, oldest first. */
export const acceptable = ({ waiting }: Queue): readonly Waiting[] =>
  waiting.filter(({ answer, withdrawn }) => answer === null && !withdrawn);

/** Whether FD_ACCEPT has a reason: a deferred request in front holds up those behind it (R84). */
export const mayBeAccepted = (queue: Queue | null): boolean =>
  queue !== null && acceptable(queue)[0]?.deferred === false;

export const isFull = (queue: Queue): boolean => acceptable(queue).length >= queue.backlog;

export const enqueue = (queue: Queue, waiting: Waiting): Queue => ({
  ...queue,
  waiting: [...queue.waiting, waiting],
});

export const withoutWaiting = (queue: Queue, key: WaitingKey): Queue => ({
  ...queue,
  waiting: queue.waiting.filter((waiting) => !same(waiting, key)),
});

export const withWaiting = (queue: Queue, changed: Waiting): Queue => ({
  ...queue,
  waiting: queue.waiting.map((waiting) => (same(waiting, changed) ? changed : waiting)),
});
