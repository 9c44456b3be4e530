/** What SO_* options and SIO_* ioctls of one socket say. */
export interface SocketOptions {
  /** SO_LINGER with its seconds; null for SO_DONTLINGER, a graceful close in the background (R141). */
  readonly lingerSeconds: number | null;
  readonly reuseAddress: boolean;
  readonly conditionalAccept: boolean;
  /** SIO_MULTIPOINT_LOOPBACK: whether the socket hears what it sends itself (R155). */
  readonly loopback: boolean;
  /** SIO_MULTICAST_SCOPE: 0 for this node alone, from 1 the whole realm (R156). */
  readonly scope: number;
  /** Bytes that may be under way to the broker at once. */
  readonly sendBufferBytes: number;
  /** Bytes that may wait to be received. */
  readonly receiveBufferBytes: number;
}

export const standardOptions: SocketOptions = {
  lingerSeconds: null,
  reuseAddress: false,
  conditionalAccept: false,
  loopback: true,
  scope: 1,
  sendBufferBytes: 262_144,
  receiveBufferBytes: 1_048_576,
};
