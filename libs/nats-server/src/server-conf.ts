import { accountsConf } from './accounts.js';
import { quoted } from './conf-text.js';
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

export interface ServerConf {
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

/** The configuration of a server for this machine alone: it listens on 127.0.0.1 and nowhere else. */
export function serverConf(server: ServerConf, port: number): string {
  const { passwords, nodes, maxPayloadBytes } = server;
  const nodeUsers = usersConf([developmentUser(passwords.nodes), ...nodes.map(nodeUser)]);
  // Durations are quoted: 2m without quotes is two million seconds.
  return [
    `listen: "127.0.0.1:${String(port)}"`,
    ...(server.monitor ? ['http: "127.0.0.1:-1"'] : []),
    ...(maxPayloadBytes === undefined ? [] : [`max_payload: ${String(maxPayloadBytes)}`]),
    `pid_file: ${quoted(server.pidFile)}`,
    `ports_file_dir: ${quoted(server.portsFolder)}`,
    `jetstream { store_dir: ${quoted(server.storeDir)}, sync_interval: ${quoted(server.sync)} }`,
    accountsConf(passwords, nodeUsers),
  ].join('\n');
}
