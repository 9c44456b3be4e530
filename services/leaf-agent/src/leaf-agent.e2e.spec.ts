import 'reflect-metadata';
import { spawn, type ChildProcess } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { connect, type Joinleaf, type Root } from '@joinleaf/client';
import { natsForTests } from '@joinleaf/nats-server';
import { runProgram } from '@joinleaf/nest-kit';
import { TestProcess } from '@joinleaf/nest-kit/testing';
import { leafAgent } from './program.js';

// The agent in this process, the services in theirs, and a program that embeds the client at the other end.

const nats = natsForTests({ beforeAll, afterAll });
const services: ChildProcess[] = [];
let ada: Joinleaf;
let root: Root;
let agents: TestProcess[] = [];
let program: Server | null = null;

beforeAll(async () => {
  for (const name of ['session', 'notifier']) services.push(await startService(name));
  const { servers, user, pass } = nats().credentials.nodes;
  ada = await connect({ servers, user, pass, node: 'ada' });
  root = await ada.openRoot('conf-7');
}, 60_000);

afterAll(async () => {
  await ada.close();
  for (const service of services) {
    service.kill('SIGTERM');
    await new Promise((resolve) => service.once('exit', resolve));
  }
});

afterEach(async () => {
  for (const agent of agents) {
    agent.emit('SIGTERM');
    await agent.exited;
  }
  agents = [];
  program?.close();
  program = null;
});

const environment = (as: 'services' | 'nodes'): Record<string, string> => {
  const { servers, user = '', pass = '' } = nats().credentials[as];
  return {
    JOINLEAF_SERVERS: servers.join(','),
    JOINLEAF_USER: user,
    JOINLEAF_PASS: pass,
    JOINLEAF_LOG: 'json',
    JOINLEAF_HTTP_PORT: '0',
  };
};

async function startService(name: string): Promise<ChildProcess> {
  const main = new URL(`../../${name}/dist/main.js`, import.meta.url).pathname;
  const child = spawn(process.execPath, [main], { env: environment('services') });
  await new Promise<void>((resolve, reject) => {
    child.stdout.on('data', (chunk: Buffer) => {
      if (chunk.toString().includes('"msg":"ready"')) resolve();
    });
    child.once('exit', () => {
      reject(new Error(`${name} ended`));
    });
  });
  return child;
}

async function startAgent(node: string, endpoints: readonly object[], more = {}) {
  const env = { JOINLEAF_NODE: node, JOINLEAF_ENDPOINTS: JSON.stringify(endpoints), ...more };
  const agent = new TestProcess({ ...environment('nodes'), ...env });
  agents.push(agent);
  void runProgram(leafAgent, agent);
  const { httpUrl } = await agent.line('ready');
  const url = String(httpUrl);
  const call = async (method: string, path: string, more: object = {}, body?: string) => {
    const type = body === undefined ? {} : { 'content-type': 'application/json' };
    const headers = { ...type, ...more };
    const response = await fetch(`${url}${path}`, { method, headers, ...(body && { body }) });
    const text = await response.text();
    return { status: response.status, body: text === '' ? null : (JSON.parse(text) as unknown) };
  };
  return { agent, url, call };
}

