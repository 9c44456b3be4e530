import type { SessionAddress } from '../address.js';
import type { Notification } from '../notify.js';

/** A notification as a node is told it: joins are counted per session, so the session is part of it. */
export type Told = Notification & {
  readonly session: SessionAddress;
  /** That of the commit it comes from. */
  readonly revision?: number;
};
export type ToldOf<K extends Notification['kind']> = Extract<Told, { kind: K }>;
