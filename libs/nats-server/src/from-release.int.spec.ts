import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { fetchFromRelease } from './from-release.js';
import { reasonOf } from './reason.js';
import { runProgram } from './run-program.js';

// The real archives are not fetched by a test; one that is built like them is.
const name = 'nats-server-v2.15.0-linux-amd64';
let folder: string;
let archive: Buffer;
let site: Server;
let url: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'release-'));
  await mkdir(join(folder, name));
  await writeFile(join(folder, name, 'nats-server'), 'the binary');
  await runProgram('tar', ['-czf', 'made.tar.gz', name], { folder, timeoutMs: 10_000 });
  archive = await readFile(join(folder, 'made.tar.gz'));
  site = createServer((request, response) => {
    response.statusCode = request.url === '/archive' ? 200 : 404;
    response.end(request.url === '/archive' ? archive : 'not here');
  });
  await new Promise<void>((listening) => site.listen(0, '127.0.0.1', listening));
  url = `http://127.0.0.1:${String((site.address() as AddressInfo).port)}`;
});
afterAll(async () => {
  site.close();
  await rm(folder, { recursive: true, force: true });
});

describe('the release archive', () => {
  it('is unpacked when its checksum is the pinned one', async () => {
    const sha256 = createHash('sha256').update(archive).digest('hex');
    const binary = await fetchFromRelease(await empty(), { url: `${url}/archive`, name, sha256 });
    expect(await readFile(binary, 'utf8')).toBe('the binary');
  });

  it('is not unpacked when its checksum is another', async () => {
    const sha256 = createHash('sha256').update('another').digest('hex');
    const fetched = fetchFromRelease(await empty(), { url: `${url}/archive`, name, sha256 });
    await expect(fetched).rejects.toThrow(/has SHA-256 [0-9a-f]{64}, and not/);
  });

  it.each([
    ['is not there', () => `${url}/other`, /other was not reached: HTTP 404$/],
    ['is not reached', () => 'http://127.0.0.1:1023/a', /a was not reached: .*ECONNREFUSED/],
  ])('is refused in words when it %s', async (_what, place, words) => {
    const fetched = fetchFromRelease(await empty(), { url: place(), name, sha256: '' });
    expect(await fetched.catch(reasonOf)).toMatch(words);
  });
});

function empty(): Promise<string> {
  return mkdtemp(join(folder, 'fetch-'));
}
