import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { EmbeddedServer, type ServerSettings } from './embedded-server.js';
import type { NodeUser } from './node-users.js';
import { obtainNatsServer, type ObtainedNatsServer } from './obtain.js';
import type { RunningNatsServer } from './running-server.js';
import type { ClusterPlace, ServerPasswords, SyncInterval } from './server-conf.js';
import { ownerFile } from './store-owner.js';

const readyTimeoutMsDefault = 10_000;

export interface StartOptions {
  /** A binary to run. Without it: see `obtainNatsServer`. */
  readonly server?: string | undefined;
  /** Where JetStream keeps its files. Without it: a temporary folder that goes when the server stops. */
  readonly storeDir?: string | undefined;
  /** Without it: a free one. */
  readonly port?: number | undefined;
  /** The address it listens at; 127.0.0.1 without it. */
  readonly host?: string | undefined;
  /** Makes it one of a cluster. */
  readonly place?: ClusterPlace | undefined;
  /** A program with its arguments that runs the server, such as `nsenter --net=…`. */
  readonly under?: readonly string[] | undefined;
  /** When an append is on disk: `always` before its acknowledgement, or, by default, within `2m`. */
  readonly sync?: SyncInterval | undefined;
  /** Opens the HTTP monitoring port, on 127.0.0.1. */
  readonly monitor?: boolean | undefined;
  /** Users for single nodes, besides the development user who may be any node. */
  readonly nodes?: readonly NodeUser[] | undefined;
  /** Passwords that must be known beforehand. The others are random, and new at every start. */
  readonly passwords?: Partial<ServerPasswords> | undefined;
  /** Largest message in bytes. Without it: the server's default of 1 MiB. */
  readonly maxPayloadBytes?: number | undefined;
  readonly logFile?: string | undefined;
  /** Time allowed until the server listens, in milliseconds; 10 000 by default. */
  readonly readyTimeoutMs?: number | undefined;
  readonly onProgress?: ((message: string) => void) | undefined;
  /** Called when the server ends though nobody stopped, killed or restarted it. */
  readonly onDeath?: ((message: string) => void) | undefined;
}

/**
 * Starts a nats-server with JetStream and the accounts of joinleaf, and returns when it listens.
 *
 * @throws NatsServerUnavailable when no binary can be had; Error with the end of the server's log
 *   when it does not come up; Error when the store or the given port is in use.
 */
export async function startNatsServer(options: StartOptions = {}): Promise<RunningNatsServer> {
  const { server: path, onProgress, port } = options;
  const binary = await obtainNatsServer({ path, onProgress });
  const folder = await mkdtemp(join(tmpdir(), 'joinleaf-nats-'));
  try {
    const settings = await settingsIn(folder, binary, options);
    return await EmbeddedServer.start(
      settings,
      port === undefined ? { kind: 'any' } : { kind: 'asked', port },
    );
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

async function settingsIn(
  folder: string,
  { path, version }: ObtainedNatsServer,
  options: StartOptions,
): Promise<ServerSettings> {
  const storeDir = resolve(options.storeDir ?? join(folder, 'store'));
  await mkdir(storeDir, { recursive: true });
  const portsFolder = join(folder, 'ports');
  return {
    version,
    places: {
      command: [...(options.under ?? []), path],
      confFile: join(folder, 'nats-server.conf'),
      logFile: options.logFile ?? join(folder, 'nats-server.log'),
      portsFolder,
      leftovers: folder,
    },
    conf: {
      host: options.host ?? '127.0.0.1',
      place: options.place,
      storeDir,
      sync: options.sync ?? '2m',
      monitor: options.monitor ?? false,
      maxPayloadBytes: options.maxPayloadBytes,
      passwords: { ...randomPasswords(), ...options.passwords },
      nodes: options.nodes ?? [],
      pidFile: ownerFile(storeDir),
      portsFolder,
    },
    readyTimeoutMs: options.readyTimeoutMs ?? readyTimeoutMsDefault,
    onDeath: options.onDeath ?? (() => undefined),
  };
}

function randomPasswords(): ServerPasswords {
  const password = () => randomBytes(18).toString('base64url');
  return { services: password(), auditor: password(), nodes: password(), sys: password() };
}
