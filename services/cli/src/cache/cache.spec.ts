import {
  chmod,
  lchown,
  mkdir,
  readdir,
  readFile,
  stat,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Terminal } from '../terminal.js';
import { newFolder, type Folder } from '../testing.js';
import type { World } from '../world.js';
import { Cache } from './cache.js';

let folder: Folder;
beforeAll(async () => {
  folder = await newFolder();
});
afterAll(async () => {
  await folder[Symbol.asyncDispose]();
});

let root: string;
let roots = 0;
beforeEach(() => {
  roots += 1;
  root = join(folder.path, String(roots));
});

/** A cache at JOINLEAF_CACHE, and what is said of it. */
async function opened(env: World['env'] = {}): Promise<{ cache: Cache; said: () => string }> {
  let said = '';
  const outlet = {
    isTTY: false,
    columns: undefined,
    write: (text: string | Uint8Array) => {
      said += text.toString();
    },
  };
  const world: World = {
    env: { JOINLEAF_CACHE: root, ...env },
    cwd: folder.path,
    stdout: outlet,
    stderr: outlet,
    interrupted: new AbortController().signal,
    now: () => 0,
    ask: () => Promise.resolve(null),
  };
  const options = { format: 'page', colour: false, quiet: false, width: undefined } as const;
  const cache = await Cache.open({ world, terminal: new Terminal(world, options) });
  return { cache, said: () => said };
}

const modeOf = async (path: string): Promise<string> =>
  ((await stat(path)).mode & 0o777).toString(8);
const isRoot = process.geteuid?.() === 0;

describe('what is kept', () => {
  it('is for nobody else, whatever the umask says', async () => {
    const before = process.umask(0o000);
    try {
      const { cache } = await opened();
      const kept = cache.folder('here', 'conf-7');
      expect(await kept.write('a.json', 'text')).toBe(true);
      expect((await kept.read('a.json', 4))?.toString()).toBe('text');
      for (const path of [root, join(root, 'checkpoints'), kept.path ?? '']) {
        expect([path, await modeOf(path)]).toEqual([path, '700']);
      }
      expect(await modeOf(join(kept.path ?? '', 'a.json'))).toBe('600');
    } finally {
      process.umask(before);
    }
  });

  it('is hidden from others where they could read it before', async () => {
    await mkdir(join(root, 'checkpoints'), { recursive: true });
    await chmod(root, 0o755);
    await chmod(join(root, 'checkpoints'), 0o755);
    await opened();
    expect(await modeOf(join(root, 'checkpoints'))).toBe('700');
    expect(await modeOf(root)).toBe('755'); // Not ours alone.
  });

  it('is read only as long as it may be', async () => {
    const { cache } = await opened();
    const kept = cache.folder('here', 'conf-7');
    await kept.write('a.json', 'text');
    expect(await kept.read('a.json', 3)).toBeNull();
  });

  it('is not read by a link, and not where others can write', async () => {
    const { cache } = await opened();
    const kept = cache.folder('here', 'conf-7');
    const path = kept.path ?? '';
    await kept.write('a.json', 'text');
    await symlink(join(path, 'a.json'), join(path, 'link.json'));
    expect(await kept.read('link.json', 10)).toBeNull();
    await chmod(join(path, 'a.json'), 0o622);
    expect(await kept.read('a.json', 10)).toBeNull();
    await kept.write('link.json', 'other');
    expect(await readFile(join(path, 'a.json'), 'utf8')).toBe('text');
  });

  it('takes the place of what is no folder', async () => {
    const { cache, said } = await opened();
    const kept = cache.folder('here', 'conf-7');
    const elsewhere = join(folder.path, `elsewhere-${String(roots)}`);
    await mkdir(elsewhere);
    await symlink(elsewhere, kept.path ?? '');
    expect(await kept.write('a.json', 'text')).toBe(true);
    expect(await readdir(elsewhere)).toEqual([]);
    expect(said()).toBe('');
  });
});

