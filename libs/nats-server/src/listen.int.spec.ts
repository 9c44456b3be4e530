import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, it } from '@jest/globals';

import { listen } from './listen.js';
import { obtainNatsServer } from './obtain.js';
import { startNatsServer } from './start.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'listen-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

it('tries another port when somebody has the first', async () => {
  await using other = await startNatsServer();
  const { path } = await obtainNatsServer();
  const places = {
    command: [path],
    confFile: join(folder, 'conf'),
    logFile: join(folder, 'log'),
    portsFolder: join(folder, 'ports'),
    leftovers: join(folder, 'nothing'),
  };
  const tried: number[] = [];
  const confAt = (port: number) => {
    const taken = tried.length === 0;
    tried.push(port);
    return `listen: "127.0.0.1:${String(taken ? other.port : port)}"\nports_file_dir: "${places.portsFolder}"`;
  };
  const { life, port } = await listen(places, confAt, { kind: 'any' }, 10_000);
  expect(tried).toHaveLength(2);
  expect(port).toBe(tried[1]);
  await life.end();
});
