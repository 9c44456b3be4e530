import 'reflect-metadata';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { natsForTests } from '@joinleaf/nats-server';
import { encode, Subjects } from '@joinleaf/wire';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { Controller, Get, Module } from '@nestjs/common';
import { z } from 'zod';
import { Command } from './handlers.js';
import { runService } from './run-service.js';
import { serviceConfig, type ServiceSettings } from './service-config.js';
import type { Assembled, Service, ServiceContext } from './service.js';
import { TestProcess } from './testing.js';
import { reply } from './wsa-error.filter.js';

const nats = natsForTests({ beforeAll, afterAll });
const subjects = new Subjects('main');
const join = subjects.command('ada', 'conf-7' as never, 'join');

let holdMs = 0;

@Controller()
class Handlers {
  @Command('join')
  async join() {
    await new Promise((resolve) => setTimeout(resolve, holdMs));
    return { ok: true };
  }
  @Get('busy')
  busy() {
    return reply({ ok: false, error: { code: 'WSAEALREADY', rule: 'R50' } });
  }
}
@Module({ controllers: [Handlers] })
class HandlersModule {}

const environment = (more: Record<string, string> = {}): Record<string, string> => {
  const { servers, user = '', pass = '' } = nats().credentials.services;
  return {
    JOINLEAF_SERVERS: servers.join(','),
    JOINLEAF_USER: user,
    JOINLEAF_PASS: pass,
    JOINLEAF_LOG: 'json',
    JOINLEAF_NAME: 'test-1',
    ...more,
  };
};

type Assemble = (context: ServiceContext<ServiceSettings>) => Partial<Assembled>;

const service = (assemble: Assemble = () => ({})): Service<ServiceSettings> => ({
  name: 'test',
  version: '1.2.3',
  description: 'A service for tests.',
  config: z.strictObject(serviceConfig),
  metadata: { decider: 'multipoint/1' },
  assemble: async (context) => ({
    module: HandlersModule,
    requests: { subjects: [{ subject: subjects.commands() }] },
    ...assemble(context),
  }),
});

function run(assemble?: Assemble, host = new TestProcess(environment())): TestProcess {
  void runService(service(assemble), host);
  return host;
}

