import { homedir } from 'node:os';
import { join } from 'node:path';

import { describe, expect, it } from '@jest/globals';

import { cacheFolder } from './cache.js';

describe('the cache', () => {
  it.each([
    [{ JOINLEAF_CACHE: '/c', XDG_CACHE_HOME: '/x' }, '/c'],
    [{ JOINLEAF_CACHE: '', XDG_CACHE_HOME: '/x' }, '/x/joinleaf'],
    [{ XDG_CACHE_HOME: '' }, join(homedir(), '.cache/joinleaf')],
    [{}, join(homedir(), '.cache/joinleaf')],
  ])('is, with %j, at %s', (environment, folder) => {
    expect(cacheFolder(environment)).toBe(folder);
  });
});
