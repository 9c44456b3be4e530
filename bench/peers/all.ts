import { colyseus } from './colyseus.js';
import { etcd } from './etcd.js';
import { joinleaf } from './joinleaf.js';
import type { Peer } from './peer.js';
import { redis } from './redis.js';
import { socketIo } from './socket-io.js';
import { zookeeper } from './zookeeper.js';

/** Durable ones first. */
export const allPeers: readonly Peer[] = [
  joinleaf('always'),
  etcd('guard'),
  etcd('seats'),
  zookeeper('version'),
  zookeeper('seats'),
  redis,
  joinleaf('2m'),
  socketIo,
  colyseus,
];