describe('where nothing can be kept', () => {
  const usable = async (): Promise<string> => {
    const { cache, said } = await opened();
    const kept = cache.folder('here', 'conf-7');
    expect(await kept.write('a.json', 'text')).toBe(false);
    expect(await kept.write('b.json', 'text')).toBe(false);
    expect(await kept.read('a.json', 10)).toBeNull();
    expect(await kept.names()).toEqual([]);
    await kept.discard();
    await cache.shrink();
    return said();
  };

  it.each([
    ['a file system that takes nothing', () => Promise.resolve('/proc/nope/below')],
    [
      'a file in the way',
      async () => {
        await writeFile(root, '');
        return join(root, 'below');
      },
    ],
    [
      'a file in its place',
      async () => {
        await writeFile(root, '');
        return root;
      },
    ],
    [
      'a link in its place',
      async () => {
        await symlink(folder.path, root);
        return root;
      },
    ],
    [
      'a folder that others can write to',
      async () => {
        await mkdir(root);
        await chmod(root, 0o770);
        return root;
      },
    ],
  ])('as in %s, that is said in one line', async (_what, make) => {
    root = await make();
    expect(await usable()).toMatch(/^! no cache: .+ \(JOINLEAF_CACHE\)\n$/);
  });

  (isRoot ? it : it.skip)('as in the folder of somebody else, that is said', async () => {
    await mkdir(root, { mode: 0o700 });
    await lchown(root, 12_345, 12_345);
    expect(await usable()).toBe(
      `! no cache: ${root} is somebody else's, or others can write to it (JOINLEAF_CACHE)\n`,
    );
  });

  (isRoot ? it.skip : it)('as in a folder that cannot be written, that is said', async () => {
    await mkdir(root, { mode: 0o500 });
    expect(await usable()).toContain('EACCES');
  });

  it('because nobody wants it, nothing is said', async () => {
    const { cache, said } = await opened({ JOINLEAF_CACHE_MB: '0' });
    expect(await cache.folder('here', 'conf-7').write('a.json', 'text')).toBe(false);
    expect(said()).toBe('');
  });

  it('because its size is none, that is a word that cannot be meant', async () => {
    await expect(opened({ JOINLEAF_CACHE_MB: '1g' })).rejects.toThrow('a number of megabytes');
  });
});

describe('a cache that is full', () => {
  const part = Buffer.alloc(400_000);
  const env = { JOINLEAF_CACHE_MB: '1' };

  it('throws away what was not used for longest', async () => {
    const sessions = ['a', 'b', 'c'];
    for (const [index, session] of sessions.entries()) {
      const { cache } = await opened({ JOINLEAF_CACHE_MB: '10' });
      const kept = cache.folder('here', session);
      await kept.write('part', part);
      await utimes(kept.path ?? '', index + 1, index + 1); // Long ago, the first before the others.
    }
    const { cache, said } = await opened(env);
    await cache.folder('here', 'a').use();
    await cache.folder('here', 'd').write('part', part);
    await cache.shrink();
    const left = [];
    for (const session of [...sessions, 'd']) {
      if ((await cache.folder('here', session).read('part', 1e6)) !== null) left.push(session);
    }
    expect([left, said()]).toEqual([['a', 'd'], '']);
    expect(await readdir(join(root, 'checkpoints'))).toHaveLength(2);
  });

  it('does not keep a session that takes all of it, and says so once', async () => {
    const { cache, said } = await opened(env);
    const kept = cache.folder('here', 'a');
    for (let i = 0; i < 6; i += 1) await kept.write(`part-${String(i)}`, part);
    await cache.shrink();
    expect(await readdir(join(root, 'checkpoints'))).toEqual([]);
    expect(said().split('\n')).toHaveLength(2);
    expect(said()).toContain('JOINLEAF_CACHE_MB');
  });

  it('is no larger when several do this at once', async () => {
    await Promise.all(
      Array.from({ length: 8 }, async (_, i) => {
        const { cache, said } = await opened(env);
        await cache.folder('here', String(i)).write('part', part);
        await cache.shrink();
        return said();
      }),
    );
    const { cache } = await opened(env);
    await cache.folder('here', '9').write('part', Buffer.alloc(1));
    await cache.shrink();
    const names = await readdir(join(root, 'checkpoints'));
    expect(names.filter((name) => name.includes('.'))).toEqual([]);
    expect(names.length).toBeLessThanOrEqual(3);
  });
});
