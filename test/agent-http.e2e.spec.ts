import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Root } from '@joinleaf/client';
import { Actor } from './deployment/actor.js';
import { checkHistory } from './deployment/check-history.js';
import { startDeployment, type Deployment } from './deployment/deployment.js';
import { EventStream } from './deployment/event-stream.js';
import { eventually, nextOf, within } from './deployment/eventually.js';
import { Journal } from './deployment/journal.js';

// A program without the client joins through the leaf agent: HTTP to ask, server-sent events to hear. It uses fetch, and
// nothing of ours.

const journal = new Journal();

let deployment: Deployment;
let ada: Actor;
let root: Root;

beforeAll(async () => {
  deployment = await startDeployment({
    agents: [
      {
        node: 'lobby',
        endpoints: [
          { name: 'desk', port: 1, admission: 'accept', calleeData: 'at the desk' },
          { name: 'hand', port: 2, admission: 'defer' },
          { name: 'shy', port: 3, admission: 'reject' },
          { name: 'asker', listen: false },
        ],
        settings: { JOINLEAF_BOUND_MS: '2000' },
      },
    ],
  });
  ada = await Actor.enter(deployment, journal, 'ada');
  root = await ada.openRoot('conf-7');
}, 60_000);

afterAll(async () => {
  await deployment.stop();
});

const url = (path: string) => `${deployment.agent('lobby').httpUrl}/v1/${path}`;
const base64 = (text: string) => Buffer.from(text).toString('base64');

interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

async function call(method: string, path: string, body?: object, headers = {}): Promise<Answer> {
  const json = body === undefined ? {} : { body: JSON.stringify(body) };
  const type = body === undefined ? {} : { 'content-type': 'application/json' };
  const response = await fetch(url(path), { method, ...json, headers: { ...type, ...headers } });
  const text = await response.text();
  return { status: response.status, body: text === '' ? {} : (JSON.parse(text) as Answer['body']) };
}

const listen = (endpoint: string, lastId?: string) =>
  EventStream.open(url(`endpoints/${endpoint}/events`), lastId);

const join = (body: object) => call('POST', 'endpoints/asker/memberships', body);

async function letIn(calleeData: string) {
  const request = await nextOf('somebody knocks', root.requests());
  const accepted = await request.accept({ calleeData });
  if (!accepted.ok) throw new Error(accepted.message);
  ada.watch(accepted.link);
  return { request, link: accepted.link };
}

describe('a program with nothing but fetch', () => {
  it('sees the endpoints of its node', async () => {
    const response = await fetch(url('endpoints'));
    expect(await response.json()).toMatchObject([
      { name: 'desk', address: 'lobby:1', admission: 'accept' },
      { name: 'hand', address: 'lobby:2', admission: 'defer' },
      { name: 'shy', address: 'lobby:3', admission: 'reject' },
      { name: 'asker', listen: false },
    ]);
  });

  it('[R35] [R38] asks, hears FD_CONNECT with callee data, and FD_CLOSE when the root lets it go', async () => {
    await using stream = await listen('asker');
    const asked = await join({ session: 'conf-7', callerData: base64('by HTTP') });
    expect(asked).toMatchObject({ status: 202, body: { state: 'asking', session: 'conf-7' } });
    const { id } = asked.body as { readonly id: string };

    const { request, link } = await letIn('come in');
    expect(new TextDecoder().decode(request.callerData ?? undefined)).toBe('by HTTP');
    const connected = await stream.next('FD_CONNECT');
    expect(connected.data).toMatchObject({
      ...{ membership: id, code: null, calleeData: base64('come in') },
      notification: expect.stringMatching(/^conf-7\.\d+\.\d+$/),
    });
    expect(await call('GET', `memberships/${id}`)).toMatchObject({ body: { state: 'member' } });

    await ada.close(link);
    expect((await stream.next('FD_CLOSE')).data).toMatchObject({ membership: id, code: null });
    await eventually('the membership is over', async () => {
      const { body } = await call('GET', `memberships/${id}`);
      return body.state === 'over' && body.by === 'peer';
    });
  });

  it('[R136] leaves, and the root hears FD_CLOSE', async () => {
    const asking = join({ session: 'conf-7', waitMs: 20_000 });
    const { link } = await letIn('once more');
    const joined = await asking;
    expect(joined).toMatchObject({
      status: 201,
      body: { state: 'member', calleeData: base64('once more') },
    });
    const { id } = joined.body as { readonly id: string };
    expect(await call('DELETE', `memberships/${id}`)).toMatchObject({ status: 204 });
    expect(await within('the link is over', link.over)).toEqual({ code: null, by: 'peer' });
  });

  it('is refused with the same code and rule as anybody', async () => {
    const refused = await join({ session: 'nowhere' });
    expect(refused.status).toBeGreaterThanOrEqual(400);
    expect(refused.body).toMatchObject({ code: 'WSAECONNREFUSED', number: 10_061, rule: 'R35' });
    for (const bad of [
      {},
      { session: 'a b' },
      { session: 'conf-7', hatch: true },
      { session: 'conf-7', callerData: '*' },
    ]) {
      const { status, body } = await join(bad);
      expect(status).toBe(400);
      expect(body).toMatchObject({ code: 'WSAEFAULT', rule: 'H11' });
    }
    expect(await call('GET', 'memberships/conf-7.J99')).toMatchObject({
      body: { code: 'WSAENOTSOCK' },
    });
    for (const type of [{ 'content-type': 'application/x-www-form-urlencoded' }, {}]) {
      const memberships = url('endpoints/asker/memberships');
      const body = new TextEncoder().encode('{"session":"conf-7"}');
      const response = await fetch(memberships, { method: 'POST', body, headers: type });
      expect(response.status).toBe(415);
      expect(await response.json()).toMatchObject({
        ...{ code: 'WSAEFAULT', number: 10_014, rule: 'H11' },
        message: expect.stringContaining('content-type: application/json'),
      });
    }
    const browser = await call('GET', 'endpoints', undefined, { origin: 'http://evil.example' });
    expect(browser).toMatchObject({ status: 403, body: { code: 'WSAEACCES' } });
  });
});

