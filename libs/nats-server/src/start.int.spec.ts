import { existsSync } from 'node:fs';
import { glob, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';

import { eventually, isAlive } from './alive.js';
import { natsForTests } from './for-tests.js';
import type { RunningNatsServer } from './running-server.js';
import { startNatsServer, type StartOptions } from './start.js';
import { assertNatsServerVersion } from './version.js';

const started: RunningNatsServer[] = [];
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'start-'));
});
afterEach(async () => {
  for (const server of started.splice(0)) await server.stop();
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function start(options: StartOptions = {}): Promise<RunningNatsServer> {
  const server = await startNatsServer(options);
  started.push(server);
  return server;
}

describe('a server of ours', () => {
  it('listens when it is returned, with JetStream, and is of a good version', async () => {
    const server = await start();
    const connection = await connect(server.credentials.services);
    assertNatsServerVersion(connection.info?.version ?? '');
    expect(connection.info?.version).toBe(server.version);
    const manager = await jetstreamManager(connection);
    expect((await manager.getAccountInfo()).streams).toBe(0);
    await connection.close();
  });

  it('listens on this machine alone, and lets nobody in without a password', async () => {
    const server = await start();
    expect(server.url).toBe(`127.0.0.1:${String(server.port)}`);
    await expect(connect({ servers: server.url })).rejects.toThrow(/authorization/i);
    const wrong = { ...server.credentials.services, pass: 'wrong' };
    await expect(connect(wrong)).rejects.toThrow(/authorization/i);
  });

  it('gives URLs for other processes that say the same as its credentials', async () => {
    const server = await start({ passwords: { services: 'p@s:s/' } });
    expect(server.servicesUrl).toBe(`nats://services:p%40s%3As%2F@${server.url}`);
    expect(server.credentials.services).toMatchObject({ user: 'services', pass: 'p@s:s/' });
    await (await connect(server.credentials.services)).close();
  });

  it('leaves no process and no folder behind', async () => {
    const server = await start();
    const { pid, storeDir, logFile } = server;
    expect([isAlive(pid), existsSync(storeDir), existsSync(logFile)]).toEqual([true, true, true]);
    await server.stop();
    expect([isAlive(pid), existsSync(dirname(logFile))]).toEqual([false, false]);
    expect(storeDir.startsWith(dirname(logFile))).toBe(true);
    await server.stop();
  });

  it('is stopped by the end of its scope', async () => {
    let pid: number;
    {
      await using server = await startNatsServer();
      pid = server.pid;
    }
    expect(isAlive(pid)).toBe(false);
  });

  it('is stopped in good order even when it was paused', async () => {
    const logFile = join(folder, 'paused.log');
    const server = await start({ logFile });
    process.kill(server.pid, 'SIGSTOP');
    await server.stop();
    expect(isAlive(server.pid)).toBe(false);
    expect(await readFile(logFile, 'utf8')).toContain('Server Exiting'); // It was not killed.
  });

  it('keeps its password files from other users of the machine', async () => {
    const { logFile } = await start();
    const conf = join(dirname(logFile), 'nats-server.conf');
    expect([(await stat(dirname(conf))).mode & 0o077, (await stat(conf)).mode & 0o077]).toEqual([
      0, 0,
    ]);
  });

  it('starts many at once, each at a port of its own', async () => {
    const servers = await Promise.all(Array.from({ length: 5 }, () => start()));
    expect(new Set(servers.map(({ port }) => port)).size).toBe(5);
  });
});

describe('a restart', () => {
  it.each(['kill', 'stop and nothing else'])('keeps the store after %s', async (how) => {
    const server = await start({ sync: 'always' });
    const { pid, port } = server;
    await store(server, 'one');
    if (how === 'kill') await server.kill();
    if (how === 'kill') expect(isAlive(pid)).toBe(false);
    await server.restart();
    expect(server.port).toBe(port);
    expect(server.pid).not.toBe(pid);
    expect(isAlive(pid)).toBe(false);
    expect(await lastStored(server)).toBe('one');
  });

  it('is found by a client that keeps calling', async () => {
    const server = await start();
    const connection = await connect({
      ...server.credentials.services,
      maxReconnectAttempts: -1,
      reconnectTimeWait: 5,
      reconnectJitter: 0,
    });
    await server.kill();
    await server.restart();
    expect(
      await eventually(() =>
        connection.rtt().then(
          () => true,
          () => false,
        ),
      ),
    ).toBe(true);
    await connection.close();
  });

  it('waits its turn', async () => {
    const server = await start();
    await Promise.all([server.restart(), server.kill(), server.restart(), server.restart()]);
    expect(isAlive(server.pid)).toBe(true);
    const first = server.pid;
    await Promise.all([server.stop(), server.stop()]);
    expect(isAlive(first)).toBe(false);
  });
});

describe('a store of your own', () => {
  it('is kept when the server stops, and found by the next', async () => {
    const storeDir = await mkdtemp(join(folder, 'store-'));
    const first = await start({ storeDir });
    await store(first, 'kept');
    await first.stop();
    expect(await lastStored(await start({ storeDir }))).toBe('kept');
  });

  it('is refused to a second server', async () => {
    const storeDir = await mkdtemp(join(folder, 'store-'));
    const first = await start({ storeDir });
    await expect(start({ storeDir })).rejects.toThrow(
      `in use by the nats-server with process id ${String(first.pid)}`,
    );
    await first.kill();
    await start({ storeDir });
  });

  it('is not refused for the process id of another program', async () => {
    const storeDir = await mkdtemp(join(folder, 'store-'));
    await writeFile(join(storeDir, 'nats-server.pid'), String(process.pid));
    await start({ storeDir });
  });
});

describe('what was asked for', () => {
  it.each([
    ['always', true],
    ['2m', false],
  ] as const)('sync %s is what the server does, and is named', async (sync, always) => {
    const server = await start({ sync, monitor: true });
    expect(server.durability).toBe(`sync ${sync}`);
    const answer = await fetch(`${server.monitorUrl ?? ''}/jsz`);
    expect(await answer.json()).toMatchObject({
      config: { ...(always ? { sync_always: true } : { sync_interval: 120_000_000_000 }) },
    });
  });

  it('is the default: durability is named, and no monitoring port is open', async () => {
    const server = await start();
    expect([server.durability, server.monitorUrl]).toEqual(['sync 2m', undefined]);
  });

  it('is the largest message', async () => {
    const server = await start({ maxPayloadBytes: 4_096 });
    const connection = await connect(server.credentials.services);
    expect(connection.info?.max_payload).toBe(4_096);
    await connection.close();
  });

  it('is a port, which is refused when it is taken', async () => {
    const { port } = await start();
    await expect(start({ port })).rejects.toThrow(`port ${String(port)} is taken`);
  });
});

describe('a server that does not come up', () => {
  it('is told with the end of its log, and leaves nothing', async () => {
    const storeDir = await mkdtemp(join(folder, 'store-'));
    const failed = startNatsServer({ storeDir, maxPayloadBytes: 1 << 30 });
    await expect(failed).rejects.toThrow(/ended with code 1\n.*max_payload/s);
    expect(await foldersFor(storeDir)).toEqual([]);
  });

  it('is given up when it is late, and leaves nothing', async () => {
    const storeDir = await mkdtemp(join(folder, 'store-'));
    const server = join(folder, 'nats-server');
    const version = '[ "$1" = --version ] && echo nats-server: v2.15.1 && exit';
    const pidFile = join(folder, 'late.pid');
    const program = `#!/bin/sh\n${version}\necho $$ >${pidFile}\nexec sleep 60\n`;
    await writeFile(server, program, { mode: 0o755 });

    const failed = startNatsServer({ server, storeDir, readyTimeoutMs: 300 });
    expect(await eventually(async () => (await foldersFor(storeDir)).length === 1)).toBe(true);
    await expect(failed).rejects.toThrow(/did not listen within \d+ ms/);
    expect(isAlive(Number(await readFile(pidFile, 'utf8')))).toBe(false);
    expect(await foldersFor(storeDir)).toEqual([]);
  });
});

describe('a death', () => {
  it('is told when nobody asked for it, and never otherwise', async () => {
    const deaths: string[] = [];
    const server = await start({ onDeath: (message) => deaths.push(message) });
    await server.restart();
    await server.kill();
    await server.restart();
    expect(deaths).toEqual([]);
    process.kill(server.pid, 'SIGKILL');
    expect(await eventually(() => deaths.length > 0)).toBe(true);
    expect(deaths[0]).toMatch(/^nats-server ended with code 137\n.*Server is ready/s);
    await server.restart();
    expect(isAlive(server.pid)).toBe(true);
  });
});

describe('natsForTests', () => {
  const hooks: (() => Promise<void>)[] = [];
  const nats = natsForTests({
    beforeAll: (hook) => hooks.push(hook),
    afterAll: (hook) => hooks.push(hook),
  });

  it('has a server from the first hook to the second', async () => {
    expect(nats).toThrow(/from beforeAll to afterAll/);
    await hooks[0]?.();
    const server = nats();
    await (await connect(server.credentials.services)).close();
    await hooks[1]?.();
    if (server.kind === 'own') expect(isAlive(server.pid)).toBe(false);
  });
});

async function store(server: RunningNatsServer, text: string): Promise<void> {
  const connection = await connect(server.credentials.services);
  const manager = await jetstreamManager(connection);
  await manager.streams.add({ name: 'KEPT', subjects: ['kept'] });
  await jetstream(connection).publish('kept', text);
  await connection.close();
}

async function lastStored(server: RunningNatsServer): Promise<string | undefined> {
  const connection = await connect(server.credentials.services);
  const manager = await jetstreamManager(connection);
  const message = await manager.streams.getMessage('KEPT', { last_by_subj: 'kept' });
  await connection.close();
  return message?.string();
}

// The temporary folders that were made for a server with this store; other tests have theirs beside them.
async function foldersFor(storeDir: string): Promise<readonly string[]> {
  const folders = [];
  for await (const conf of glob(join(tmpdir(), 'joinleaf-nats-*/nats-server.conf'))) {
    const text = await readFile(conf, 'utf8').catch(() => '');
    if (text.includes(`"${storeDir}"`)) folders.push(dirname(conf));
  }
  return folders;
}
