import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { removeContext, runningDemo, writeContext, type DemoContext } from './context-file.js';

let folder = '';
let server: Server;
let context: DemoContext;
const file = () => join(folder, '.joinleaf/context.json');

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'joinleaf-context-'));
  server = createServer((socket) => socket.end()).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : 0;
  context = {
    pid: process.pid,
    realm: 'main',
    servers: [`127.0.0.1:${String(port)}`],
    services: { user: 'services', pass: 'secret' },
    auditor: {},
    nodes: {},
    agents: [],
  };
});

afterAll(async () => {
  server.close();
  await rm(folder, { recursive: true });
});

describe('the context file', () => {
  it('is for its owner alone: there are passwords in it', async () => {
    await writeContext(file(), context);
    expect((await stat(file())).mode & 0o777).toBe(0o600);
    expect(JSON.parse(await readFile(file(), 'utf8'))).toEqual(context);
  });

  it('tells of the demo that is running', async () => {
    await writeContext(file(), context);
    expect(await runningDemo(file())).toEqual(context);
  });

  it.each([
    ['whose process is gone', { pid: 2 ** 22 + 1 }],
    ['whose server does not answer', { servers: ['127.0.0.1:1'] }],
  ])('tells nothing of one %s', async (_which, change) => {
    await writeContext(file(), { ...context, ...change });
    expect(await runningDemo(file())).toBeNull();
  });

  it('is taken away by whoever left it, and by nobody else', async () => {
    await writeContext(file(), context);
    await removeContext(file(), process.pid + 1);
    expect(await runningDemo(file())).not.toBeNull();
    await removeContext(file(), process.pid);
    expect(await runningDemo(file())).toBeNull();
    await removeContext(file(), process.pid);
  });
});