describe('an invitation', () => {
  it('[R30] is accepted by rule, by hand, or refused by rule', async () => {
    await using desk = await listen('desk');
    await using hand = await listen('hand');
    expect(await ada.inviteAndWait(root, 'lobby:1')).toMatchObject({
      ok: true,
      calleeData: new TextEncoder().encode('at the desk'),
    });
    expect((await desk.next('ACCEPTED')).data).toMatchObject({ session: 'conf-7' });

    const inviting = ada.inviteAndWait(root, 'lobby:2');
    const { invitation } = (await hand.next('FD_ACCEPT')).data;
    expect(await call('GET', 'invitations')).toMatchObject({
      body: [{ id: invitation, endpoint: 'hand' }],
    });
    const accepted = await call('POST', `invitations/${String(invitation)}/accept`, {
      calleeData: base64('by hand'),
    });
    expect(accepted).toMatchObject({ status: 201, body: { state: 'member' } });
    expect(await inviting).toMatchObject({
      ok: true,
      calleeData: new TextEncoder().encode('by hand'),
    });

    const { id } = accepted.body as { readonly id: string };
    expect(await call('DELETE', `memberships/${id}`)).toMatchObject({ status: 204 });

    expect(await ada.inviteAndWait(root, 'lobby:3')).toMatchObject({ code: 'WSAECONNREFUSED' });
  });

  it('[R145] is withdrawn', async () => {
    await using hand = await listen('hand');
    const inviting = await ada.invite(root, 'lobby:2');
    const { invitation } = (await hand.next('FD_ACCEPT')).data;
    await inviting?.cancel();
    expect((await hand.next('WITHDRAWN')).data).toMatchObject({ invitation });
    const late = await call('POST', `invitations/${String(invitation)}/accept`, {});
    expect(late.status).toBeGreaterThanOrEqual(400);
  });
});

describe('a stream that was interrupted', () => {
  it('goes on after the last event that was heard: nothing is missing, and nothing comes twice', async () => {
    const first = await listen('asker');
    const whole = await listen('asker');
    const heard: string[] = [];
    const rounds = 4;
    let stream = first;
    for (let round = 1; round <= rounds; round += 1) {
      const asking = join({ session: 'conf-7', waitMs: 20_000 });
      const { link } = await letIn('welcome');
      const { id } = (await asking).body as { readonly id: string };
      await stream.next('FD_CONNECT', ({ membership }) => membership === id);
      heard.push(...stream.events.map((event) => event.id));
      const { lastId } = stream;
      await stream[Symbol.asyncDispose]();
      await ada.close(link); // Nobody listens now.
      await whole.next('FD_CLOSE', ({ membership }) => membership === id);
      stream = await listen('asker', lastId);
      await stream.next('FD_CLOSE', ({ membership }) => membership === id);
    }
    heard.push(...stream.events.map((event) => event.id));
    expect(heard).toEqual(whole.events.map((event) => event.id));
    expect(heard).toHaveLength(2 * rounds);
    await stream[Symbol.asyncDispose]();
    await whole[Symbol.asyncDispose]();
  });

  it('[R135] says that something is lost when the agent was started again, and the root hears that it was', async () => {
    const stream = await listen('asker');
    const asking = join({ session: 'conf-7', waitMs: 20_000 });
    const { link } = await letIn('before the crash');
    await asking;
    await stream.next('FD_CONNECT');
    const { lastId } = stream;
    await deployment.agent('lobby').crash(0);
    await stream[Symbol.asyncDispose]();

    expect(await within('the link is over', link.over)).toEqual({
      code: 'WSAECONNABORTED',
      by: 'peer',
    });
    await using again = await listen('asker', lastId);
    expect((await again.next('LOST')).data).toMatchObject({
      reason: 'agent-restarted',
      after: lastId,
    });
    const rejoining = join({ session: 'conf-7', waitMs: 20_000 });
    await letIn('after the crash');
    expect(await rejoining).toMatchObject({ status: 201 });
  });
});

it('leaves a history without a flaw', async () => {
  await ada.close(root);
  await ada.jl.close();
  await deployment.agent('lobby').stop();
  await checkHistory(deployment, { journal });
});
