import { randomBytes } from 'node:crypto';
import { lstat, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';

// Several processes may do this at once. A folder is moved away before it is removed, so that nobody finds half of one, and what
// one of them did not find any more another one has removed.

interface Kept {
  readonly path: string;
  readonly bytes: number;
  /** Milliseconds since the Unix epoch. */
  readonly usedAt: number;
}

const removed = '.removed';

/**
 * Removes those folders of the cache that were not used for longest, until the others are no larger than `bytesMax` together.
 *
 * @param inUse - The one that goes last.
 * @returns Which were removed.
 */
export async function shrink(
  cache: string,
  bytesMax: number,
  inUse: string | null,
): Promise<readonly string[]> {
  const all: Kept[] = [];
  for (const name of await readdir(cache).catch(() => [])) {
    const path = join(cache, name);
    if (name.endsWith(removed)) await remove(path);
    else all.push(await keptIn(path));
  }
  const last = ({ path }: Kept): number => (path === inUse ? 1 : 0);
  all.sort((a, b) => last(a) - last(b) || a.usedAt - b.usedAt);
  let bytes = all.reduce((sum, one) => sum + one.bytes, 0);
  const gone: string[] = [];
  for (const one of all) {
    if (bytes <= bytesMax) break;
    await evict(one.path);
    bytes -= one.bytes;
    gone.push(one.path);
  }
  return gone;
}

async function keptIn(path: string): Promise<Kept> {
  let bytes = 0;
  for (const name of await readdir(path).catch(() => [])) {
    bytes += (await statsOf(join(path, name))).size;
  }
  const { size, mtimeMs } = await statsOf(path);
  return { path, bytes: bytes + size, usedAt: mtimeMs };
}

const statsOf = (path: string) => lstat(path).catch(() => ({ size: 0, mtimeMs: 0 }));

async function evict(path: string): Promise<void> {
  const aside = `${path}.${randomBytes(4).toString('hex')}${removed}`;
  try {
    await rename(path, aside);
  } catch {
    return; // It is gone, or cannot be removed.
  }
  await remove(aside);
}

const remove = (path: string): Promise<void> =>
  rm(path, { recursive: true, force: true }).catch(() => undefined);
