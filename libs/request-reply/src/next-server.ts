import type { ReconnectToServerHandler } from '@nats-io/transport-node';

/**
 * Where to dial next: the server that was dialled longest ago. NATS' own client dials the one that it has just lost first,
 * which takes a whole timeout where that one is silent rather than gone.
 */
export const leastRecentlyDialled: ReconnectToServerHandler = (servers) =>
  servers.reduce((best, server) => (server.lastConnect < best.lastConnect ? server : best));