describe('runService', () => {
  it('becomes ready once every check is well, serves, and ends in order at SIGTERM', async () => {
    let caughtUp = false;
    const steps: string[] = [];
    const host = run(({ health }) => {
      health.check('caught-up', () => (caughtUp ? null : '7 commits behind'));
      return {
        started: async () => void steps.push('started'),
        drain: async () => void steps.push('drained'),
      };
    });
    await host.line('starting');
    await until(() => steps.includes('started'));
    expect(host.lines.some((line) => line.msg === 'ready')).toBe(false);
    caughtUp = true;
    const { httpUrl, name } = await host.line('ready');
    expect(name).toBe('test-1');

    const get = async (path: string) => fetch(`${String(httpUrl)}${path}`);
    expect((await get('/health/live')).status).toBe(200);
    const ready = await get('/health/ready');
    expect([ready.status, await ready.json()]).toMatchObject([200, { ready: true }]);
    caughtUp = false;
    const behind = await get('/health/ready');
    expect([behind.status, await behind.json()]).toMatchObject([
      503,
      { ready: false, checks: { 'caught-up': { ok: false, reason: '7 commits behind' } } },
    ]);
    const busy = await get('/busy');
    expect([busy.status, await busy.json()]).toMatchObject([409, { number: 10_037, rule: 'R50' }]);
    const metrics = await (await get('/metrics')).text();
    expect(metrics).toContain('joinleaf_build_info{version="1.2.3"');
    expect(metrics).toContain('joinleaf_requests_received_total 0');
    expect(metrics).toContain('process_cpu_seconds_total');

    host.emit('SIGTERM');
    expect(await host.exited).toBe(0);
    expect(steps).toEqual(['started', 'drained']);
    expect(host.lines.map((line) => line.msg)).toEqual(
      expect.arrayContaining(['stopping', 'requests are answered', 'drained', 'stopped']),
    );
    expect(JSON.stringify(host.lines)).not.toContain(environment().JOINLEAF_PASS);
  });

  it('answers a request it took before SIGTERM', async () => {
    holdMs = 200;
    const host = run();
    await host.line('ready');
    const caller = await connect(nats().credentials.services);
    const asked = caller.request(join, encode({}), { timeout: 5_000 });
    await caller.flush();
    await new Promise((resolve) => setTimeout(resolve, 50));
    host.emit('SIGTERM');
    expect((await asked).json()).toEqual({ ok: true });
    expect(await host.exited).toBe(0);
    await caller.drain();
    holdMs = 0;
  });

  it('exits with 1 when the grace ends first, and at once at a second signal', async () => {
    const left: NatsConnection[] = [];
    const hangs: Assemble = ({ nc }) => {
      left.push(nc);
      return { drain: () => new Promise(() => undefined) };
    };
    const off = { JOINLEAF_HTTP_PORT: 'off' };
    const slow = run(hangs, new TestProcess(environment({ ...off, JOINLEAF_GRACE_MS: '100' })));
    await slow.line('ready');
    slow.emit('SIGTERM');
    expect(await slow.exited).toBe(1);

    const twice = run(hangs, new TestProcess(environment(off)));
    await twice.line('ready');
    twice.emit('SIGINT');
    twice.emit('SIGINT');
    expect(await twice.exited).toBe(1);
    for (const each of left) await each.close(); // A process that ends does this by ending.
  });

  it('drains and exits with 1 when the service fails', async () => {
    let context: ServiceContext<ServiceSettings> | undefined;
    const host = run((given) => {
      context = given;
      return {};
    });
    await host.line('ready');
    context?.fail(new Error('the stream was replaced'));
    expect(await host.exited).toBe(1);
    expect(await host.line('failed')).toMatchObject({ level: 'fatal' });
    await host.line('stopped');
  });

  it('exits with 1 when it cannot be put together', async () => {
    const host = run(() => {
      throw new Error('JL_EVENTS_main_0 has max_age');
    });
    expect(await host.exited).toBe(1);
  });

  it('exits with 2 and one list when its configuration is wrong', async () => {
    const host = new TestProcess(environment({ JOINLEAF_REALM: 'a.b', JOINLEAF_GRACE_MS: 'soon' }));
    run(undefined, host);
    expect(await host.exited).toBe(2);
    expect(host.errors).toContain('JOINLEAF_REALM is not a name');
    expect(host.errors).toContain('JOINLEAF_GRACE_MS is not a whole number');
  });

  it('says that it waits for the broker, and gives up in time', async () => {
    const nowhere = environment({
      JOINLEAF_SERVERS: '127.0.0.1:9',
      JOINLEAF_CONNECT_WITHIN_MS: '600',
    });
    const host = run(undefined, new TestProcess(nowhere));
    await host.line('waiting for the broker');
    expect(await host.exited).toBe(1);
  });

  it('stops while it waits for the broker', async () => {
    const host = run(undefined, new TestProcess(environment({ JOINLEAF_SERVERS: '127.0.0.1:9' })));
    await host.line('waiting for the broker');
    host.emit('SIGTERM');
    expect(await host.exited).toBe(0);
  });

  it('introduces itself on $SRV', async () => {
    const host = run(undefined, new TestProcess(environment({ JOINLEAF_HTTP_PORT: 'off' })));
    expect(await host.line('ready')).not.toHaveProperty('httpPort');
    const caller = await connect(nats().credentials.services);
    const ask = async (subject: string) =>
      (await caller.request(subject, '', { timeout: 2_000 })).json<Record<string, unknown>>();
    expect(await ask('$SRV.PING')).toMatchObject({
      type: 'io.nats.micro.v1.ping_response',
      name: 'joinleaf-test',
      id: 'test-1',
      version: '1.2.3',
    });
    expect(await ask('$SRV.INFO.joinleaf-test')).toMatchObject({
      endpoints: [{ name: 'cmd-join', subject: 'jl.main.cmd.*.*.>' }],
    });
    await ask(join);
    expect(await ask('$SRV.STATS.joinleaf-test.test-1')).toMatchObject({
      endpoints: [{ name: 'cmd-join', num_requests: 1, num_errors: 0 }],
    });
    await caller.drain();
    host.emit('SIGTERM');
    expect(await host.exited).toBe(0);
  });
});

const until = async (holds: () => boolean): Promise<void> => {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 2));
};
