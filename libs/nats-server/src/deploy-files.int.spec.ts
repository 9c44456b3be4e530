import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';

import { eventually } from './alive.js';
import { spawnGuarded, type GuardedProcess } from './guarded-process.js';
import { nodeInbox } from './node-users.js';
import { obtainNatsServer } from './obtain.js';
import { reasonOf } from './reason.js';
import { runProgram } from './run-program.js';

// The files of deploy/nats, as an operator would run them: with their variables in the environment.

const shipped = join(import.meta.dirname, '../../../deploy/nats');
const routesPassword = 'r0utes';
// bcrypt of 'ada-secret', as a password of production should be.
const bcrypt = '$2a$04$abcdefghijklmnopqrstuunRAJw15gLcdCTbm9Obu4RHIpWCd5o52';

type Variables = Readonly<Record<string, string>>;

let folder: string;
let binary: string;
const running: GuardedProcess[] = [];
const connections: NatsConnection[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'deploy-'));
  ({ path: binary } = await obtainNatsServer());
}, 300_000);
afterEach(async () => {
  for (const connection of connections.splice(0)) await connection.close();
  for (const server of running.splice(0)) {
    server.abandon();
    await server.ended;
  }
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('server.conf', () => {
  it('is accepted by nats-server, and so is cluster.conf', async () => {
    const [place] = await places(1);
    expect(await check('server.conf', variables(place, []))).toBe('valid');
    expect(await check('cluster.conf', variables(place, []))).toBe('valid');
  });

  it.each(Object.keys(variables({ client: 1, monitor: 2, cluster: 3 }, [])))(
    'is refused, alone or in cluster.conf, without %s',
    async (name) => {
      const [place] = await places(1);
      const values = Object.entries(variables(place, [])).filter(([other]) => other !== name);
      expect(await check('cluster.conf', Object.fromEntries(values))).toContain(
        `variable reference for '${name}'`,
      );
    },
  );

  it('runs, and keeps what it acknowledges on disk', async () => {
    const [place] = await places(1);
    await run('server.conf', place, variables(place, []));
    const services = await log(place, 'services', 's3rvices');
    await (await jetstreamManager(services)).streams.add({ name: 'LOG', subjects: ['jl.*.evt.>'] });
    const answer = await fetch(`http://127.0.0.1:${String(place.monitor)}/jsz`);
    expect(await answer.json()).toMatchObject({ streams: 1, config: { sync_always: true } });
  });

  it('knows its users, with a password in plain or as bcrypt, and no others', async () => {
    const [place] = await places(1);
    await run('server.conf', place, variables(place, []));
    await log(place, 'auditor', 'aud1tor');
    await log(place, 'sys', 'syst3m');
    await log(place, 'node.bob', 'b0b');
    await log(place, 'node.ada', 'ada-secret');
    const strangers = [
      ['node.ada', 'wrong'],
      ['node.ada', bcrypt],
      ['services', ''],
      ['development', 's3rvices'],
      ['node.eve', ''],
    ] as const;
    for (const [user, pass] of strangers) {
      await expect(log(place, user, pass)).rejects.toThrow(/authorization/i);
    }
  });

  it('lets a user without permissions do nothing', async () => {
    const [place] = await places(1);
    const conf = join(folder, 'careless');
    await cp(shipped, conf, { recursive: true });
    const careless = 'users: [ { user: careless, password: careless } ]';
    await writeFile(join(conf, 'node-users.conf'), careless);
    await run('server.conf', place, variables(place, []), conf);
    const services = await log(place, 'services', 's3rvices');
    const heard: string[] = [];
    services.subscribe('>', {
      callback: (_error, { subject }) => {
        heard.push(subject);
      },
    });
    await services.flush();

    const nobody = await log(place, 'careless', 'careless');
    const errors: unknown[] = [];
    nobody.subscribe('jl.main.fd.ada', {
      callback: (error) => {
        errors.push(error?.name);
      },
    });
    nobody.publish('jl.main.cmd.careless.1.conf-7.join');
    await nobody.flush();
    await services.flush();
    expect(await eventually(() => errors.length > 0)).toBe(true);
    expect([errors, heard]).toEqual([['PermissionViolationError'], []]);
  });
});

describe('cluster.conf', () => {
  it('makes one cluster of three, which keeps a stream three times and answers nodes anywhere', async () => {
    const all = await places(3);
    for (const place of all) await run('cluster.conf', place, variables(place, all));
    const [first, second, third] = all;

    const services = await log(first, 'services', 's3rvices');
    const manager = await jetstreamManager(services, { checkAPI: false, timeout: 5_000 });
    const created = async () =>
      manager.streams.add({ name: 'LOG', subjects: ['jl.*.fd.*'], num_replicas: 3 }).then(
        () => true,
        () => false,
      );
    expect(await eventually(created, 20_000)).toBe(true);
    expect((await manager.streams.info('LOG')).cluster?.replicas).toHaveLength(2);

    const node = await log(third, 'node.bob', 'b0b', nodeInbox('bob'));
    const told: string[] = [];
    node.subscribe('jl.main.fd.bob', {
      callback: (_error, message) => {
        told.push(message.string());
      },
    });
    await node.flush();
    const others = await log(second, 'services', 's3rvices');
    others.subscribe('jl.*.cmd.>', {
      callback: (_error, message) => {
        message.respond('heard');
      },
    });
    await others.flush();
    const ask = () =>
      node.request('jl.main.cmd.bob.1.conf-7.join', '', { timeout: 500 }).then(
        (answer) => answer.string() === 'heard',
        () => false,
      );
    expect(await eventually(ask)).toBe(true);
    await jetstream(services).publish('jl.main.fd.bob', 'FD_CONNECT');
    expect(await eventually(() => told.length > 0)).toBe(true);
  }, 60_000);

  it('lets no stranger route', async () => {
    const all = await places(2);
    const [home, stranger] = all;
    await run('cluster.conf', home, variables(home, [home]));
    const wrong = { ...variables(stranger, []), JOINLEAF_NATS_ROUTES: routesTo([home], 'wrong') };
    await run('cluster.conf', stranger, wrong);
    const routes = async (place: Place) => {
      const answer = await fetch(`http://127.0.0.1:${String(place.monitor)}/routez`);
      return ((await answer.json()) as { num_routes: number }).num_routes;
    };
    expect(await eventually(async () => (await routes(home)) > 0, 1_000)).toBe(false);
  });
});

interface Place {
  readonly client: number;
  readonly monitor: number;
  readonly cluster: number;
}

async function places(count: 1): Promise<[Place]>;
async function places(count: 2): Promise<[Place, Place]>;
async function places(count: 3): Promise<[Place, Place, Place]>;
async function places(count: number): Promise<Place[]> {
  const ports = await freePorts(3 * count);
  return Array.from({ length: count }, (_, index) => {
    const [client = 0, monitor = 0, cluster = 0] = ports.slice(3 * index);
    return { client, monitor, cluster };
  });
}

async function freePorts(count: number): Promise<readonly number[]> {
  const holders = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  const ports = [];
  for (const holder of holders) {
    if (!holder.listening) await new Promise((listening) => holder.once('listening', listening));
    ports.push((holder.address() as AddressInfo).port);
  }
  for (const holder of holders) await new Promise((closed) => holder.close(closed));
  return ports;
}

function variables({ client, monitor, cluster }: Place, all: readonly Place[]): Variables {
  return {
    JOINLEAF_NATS_NAME: `nats-${String(client)}`,
    JOINLEAF_NATS_LISTEN: `127.0.0.1:${String(client)}`,
    JOINLEAF_NATS_MONITOR: `127.0.0.1:${String(monitor)}`,
    JOINLEAF_NATS_STORE: `${folder}/${String(client)}`,
    JOINLEAF_NATS_SERVICES_PASSWORD: 's3rvices',
    JOINLEAF_NATS_AUDITOR_PASSWORD: 'aud1tor',
    JOINLEAF_NATS_SYS_PASSWORD: 'syst3m',
    JOINLEAF_NATS_NODE_ADA_PASSWORD: bcrypt,
    JOINLEAF_NATS_NODE_BOB_PASSWORD: 'b0b',
    JOINLEAF_NATS_CLUSTER_LISTEN: `127.0.0.1:${String(cluster)}`,
    JOINLEAF_NATS_ROUTES_PASSWORD: routesPassword,
    JOINLEAF_NATS_ROUTES: routesTo(all, routesPassword),
  };
}

function routesTo(all: readonly Place[], password: string): string {
  return `[${all.map(({ cluster }) => `nats://routes:${password}@127.0.0.1:${String(cluster)}`).join(', ')}]`;
}

const settings = (values: Variables) => Object.entries(values).map((pair) => pair.join('='));

function check(file: string, values: Variables): Promise<string> {
  const words = [...settings(values), binary, '-t', '-c', join(shipped, file)];
  return runProgram('env', words, { timeoutMs: 10_000 }).then(
    () => 'valid',
    (error: unknown) => reasonOf(error),
  );
}

async function run(file: string, place: Place, values: Variables, conf = shipped): Promise<void> {
  const leftovers = join(folder, 'nothing');
  const logFile = join(folder, `${String(place.client)}.log`);
  const words = [...settings(values), binary, '-c', join(conf, file)];
  const server = spawnGuarded({ words: ['env', ...words], logFile, leftovers });
  running.push(server);
  const health = `http://127.0.0.1:${String(place.monitor)}/healthz?js-enabled-only=true`;
  const healthy = () =>
    fetch(health).then(
      ({ ok }) => ok,
      () => false,
    );
  expect(await eventually(healthy)).toBe(true);
}

async function log(place: Place, user: string, pass: string, inboxPrefix?: string) {
  const servers = `127.0.0.1:${String(place.client)}`;
  const inbox = inboxPrefix === undefined ? {} : { inboxPrefix };
  const connection = await connect({ servers, user, pass, ...inbox });
  connections.push(connection);
  return connection;
}
