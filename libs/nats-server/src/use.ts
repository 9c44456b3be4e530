import { credentialsOf, type NatsCredentials } from './credentials.js';
import type { RunningNatsServer } from './running-server.js';
import { startNatsServer, type StartOptions } from './start.js';

/** A server that somebody else runs, named by NATS_URL. Nothing has been connected to it yet. */
export interface ExternalNatsServer {
  readonly kind: 'external';
  /** `host:port`, or several with commas, without user and password. */
  readonly url: string;
  readonly credentials: Readonly<Record<'services' | 'auditor' | 'nodes', NatsCredentials>>;
  readonly durability: 'not known';
  /** Does nothing: the server is not ours to stop. */
  stop(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

export type NatsServerInUse = RunningNatsServer | ExternalNatsServer;

export interface UseOptions extends StartOptions {
  /** Read instead of `process.env`. */
  readonly environment?: Readonly<Record<string, string | undefined>> | undefined;
}

/**
 * The server that NATS_URL names, or else one of our own. JOINLEAF_NODES_URL and
 * JOINLEAF_AUDITOR_URL are the same server as the nodes and the auditor log in to it; where they are not
 * set, NATS_URL serves for all. After connecting, call `assertNatsServerVersion`.
 *
 * @throws TypeError for a URL that is none, and whatever `startNatsServer` throws.
 */
export async function useNatsServer(options: UseOptions = {}): Promise<NatsServerInUse> {
  const environment = options.environment ?? process.env;
  const url = set(environment.NATS_URL);
  if (url === undefined) return startNatsServer(options);

  const services = credentialsOf(url);
  return {
    kind: 'external',
    url: services.servers.join(','),
    credentials: {
      services,
      auditor: credentialsOf(set(environment.JOINLEAF_AUDITOR_URL) ?? url),
      nodes: credentialsOf(set(environment.JOINLEAF_NODES_URL) ?? url),
    },
    durability: 'not known',
    stop: () => Promise.resolve(),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

function set(value: string | undefined): string | undefined {
  return value === '' ? undefined : value;
}
