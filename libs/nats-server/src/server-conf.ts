import { accountsConf } from './accounts.js';
import { list, quoted } from './conf-text.js';
import { developmentUser, nodeUser, usersConf, type NodeUser } from './node-users.js';

/** `always`: an append is on disk before it is acknowledged. `2m`: within two minutes. */
export type SyncInterval = 'always' | '2m';

export interface ServerPasswords {
  readonly services: string;
  readonly auditor: string;
  /** Of the development user, who may be any node. */
  readonly nodes: string;
  readonly sys: string;
}

/** A server's place in a cluster, in which it is known by its name. */
export interface ClusterPlace {
  readonly cluster: string;
  readonly server: string;
  /** Where the others reach it, at the same address. */
  readonly port: number;
  /** The others, `host:port`. */
  readonly routes: readonly string[];
}

export interface ServerConf {
  readonly host: string;
  readonly place: ClusterPlace | undefined;
  readonly storeDir: string;
  readonly sync: SyncInterval;
  readonly monitor: boolean;
  readonly maxPayloadBytes: number | undefined;
  readonly passwords: ServerPasswords;
  readonly nodes: readonly NodeUser[];
  /** The server writes its process id here when it starts. */
  readonly pidFile: string;
  /** The server writes the ports it listens at into this folder, once it does. */
  readonly portsFolder: string;
}

/** The configuration of a server that listens at one address: that of this machine alone, unless said otherwise. */
export function serverConf(server: ServerConf, port: number): string {
  const { host, place, passwords, nodes, maxPayloadBytes } = server;
  const nodeUsers = usersConf([developmentUser(passwords.nodes), ...nodes.map(nodeUser)]);
  // Durations are quoted: 2m without quotes is two million seconds.
  return [
    `listen: ${quoted(`${host}:${String(port)}`)}`,
    ...(place === undefined ? [] : clusterConf(host, place)),
    ...(server.monitor ? ['http: "127.0.0.1:-1"'] : []),
    ...(maxPayloadBytes === undefined ? [] : [`max_payload: ${String(maxPayloadBytes)}`]),
    `pid_file: ${quoted(server.pidFile)}`,
    `ports_file_dir: ${quoted(server.portsFolder)}`,
    `jetstream { store_dir: ${quoted(server.storeDir)}, sync_interval: ${quoted(server.sync)} }`,
    accountsConf(passwords, nodeUsers),
  ].join('\n');
}

// Clients are told of no other servers: who connects through something else than the address goes on doing so.
function clusterConf(host: string, { cluster, server, port, routes }: ClusterPlace): string[] {
  const urls = routes.map((route) => `nats-route://${route}`);
  return [
    `server_name: ${quoted(server)}`,
    `cluster { name: ${quoted(cluster)}, listen: ${quoted(`${host}:${String(port)}`)}, no_advertise: true, routes: ${list(urls)} }`,
  ];
}
