import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';

import { compareVersions, isGoodVersion } from './version.js';

// Layout: <cache>/nats-server/<version>/nats-server, and fetching-* beside them while one is fetched.
// A version's folder appears whole, by a rename, so that first runs at the same time do no harm.

/** Whoever could write here could have us run a program of theirs. */
const forUsAlone = 0o700;

type Environment = Readonly<Record<string, string | undefined>>;

/** Where fetched servers are kept: JOINLEAF_CACHE, else joinleaf in XDG_CACHE_HOME, else in ~/.cache. */
export function cacheFolder(environment: Environment): string {
  const { JOINLEAF_CACHE: own, XDG_CACHE_HOME: xdg } = environment;
  if (own !== undefined && own !== '') return own;
  return join(xdg !== undefined && xdg !== '' ? xdg : join(homedir(), '.cache'), 'joinleaf');
}

/** The cached binaries of a good version, newest first. */
export async function cachedServers(cache: string): Promise<readonly string[]> {
  const names = await readdir(join(cache, 'nats-server')).catch(() => []);
  return names
    .filter(isGoodVersion)
    .sort((a, b) => compareVersions(b, a))
    .map((version) => binaryOf(cache, version));
}

/** Calls `work` with an empty folder inside the cache, and removes that folder afterwards. */
export async function withFetchFolder<T>(
  cache: string,
  work: (folder: string) => Promise<T>,
): Promise<T> {
  await makeFolder(join(cache, 'nats-server'));
  const folder = await mkdtemp(join(cache, 'nats-server', 'fetching-'));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * Moves a binary that lies in a fetch folder to its place in the cache. Who comes second replaces
 * an equal binary by an equal one: a server that already runs from the first keeps its open file.
 *
 * @returns The path of the binary in the cache.
 */
export async function keepInCache(cache: string, version: string, binary: string): Promise<string> {
  const kept = binaryOf(cache, version);
  await makeFolder(join(cache, 'nats-server', version));
  await rename(binary, kept);
  return kept;
}

// Node's own way to make missing parents never ends below /proc, where what is missing cannot be made.
async function makeFolder(path: string): Promise<void> {
  try {
    await makeOne(path);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT' || dirname(path) === path) throw error;
    await makeFolder(dirname(path));
    await makeOne(path);
  }
}

async function makeOne(path: string): Promise<void> {
  await mkdir(path, forUsAlone).catch((error: unknown) => {
    if (codeOf(error) !== 'EEXIST') throw error; // Another first run was faster.
  });
}

const codeOf = (error: unknown) => (error as NodeJS.ErrnoException).code;

function binaryOf(cache: string, version: string): string {
  return join(cache, 'nats-server', version, 'nats-server');
}
