import type { NatsCredentials } from './credentials.js';
import type { ServerPasswords, SyncInterval } from './server-conf.js';

/** A server of ours, for this machine alone. It ends when this process ends, however that happens. */
export interface RunningNatsServer {
  readonly kind: 'own';
  /** `127.0.0.1:20123` */
  readonly url: string;
  /** The same with user and password, as `NATS_URL` wants it. */
  readonly servicesUrl: string;
  readonly auditorUrl: string;
  /** The development user, who may be any node. */
  readonly nodesUrl: string;
  readonly credentials: Readonly<Record<keyof ServerPasswords, NatsCredentials>>;
  readonly port: number;
  /** The server's process id; another one after a restart. */
  readonly pid: number;
  readonly path: string;
  readonly version: string;
  readonly durability: `sync ${SyncInterval}`;
  readonly storeDir: string;
  readonly logFile: string;
  readonly monitorUrl: string | undefined;
  /** Ends the server and removes what was temporary. May be repeated. */
  stop(): Promise<void>;
  /** Ends the server as a crash would. Store, port and passwords stay, for `restart`. */
  kill(): Promise<void>;
  /** A new process on the same store, at the same port, with the same passwords. */
  restart(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}
