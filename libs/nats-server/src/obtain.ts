import { access, chmod } from 'node:fs/promises';
import { delimiter, join } from 'node:path';

import { cachedServers, cacheFolder, keepInCache, withFetchFolder } from './cache.js';
import { fetchFromApt } from './from-apt.js';
import { fetchFromRelease } from './from-release.js';
import { reasonOf } from './reason.js';
import { runProgram } from './run-program.js';
import { NatsServerUnavailable, type FailedAttempt, type NatsServerSource } from './unavailable.js';
import { isGoodVersion, natsServerMin, versionOfOutput } from './version.js';

export interface ObtainOptions {
  /** A binary to use, and no other. Without it: JOINLEAF_NATS_SERVER. */
  readonly path?: string | undefined;
  /** Hears what is going on, in words for a person: a server that is skipped, a download. */
  readonly onProgress?: ((message: string) => void) | undefined;
  /** Read instead of `process.env`: PATH, HOME, JOINLEAF_NATS_SERVER, JOINLEAF_CACHE, XDG_CACHE_HOME. */
  readonly environment?: Readonly<Record<string, string | undefined>> | undefined;
  /** How to fetch one when none is there, in order. Without it: apt, then the release archive. */
  readonly fetchers?: readonly Fetcher[] | undefined;
}

export interface Fetcher {
  readonly source: NatsServerSource;
  /** Puts a binary somewhere below the empty folder it is given, and returns its path. */
  readonly fetch: (folder: string) => Promise<string>;
}

/** A binary that ran and told its version. */
export interface ObtainedNatsServer {
  readonly path: string;
  readonly version: string;
  readonly source: NatsServerSource;
}

const askMs = 10_000;
const defaultFetchers: readonly Fetcher[] = [
  { source: 'apt', fetch: (folder) => fetchFromApt(folder) },
  { source: 'release', fetch: (folder) => fetchFromRelease(folder) },
];

/**
 * Finds a nats-server of a good version, or fetches one into the cache: the given path, else PATH,
 * else the cache, else Debian's package by apt, else the official release. May be called by many
 * processes at once.
 *
 * @throws NatsServerUnavailable naming every place that was tried. A given path is never replaced
 *   by another one: if it does not serve, that is the answer.
 */
export async function obtainNatsServer(options: ObtainOptions = {}): Promise<ObtainedNatsServer> {
  const environment = options.environment ?? process.env;
  const cache = cacheFolder(environment);
  const search: Search = { tell: options.onProgress ?? (() => undefined), failed: [] };

  const given = options.path ?? environment.JOINLEAF_NATS_SERVER;
  if (given !== undefined && given !== '') {
    return (await firstGood('given', [given], search)) ?? giveUp(search);
  }
  return (
    (await firstGood('path', serversOnPath(environment.PATH), search)) ??
    (await firstGood('cache', await cachedServers(cache), search)) ??
    (await firstFetched(options.fetchers ?? defaultFetchers, cache, search)) ??
    giveUp(search)
  );
}

interface Search {
  readonly tell: (message: string) => void;
  readonly failed: FailedAttempt[];
}

// Debian installs the server into /usr/sbin, which is on the PATH of root alone.
function serversOnPath(path: string | undefined): readonly string[] {
  const folders = [...(path ?? '').split(delimiter), '/usr/local/sbin', '/usr/sbin'];
  return [...new Set(folders.filter((folder) => folder !== ''))].map((folder) =>
    join(folder, 'nats-server'),
  );
}

async function firstGood(
  source: NatsServerSource,
  paths: readonly string[],
  search: Search,
): Promise<ObtainedNatsServer | undefined> {
  const reasons: string[] = [];
  for (const path of paths) {
    const looked = await look(path);
    if (looked.kind === 'good') return { path, version: looked.version, source };
    if (looked.kind === 'bad') search.tell(`skipping a nats-server: ${looked.reason}`);
    if (looked.kind === 'bad' || source === 'given') reasons.push(looked.reason);
  }
  search.failed.push({ source, reason: reasons.join('; ') || 'there is none' });
  return undefined;
}

async function firstFetched(
  fetchers: readonly Fetcher[],
  cache: string,
  search: Search,
): Promise<ObtainedNatsServer | undefined> {
  for (const fetcher of fetchers) {
    search.tell(`fetching nats-server into ${cache} (${fetcher.source})`);
    try {
      const fetched = await fetchIntoCache(fetcher, cache);
      search.tell(`nats-server ${fetched.version} is at ${fetched.path}`);
      return fetched;
    } catch (error) {
      search.tell(`could not fetch it: ${reasonOf(error)}`);
      search.failed.push({ source: fetcher.source, reason: reasonOf(error) });
    }
  }
  return undefined;
}

function fetchIntoCache({ source, fetch }: Fetcher, cache: string): Promise<ObtainedNatsServer> {
  return withFetchFolder(cache, async (folder) => {
    const binary = await fetch(folder);
    await chmod(binary, 0o755);
    const looked = await look(binary);
    if (looked.kind !== 'good') throw new Error(looked.reason);
    return {
      path: await keepInCache(cache, looked.version, binary),
      version: looked.version,
      source,
    };
  });
}

type Looked =
  | { readonly kind: 'good'; readonly version: string }
  | { readonly kind: 'absent' | 'bad'; readonly reason: string };

async function look(path: string): Promise<Looked> {
  const there = await access(path).then(
    () => true,
    () => false,
  );
  if (!there) return { kind: 'absent', reason: `${path} does not exist` };
  try {
    const version = versionOfOutput(await runProgram(path, ['--version'], { timeoutMs: askMs }));
    if (version === undefined) return { kind: 'bad', reason: `${path} tells no version` };
    if (isGoodVersion(version)) return { kind: 'good', version };
    return { kind: 'bad', reason: `${path} is ${version}, older than ${natsServerMin}` };
  } catch (error) {
    return { kind: 'bad', reason: reasonOf(error) };
  }
}

function giveUp({ failed }: Search): never {
  throw new NatsServerUnavailable(failed);
}
