import type { NodeConnectionOptions } from '@nats-io/transport-node';
import type { Status } from './api.js';
import { checkBound, checkName, checkOptions, checkWhole } from './check.js';
import { BadArgument } from './errors.js';
import type { Fields } from './option-fields.js';

export interface ConnectOptions {
  /**
   * `host:port`, one or several. Of several it is connected to one, and to another when that one is gone; one that falls silent is
   * noticed within two fifths of the bound, or within a second.
   */
  readonly servers: string | readonly string[];
  readonly user?: string | undefined;
  readonly pass?: string | undefined;
  /** As in `@nats-io/transport-node`: credentials files, nkeys, tokens. */
  readonly authenticator?: NodeConnectionOptions['authenticator'];
  readonly tls?: NodeConnectionOptions['tls'];
  /** The deployment that the node belongs to; `main` without it. */
  readonly realm?: string | undefined;
  /** The node's name: who it is in every address. A new start under a name ends the run before it. */
  readonly node: string;
  /** For connecting alone, which waits for a broker and a service that are not there yet. */
  readonly signal?: AbortSignal | undefined;
  /** Silence after which the node shall count as lost, in milliseconds; 15 000 without it. */
  readonly boundMs?: number | undefined;
  /** Time for one try of a request, in milliseconds; 2 000 without it. */
  readonly requestTimeoutMs?: number | undefined;
  /** Time for a call with all its tries, in milliseconds; 10 000 without it. */
  readonly callTimeoutMs?: number | undefined;
  /** Time for `close`, in milliseconds; 5 000 without it. */
  readonly closeTimeoutMs?: number | undefined;
  /** Sockets at most; 65 535 without it. */
  readonly descriptorMax?: number | undefined;
  readonly onStatus?: ((status: Status) => void) | undefined;
}

/** What was asked for, checked and complete. */
export interface Settings {
  readonly servers: readonly string[];
  readonly credentials: Pick<NodeConnectionOptions, 'user' | 'pass' | 'authenticator' | 'tls'>;
  readonly realm: string;
  readonly node: string;
  readonly boundMs: number | undefined;
  readonly requestTimeoutMs: number;
  readonly callTimeoutMs: number;
  readonly closeTimeoutMs: number;
  readonly descriptorMax: number;
  readonly onStatus: (status: Status) => void;
}

const connectFields: Fields<ConnectOptions> = {
  servers: true,
  node: true,
  realm: true,
  user: true,
  pass: true,
  authenticator: true,
  tls: true,
  signal: true,
  boundMs: true,
  requestTimeoutMs: true,
  callTimeoutMs: true,
  closeTimeoutMs: true,
  descriptorMax: true,
  onStatus: true,
};

const longest = 24 * 60 * 60 * 1_000;

/** Throws BadArgument, before anything is sent. */
export function settingsOf(options: ConnectOptions): Settings {
  checkOptions(options, connectFields);
  if ((options.servers as unknown) === undefined)
    throw new BadArgument('servers', 'is missing', 'E9');
  if (typeof options.servers !== 'string' && !Array.isArray(options.servers)) {
    throw new BadArgument('servers', 'is neither text nor a list', 'E9');
  }
  const given: string | readonly string[] = options.servers;
  const servers = typeof given === 'string' ? [given] : [...given];
  if (servers.length === 0 || servers.some((server) => server === '')) {
    throw new BadArgument('servers', 'names no server', 'E9');
  }
  const { user, pass, authenticator, tls } = options;
  return {
    servers,
    credentials: {
      ...(user === undefined ? {} : { user }),
      ...(pass === undefined ? {} : { pass }),
      ...(authenticator === undefined ? {} : { authenticator }),
      ...(tls === undefined ? {} : { tls }),
    },
    realm: checkName('realm', options.realm ?? 'main'),
    node: checkName('node', options.node),
    boundMs: checkBound(options.boundMs),
    requestTimeoutMs: time('requestTimeoutMs', options.requestTimeoutMs, 2_000),
    callTimeoutMs: time('callTimeoutMs', options.callTimeoutMs, 10_000),
    closeTimeoutMs: time('closeTimeoutMs', options.closeTimeoutMs, 5_000),
    descriptorMax: checkWhole('descriptorMax', options.descriptorMax ?? 65_535, {
      least: 1,
      most: 999_999_999,
    }),
    onStatus: options.onStatus ?? (() => undefined),
  };
}

const time = (field: string, ms: number | undefined, standard: number): number =>
  checkWhole(field, ms ?? standard, { least: 1, most: longest });