async function programThat(
  ...answers: readonly string[]
): Promise<{ url: string; asked: unknown[] }> {
  const asked: unknown[] = [];
  const made = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      asked.push(JSON.parse(body));
      const answer = answers[asked.length - 1];
      if (answer === undefined) response.writeHead(500).end();
      else response.end(answer);
    });
  });
  program = made;
  await new Promise<void>((resolve) => made.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${String((made.address() as AddressInfo).port)}/`, asked };
}

const textOf = (bytes: Uint8Array | null): string => Buffer.from(bytes ?? []).toString();

describe('the leaf agent', () => {
  it('asks the endpoint’s program, again when it failed, and accepts with its data', async () => {
    const { url, asked } = await programThat(
      'nonsense',
      '{"decision":"accept","calleeData":"aGk="}',
    );
    await startAgent('lobby1', [{ port: 1, admission: { ask: url } }]);
    const join = await root.joinLeaf('lobby1:1', { callerData: 'knock', deadlineMs: 10_000 });
    const outcome = await join.connected;
    expect(outcome.ok && textOf(outcome.calleeData)).toBe('hi');
    expect(asked).toHaveLength(2);
    expect(asked[0]).toMatchObject({
      endpoint: 'port-1',
      session: 'conf-7',
      join: join.id,
      callerData: 'a25vY2s=',
      deadlineAt: join.deadlineAt,
    });
  });

  it('[R35] rejects for the program, and refuses where no endpoint listens', async () => {
    const { url } = await programThat('{"decision":"reject"}');
    await startAgent('lobby2', [{ port: 1, admission: { ask: url } }]);
    for (const port of [1, 2]) {
      const join = await root.joinLeaf(`lobby2:${String(port)}`, { deadlineMs: 10_000 });
      expect(await join.connected).toMatchObject({ ok: false, code: 'WSAECONNREFUSED' });
    }
  });

  it('lets the deadline pass while the program fails', async () => {
    const { url, asked } = await programThat();
    const { agent, call } = await startAgent('lobby3', [{ port: 1, admission: { ask: url } }]);
    const join = await root.joinLeaf('lobby3:1', { deadlineMs: 1_200 });
    expect(await join.connected).toMatchObject({ ok: false, code: 'WSAETIMEDOUT' });
    expect(asked.length).toBeGreaterThan(1);
    expect(await agent.line('the program did not decide')).toMatchObject({
      problem: 'answered 500',
    });
    for (let left = 1; left > 0;) {
      const { body } = await call('GET', '/v1/invitations');
      left = (body as unknown[]).length;
    }
  });

  it('[R136] closes every socket at SIGTERM: the other ends hear FD_CLOSE at once', async () => {
    const { agent, url } = await startAgent('lobby4', [
      { name: 'desk', port: 1, admission: 'accept' },
    ]);
    const stream = await fetch(`${url}/v1/endpoints/desk/events`);
    const join = await root.joinLeaf('lobby4:1');
    const outcome = await join.connected;
    if (!outcome.ok) throw new Error(outcome.message);
    agent.emit('SIGTERM');
    expect(await outcome.link.over).toEqual({ code: null, by: 'peer' });
    expect(await stream.text()).toMatch(/event: FD_ACCEPT[^]*event: ACCEPTED/);
    expect(await agent.exited).toBe(0);
  });

  it('wants its token, for everything but the probes', async () => {
    const token = 'a-token-of-some-length';
    const { call } = await startAgent('lobby5', [{ port: 1 }], { JOINLEAF_HTTP_TOKEN: token });
    expect(await call('GET', '/v1/endpoints')).toMatchObject({
      status: 403,
      body: { code: 'WSAEACCES', number: 10_013 },
    });
    const wrong = { authorization: 'Bearer wrong' };
    expect(await call('GET', '/v1/endpoints', wrong)).toMatchObject({ status: 403 });
    const right = { authorization: `Bearer ${token}` };
    expect(await call('GET', '/v1/endpoints', right)).toMatchObject({ status: 200 });
    expect(await call('GET', '/health/ready')).toMatchObject({ status: 200 });
  });

  it('[H10] ends when it finds that another agent took its node’s name', async () => {
    const { agent, call } = await startAgent('lobby6', [{ port: 1 }]);
    await startAgent('lobby6', [{ port: 1 }]);
    const body = JSON.stringify({ session: 'conf-7' });
    const asked = await call('POST', '/v1/endpoints/port-1/memberships', {}, body);
    expect(asked).toMatchObject({ status: 503, body: { code: 'WSAENETRESET' } });
    expect(await agent.exited).toBe(1);
    expect(await agent.line('failed')).toMatchObject({ level: 'fatal' });
    agents = agents.filter((each) => each !== agent);
  });

  it('waits for the broker, and gives up in time', async () => {
    const env = {
      ...environment('nodes'),
      JOINLEAF_NODE: 'lobby7',
      JOINLEAF_SERVERS: '127.0.0.1:9',
    };
    const agent = new TestProcess({ ...env, JOINLEAF_CONNECT_WITHIN_MS: '700' });
    void runProgram(leafAgent, agent);
    expect(await agent.exited).toBe(1);
  });
});
