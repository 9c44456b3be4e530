import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';

import { describe, expect, it } from '@jest/globals';

import { cacheFolder, withFetchFolder } from './cache.js';

describe('the cache', () => {
  it.each([
    [{ JOINLEAF_CACHE: '/c', XDG_CACHE_HOME: '/x' }, '/c'],
    [{ JOINLEAF_CACHE: '', XDG_CACHE_HOME: '/x' }, '/x/joinleaf'],
    [{ XDG_CACHE_HOME: '' }, join(homedir(), '.cache/joinleaf')],
    [{}, join(homedir(), '.cache/joinleaf')],
  ])('is, with %j, at %s', (environment, folder) => {
    expect(cacheFolder(environment)).toBe(folder);
  });

  it('is made with the folders above it, for us alone', async () => {
    const root = await mkdtemp(join(tmpdir(), 'joinleaf-cache-'));
    try {
      const cache = join(root, 'a', 'b');
      await withFetchFolder(cache, async () => {
        expect((await stat(join(root, 'a'))).mode & 0o777).toBe(0o700);
        expect(await readdir(join(cache, 'nats-server'))).toHaveLength(1);
      });
      await withFetchFolder(cache, () => Promise.resolve());
      expect(await readdir(join(cache, 'nats-server'))).toEqual([]);
    } finally {
      await rm(root, { recursive: true });
    }
  });

  const whereThereIsProc = process.platform === 'linux' ? it : it.skip;
  whereThereIsProc('says at once when it cannot be made', async () => {
    const fetching = withFetchFolder('/proc/nope/joinleaf', () => Promise.resolve());
    await expect(fetching).rejects.toThrow(/ENOENT/);
  });
});
