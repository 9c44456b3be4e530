import type { PersistentMap } from '../persistent-map.js';

/** Which sockets of this node hear the channels of a session. */
export interface Tuned {
  readonly all: PersistentMap<true>;
  readonly up: PersistentMap<true>;
  /** The last revision of the session that this node heard of. */
  readonly asOf: number;
}
