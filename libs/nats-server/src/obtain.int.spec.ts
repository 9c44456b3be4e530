import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { obtainNatsServer, type Fetcher } from './obtain.js';
import { NatsServerUnavailable } from './unavailable.js';

let folder: string;
let told: string[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'obtain-'));
  told = [];
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('a nats-server is', () => {
  it('the one that was given, before any other', async () => {
    await program('bin/nats-server', '2.15.1');
    const path = await program('mine', '2.13.0');
    expect(await obtain({ path })).toEqual({ path, version: '2.13.0', source: 'given' });
    expect(await obtain({}, { JOINLEAF_NATS_SERVER: path })).toMatchObject({ path });
  });

  it.each([
    ['too old', '2.9.10', /is 2\.9\.10, older than 2\.12\.0/],
    ['missing', undefined, /does not exist/],
  ])('not another one when the given one is %s', async (_why, version, reason) => {
    await program('bin/nats-server', '2.15.1');
    const path = version === undefined ? join(folder, 'mine') : await program('mine', version);
    await expect(obtain({ path })).rejects.toThrow(reason);
  });

  it('the first of a good version on the PATH; an older one is skipped and told', async () => {
    const old = await program('old/nats-server', '2.9.10');
    const good = await program('bin/nats-server', '2.12.0');
    expect(await obtain()).toEqual({ path: good, version: '2.12.0', source: 'path' });
    expect(told).toEqual([`skipping a nats-server: ${old} is 2.9.10, older than 2.12.0`]);
  });

  it('else the newest in the cache that runs', async () => {
    const newer = await cached('2.12.10');
    await cached('2.12.9');
    await cached('2.11.99');
    expect(await obtain()).toEqual({ path: newer, version: '2.12.10', source: 'cache' });

    await writeFile(newer, 'torn');
    expect(await obtain()).toMatchObject({ version: '2.12.9' });
    expect(told.join()).toContain('skipping a nats-server');
  });

  it('else fetched, and in the cache from then on', async () => {
    const fetched = await obtain({ fetchers: [fetcher('2.15.1')] });
    const path = join(folder, 'cache/nats-server/2.15.1/nats-server');
    expect(fetched).toEqual({ path, version: '2.15.1', source: 'apt' });
    expect(await obtain()).toEqual({ path, version: '2.15.1', source: 'cache' });
    expect(await readdir(join(folder, 'cache/nats-server'))).toEqual(['2.15.1']);
    expect(told).toHaveLength(2);
  });

  it('fetched anew over one in the cache that does not run', async () => {
    const torn = await cached('2.15.1');
    await writeFile(torn, 'torn');
    expect(await obtain({ fetchers: [fetcher('2.15.1')] })).toMatchObject({ source: 'apt' });
    expect(await obtain()).toMatchObject({ path: torn, source: 'cache' });
  });

  it('the same for many first runs at once', async () => {
    const runs = Array.from({ length: 8 }, () => obtain({ fetchers: [fetcher('2.15.1')] }));
    const paths = new Set((await Promise.all(runs)).map(({ path }) => path));
    expect([...paths]).toEqual([join(folder, 'cache/nats-server/2.15.1/nats-server')]);
    expect(await readdir(join(folder, 'cache/nats-server'))).toEqual(['2.15.1']);
  });

  it('fetched from the next place when one has none, or an old one, or a broken one', async () => {
    const fetchers: Fetcher[] = [
      { source: 'apt', fetch: () => Promise.reject(new Error('no mirror')) },
      fetcher('2.9.10'),
      { ...fetcher('2.15.0'), source: 'release' },
    ];
    expect(await obtain({ fetchers })).toMatchObject({ version: '2.15.0', source: 'release' });
    expect(await readdir(join(folder, 'cache/nats-server'))).toEqual(['2.15.0']);
  });

  it('unavailable when nobody has one, and then it says what was tried and what helps', async () => {
    await program('old/nats-server', '2.9.10');
    const fetchers: Fetcher[] = [
      { source: 'apt', fetch: () => Promise.reject(new Error('no mirror')) },
      { source: 'release', fetch: () => Promise.reject(new Error('not reached')) },
    ];
    const refused = obtain({ fetchers });
    await expect(refused).rejects.toBeInstanceOf(NatsServerUnavailable);
    await expect(refused).rejects.toThrow(
      [
        'No nats-server could be found or fetched.',
        `  - PATH: ${join(folder, 'old/nats-server')} is 2.9.10, older than 2.12.0`,
        '  - the cache: there is none',
        '  - apt (Debian forky): no mirror',
        '  - the release archive: not reached',
        'Any one of these helps:',
        '  - install nats-server 2.12.0 or newer, so that it is on the PATH;',
        '  - set JOINLEAF_NATS_SERVER to the path of such a binary;',
        '  - set JOINLEAF_CACHE to a folder that can be written, for a server to be fetched into;',
        '  - set NATS_URL to a server that already runs, as nats://user:password@host:4222.',
      ].join('\n'),
    );
    expect(await readdir(join(folder, 'cache/nats-server'))).toEqual([]);
  });
});

// Debian's forky package and its mirror, for real: 15 MB, so only when asked for.
const onDebian = process.env.JOINLEAF_TEST_FETCH === '1' ? it : it.skip;
onDebian(
  "fetches Debian's package, signatures checked",
  async () => {
    const cache = join(folder, 'cache');
    const environment = { JOINLEAF_CACHE: cache, PATH: '' };
    const fetched = await obtainNatsServer({ environment });
    expect(fetched.source).toBe('apt');
    expect(await readFile(fetched.path)).toHaveProperty('length');
    expect(await readdir(join(cache, 'nats-server'))).toEqual([fetched.version]);
  },
  180_000,
);

function obtain(
  options: { path?: string; fetchers?: readonly Fetcher[] } = {},
  environment: Record<string, string> = {},
) {
  return obtainNatsServer({
    fetchers: [],
    ...options,
    onProgress: (message) => told.push(message),
    environment: {
      PATH: `${join(folder, 'none')}:${join(folder, 'old')}:${join(folder, 'bin')}`,
      JOINLEAF_CACHE: join(folder, 'cache'),
      ...environment,
    },
  });
}

async function program(name: string, version: string): Promise<string> {
  const path = join(folder, name);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, `#!/bin/sh\necho nats-server: v${version}\n`);
  await chmod(path, 0o755);
  return path;
}

function cached(version: string): Promise<string> {
  return program(`cache/nats-server/${version}/nats-server`, version);
}

function fetcher(version: string): Fetcher {
  return {
    source: 'apt',
    fetch: async (place) => {
      const path = join(place, 'fetched');
      await writeFile(path, `#!/bin/sh\necho nats-server: v${version}\n`);
      return path;
    },
  };
}
