import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { natsForTests } from '@joinleaf/nats-server';
import type { Verb } from '@joinleaf/wire';
import { connect as connectToNats, type NatsConnection } from '@nats-io/transport-node';
import type { Joinleaf, JoinRequest, Status } from './api.js';
import { connect } from './connect.js';
import { Counterpart, type Arrived } from './counterpart.js';
import { JoinleafError, UnknownOutcomeError } from './errors.js';
import type { ConnectOptions } from './options.js';

// A service that forgets, repeats and delays. Nothing here may depend on luck.

const nats = natsForTests({ beforeAll, afterAll });
let services: NatsConnection;
let service: Counterpart;
const open: Joinleaf[] = [];
const unhandled: unknown[] = [];
const note = (reason: unknown) => unhandled.push(reason);

beforeEach(async () => {
  process.on('unhandledRejection', note);
  services = await connectToNats(nats().credentials.services);
  service = new Counterpart(services);
  await services.flush();
});

afterEach(async () => {
  service.mischief = {};
  await Promise.all(open.splice(0).map((jl) => jl.close()));
  await services.close();
  await new Promise((resolve) => setTimeout(resolve, 20));
  process.off('unhandledRejection', note);
  expect(unhandled.splice(0)).toEqual([]);
});

const node = async (name: string, options: Partial<ConnectOptions> = {}): Promise<Joinleaf> => {
  const { servers, user, pass } = nats().credentials.nodes;
  const times = { requestTimeoutMs: 150, callTimeoutMs: 3_000, closeTimeoutMs: 1_000 };
  const jl = await connect({ servers, user, pass, node: name, ...times, ...options });
  open.push(jl);
  return jl;
};

const first = async <T>(items: AsyncIterable<T>): Promise<T> => {
  for await (const item of items) return item;
  throw new Error('nothing came');
};
const eventually = async (sentence: string, isTrue: () => boolean): Promise<void> => {
  for (let tries = 0; tries < 4_000; tries += 1) {
    if (isTrue()) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  throw new Error(`not in time: ${sentence}`);
};
const firstOf = (verb: Verb, times = 1) => {
  let left = times;
  return ({ subject }: Arrived): boolean => subject.verb === verb && left-- > 0;
};

describe('a request or reply that is lost', () => {
  it.each(['losesReply', 'losesRequest'] as const)(
    '[H9] %s: is repeated under the same command id',
    async (how) => {
      const ada = await node('ada');
      service.mischief = { [how]: firstOf('open', 2) };
      await ada.openGroup('@news');
      const ids = service.idsOf('open');
      expect(ids).toHaveLength(3);
      expect(new Set(ids).size).toBe(1);
      expect(service.session('@news')).toMatchObject({ phase: 'open', incarnation: 1 });
      expect(ada.stats.retries).toBe(2);
    },
  );

  it('[A26] a join whose reply is lost is known by its FD_CONNECT', async () => {
    const [ada, bob] = [await node('ada'), await node('bob')];
    await ada.openRoot('conf-7', { admit: 'auto' });
    service.mischief = { losesReply: ({ subject }) => subject.verb === 'join' };
    expect(await bob.joinLeaf('conf-7')).toMatchObject({ ok: true, join: 'J1' });
  });

  it('every call has an id of its own', async () => {
    const [ada, bob] = [await node('ada'), await node('bob')];
    await ada.openRoot('conf-7', { admit: 'auto' });
    await bob.joinLeaf('conf-7');
    await bob.joinLeaf('conf-7');
    expect(new Set(service.idsOf('join')).size).toBe(2);
  });

  it('[H12] for good: the outcome is unknown, can be asked for, and nothing lingers', async () => {
    const [ada, bob] = [await node('ada'), await node('bob', { callTimeoutMs: 400 })];
    const root = await ada.openRoot('conf-7', { admit: 'auto' });
    const linked = first(root.events());
    service.mischief = {
      losesReply: ({ subject }) => subject.verb === 'join',
      publishes: (bulletin) => (bulletin.node === 'bob' ? [] : [bulletin]),
    };
    const error: unknown = await bob.joinLeaf('conf-7').catch((thrown: unknown) => thrown);
    if (!(error instanceof UnknownOutcomeError)) throw new Error('the outcome was known');
    expect(error).toMatchObject({
      code: 'WSAEINPROGRESS',
      retryable: 'unknown',
      session: 'conf-7',
    });
    expect(error.commandId).toBe(service.idsOf('join')[0]);
    expect(await error.resolve()).toMatchObject({
      ok: true,
      rule: 'H2',
      answer: { type: 'joined', join: 'J1' },
    });
    const event = await linked;
    expect(event.type === 'LINKED' && (await event.link.over)).toEqual({ code: null, by: 'peer' });
    expect(bob.stats).toMatchObject({ unknown: 1, sockets: 0 });
  });

  it('[H12] of a join that may still be on its way: it is taken back when that is settled', async () => {
    const [ada, bob] = [await node('ada'), await node('bob', { callTimeoutMs: 400 })];
    await ada.openRoot('conf-7', { admit: 'auto' });
    const isUnanswered = firstOf('resolve', 3);
    service.mischief = {
      losesRequest: (arrived) => arrived.subject.verb === 'join' || isUnanswered(arrived),
    };
    await expect(bob.joinLeaf('conf-7')).rejects.toBeInstanceOf(UnknownOutcomeError);
    await eventually('it is taken back', () => service.idsOf('close').length > 0);
    const verbs = service.arrived.map(({ subject }) => subject.verb);
    const before = verbs.slice(0, verbs.indexOf('close'));
    expect(before.filter((verb) => verb === 'resolve').length).toBeGreaterThan(3);
  });

  it('[H12] resolve says so when a command never arrived', async () => {
    const bob = await node('bob');
    expect(await bob.resolve('conf-7', 'never-was-0')).toMatchObject({
      ok: false,
      code: 'WSAENETDOWN',
      rule: 'H12',
    });
  });

  it('of an accept: the request can be answered again', async () => {
    const [ada, bob] = [await node('ada', { callTimeoutMs: 400 }), await node('bob')];
    const root = await ada.openRoot('conf-7');
    const joining = bob.joinLeaf('conf-7');
    const request = await first(root.requests());
    service.mischief = { losesRequest: ({ subject }) => subject.verb === 'accept' };
    await expect(request.accept()).rejects.toBeInstanceOf(UnknownOutcomeError);
    service.mischief = {};
    expect(request.expired).toBe(false);
    expect(await request.accept()).toMatchObject({ ok: true });
    expect(await joining).toMatchObject({ ok: true });
  });

  it('a reply that is none of this protocol is thrown, and the call taken back', async () => {
    const [ada, bob] = [await node('ada'), await node('bob')];
    await ada.openRoot('conf-7');
    service.mischief = { garblesReply: ({ subject }) => subject.verb === 'join' };
    await expect(bob.joinLeaf('conf-7')).rejects.toMatchObject({
      code: 'WSAEFAULT',
      retryable: 'unknown',
    });
    expect(bob.stats).toMatchObject({ malformed: 1, sockets: 0 });
    await eventually('it is withdrawn', () => service.idsOf('close').length === 1);
  });

  it('[E2] nobody serves the session: it certainly did not happen', async () => {
    const bob = await node('bob', { requestTimeoutMs: 2_000, callTimeoutMs: 600 });
    await services.drain(); // Closed alone, it could still be sent what nobody reads.
    const error: unknown = await bob.joinLeaf('conf-7').catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(JoinleafError);
    expect(error).toMatchObject({ code: 'WSAENETDOWN', number: 10050, retryable: 'safe' });
    expect(bob.stats).toMatchObject({ sockets: 0, unknown: 0 });
    services = await connectToNats(nats().credentials.services);
  });

  it('[E12] a close that finds no room in the log is told again until there is some', async () => {
    const [ada, bob] = [await node('ada'), await node('bob', { requestTimeoutMs: 2_000 })];
    const root = await ada.openRoot('conf-7', { admit: 'auto' });
    const joined = await bob.joinLeaf('conf-7');
    if (!joined.ok) throw new Error(joined.message);
    const isFirst = firstOf('close', 3);
    const full = { code: 'WSAENOBUFS', rule: 'E12' } as const;
    service.mischief = { answers: (arrived) => (isFirst(arrived) ? full : null) };
    await joined.leaf.close();
    await eventually('the other end hears of it', () => root.links.length === 0);
  });

  it('[E12] that there is no room is an answer, unless an earlier try may find some later', async () => {
    const [ada, bob] = [await node('ada'), await node('bob')];
    await ada.openRoot('conf-7', { admit: 'auto' });
    const full = { code: 'WSAENOBUFS', rule: 'E12' } as const;
    service.mischief = { answers: ({ subject }) => (subject.verb === 'join' ? full : null) };
    expect(await bob.joinLeaf('conf-7')).toMatchObject({ ok: false, ...full });

    const isLost = firstOf('join');
    service.mischief = {
      losesRequest: isLost,
      answers: () => full,
    };
    const unknown: unknown = await bob
      .joinLeaf('conf-7', { timeoutMs: 600 })
      .catch((thrown: unknown) => thrown);
    expect(unknown).toBeInstanceOf(UnknownOutcomeError);
    service.mischief = {};
  });

  it('[H13] a service that is overloaded is asked again', async () => {
    const patient = { requestTimeoutMs: 2_000 };
    const [ada, bob] = [await node('ada'), await node('bob', patient)];
    await ada.openRoot('conf-7', { admit: 'auto' });
    const isFirst = firstOf('join', 2);
    const overloaded = { code: 'WSAENOBUFS', rule: 'H13' } as const;
    service.mischief = { answers: (arrived) => (isFirst(arrived) ? overloaded : null) };
    expect(await bob.joinLeaf('conf-7')).toMatchObject({ ok: true });
    service.mischief = { answers: () => overloaded };
    expect(await bob.joinLeaf('conf-7', { timeoutMs: 600 })).toMatchObject({
      ok: false,
      ...overloaded,
      retry: 'later',
    });
  });
});

describe('a notification that is out of order', () => {
  it('[A26] FD_CONNECT before the reply, at a leaf and at a root', async () => {
    const [ada, bob] = [await node('ada'), await node('bob')];
    const root = await ada.openRoot('conf-7', { admit: 'auto' });
    const listener = bob.listen(1);
    const gate = Promise.withResolvers<undefined>();
    service.mischief = {
      delaysReply: async ({ subject }) => {
        if (subject.verb === 'join') await gate.promise;
      },
    };
    expect(await bob.joinLeaf('conf-7', { port: 9 })).toMatchObject({ ok: true, join: 'J1' });
    const inviting = root.joinLeaf('bob:1');
    await (await first(listener)).accept({ calleeData: 'yes' });
    const join = await inviting;
    expect(join.id).toBe('J2');
    expect(await join.connected).toMatchObject({ ok: true, join: 'J2', link: { isOpen: true } });
    gate.resolve(undefined);
  });

  it('[A26] FD_ACCEPT before the reply to listen', async () => {
    const [ada, bob] = [await node('ada'), await node('bob')];
    const gate = Promise.withResolvers<undefined>();
    service.mischief = {
      delaysReply: async ({ subject }) => {
        if (subject.verb === 'listen') await gate.promise;
      },
    };
    const opening = ada.openRoot('conf-7');
    await eventually('it listens', () => service.idsOf('listen').length === 1);
    const joining = bob.joinLeaf('conf-7');
    await eventually('ada heard', () => ada.stats.heard === 1);
    gate.resolve(undefined);
    const request = await first((await opening).requests());
    await request.accept();
    expect(await joining).toMatchObject({ ok: true });
  });

  it('twice: is heard once', async () => {
    const [ada, bob] = [await node('ada'), await node('bob')];
    const root = await ada.openRoot('conf-7');
    service.mischief = { publishes: (bulletin) => [bulletin, bulletin] };
    const requests: JoinRequest[] = [];
    void (async () => {
      for await (const request of root.requests()) requests.push(request);
    })();
    const joining = bob.joinLeaf('conf-7');
    await eventually('the request is there', () => requests.length > 0);
    service.repeat('ada');
    await eventually('the third is dropped', () => ada.stats.duplicatesDropped === 2);
    await requests[0]?.accept();
    await joining;
    expect(requests).toHaveLength(1);
    expect(ada.stats).toMatchObject({ heard: 1, gaps: 0 });
  });

  it('missing: the gap is noticed and asked for, page by page', async () => {
    const [ada, bob] = [await node('ada'), await node('bob')];
    const root = await ada.openRoot('conf-7', { admit: 'auto' });
    const joins: string[] = [];
    void (async () => {
      for await (const event of root.events()) if (event.type === 'LINKED') joins.push(event.join);
    })();
    service.mischief = {
      publishes: (bulletin) => (bulletin.node === 'ada' ? [] : [bulletin]),
    };
    for (let count = 0; count < 5; count += 1) await bob.joinLeaf('conf-7');
    expect(joins).toEqual([]);
    service.mischief = {};
    await bob.joinLeaf('conf-7');
    await eventually('all are heard', () => joins.length === 6);
    expect(joins).toEqual(['J1', 'J2', 'J3', 'J4', 'J5', 'J6']);
    expect(ada.stats).toMatchObject({ heard: 6, gaps: 1 });
    expect(service.resumed.filter(({ node: who }) => who === 'ada').length).toBeGreaterThan(2);
  });

  it('missing for good: the node does not go on as if nothing had happened', async () => {
    const [ada, bob] = [await node('ada'), await node('bob')];
    const root = await ada.openRoot('conf-7', { admit: 'auto' });
    const keepsFrom = 3;
    service.mischief = {
      keepsFrom,
      publishes: (bulletin) => (bulletin.node === 'ada' ? [] : [bulletin]),
    };
    for (let count = 0; count < 3; count += 1) await bob.joinLeaf('conf-7');
    service.mischief = { keepsFrom };
    await bob.joinLeaf('conf-7');
    expect(await ada.closed).toMatchObject({ reason: 'fenced', code: 'WSAENETRESET' });
    expect(root.isOpen).toBe(false);
    expect(ada.stats.heard).toBe(0);
  });

  it('unreadable: is counted, and asked for', async () => {
    const [ada, bob] = [await node('ada'), await node('bob')];
    const root = await ada.openRoot('conf-7', { admit: 'auto' });
    const linked = first(root.events());
    service.mischief = {
      publishes: (bulletin) => (bulletin.node === 'ada' ? [] : [bulletin]),
    };
    await bob.joinLeaf('conf-7');
    service.publishRaw('ada', new TextEncoder().encode('{"v":2}'));
    expect(await linked).toMatchObject({ type: 'LINKED', join: 'J1' });
    expect(ada.stats).toMatchObject({ malformed: 1, heard: 1 });
  });

  it('for an earlier run of the node: is counted, and ignored', async () => {
    const [ada, old] = [await node('ada'), await node('bob')];
    const root = await ada.openRoot('conf-7');
    void old.joinLeaf('conf-7').catch(() => undefined);
    const request = await first(root.requests());
    const bob = await node('bob');
    await eventually('the request is withdrawn', () => request.expired);
    expect(bob.stats.ignoredIncarnation).toBe(0);
    service.apply('conf-7', {
      type: 'RequestJoin',
      caller: `bob/${old.incarnation}/9` as never,
      leafAddress: 'bob:9' as never,
      flags: 'both',
      callerData: null,
      now: Date.now(),
      deadlineMs: null,
    });
    service.expireAll();
    await eventually('it is ignored', () => bob.stats.ignoredIncarnation === 1);
    expect(bob.stats.heard).toBe(0);
  });
});

describe('[H10] a run of a node that is over', () => {
  it('hears it with its next command: every socket is told, and everything else refused', async () => {
    const statuses: Status[] = [];
    const ada = await node('ada', { onStatus: (status) => void statuses.push(status) });
    const root = await ada.openRoot('conf-7');
    const listener = ada.listen(1);
    const events = root.events();
    const pending = await root.joinLeaf('ada:1');
    service.loseRun('ada');
    const outcome = await ada.joinLeaf('conf-8');
    expect(outcome).toMatchObject({ ok: false, code: 'WSAENETRESET', rule: 'H10' });
    expect(await ada.closed).toMatchObject({ reason: 'fenced', code: 'WSAENETRESET' });
    expect(await pending.connected).toMatchObject({ ok: false, code: 'WSAENETRESET' });
    const types = [];
    for await (const event of events) types.push(event);
    expect(types.at(-1)).toMatchObject({ type: 'FD_CLOSE', code: 'WSAECONNABORTED', id: '' });
    for await (const invitation of listener) await invitation.reject().catch(() => undefined);
    expect([root.isOpen, listener.isOpen]).toEqual([false, false]);
    expect(() => ada.listen(2)).toThrow(expect.objectContaining({ code: 'WSAENETRESET' }));
    await expect(ada.joinLeaf('conf-7')).rejects.toMatchObject({ code: 'WSAENETRESET' });
    await ada.close();
    expect(statuses).toEqual(['fenced']);
  });

  it('is replaced by the next one of its name', async () => {
    const old = await node('ada');
    const outcome = await old.openGroup('@news').then(() => old.joinLeaf('@news'));
    await node('ada');
    expect(outcome.ok && (await outcome.leaf.over)).toEqual({
      code: 'WSAECONNABORTED',
      by: 'peer',
    });
    await expect(old.group('@news').close()).rejects.toMatchObject({ code: 'WSAENETRESET' });
    expect(old.status).toBe('fenced');
  });
});

describe('a program that changes its mind', () => {
  it('before it calls: nothing is sent', async () => {
    const bob = await node('bob');
    const signal = AbortSignal.abort(new Error('never mind'));
    await expect(bob.joinLeaf('conf-7', { signal })).rejects.toThrow('never mind');
    await expect(bob.openRoot('conf-7', { signal })).rejects.toThrow('never mind');
    await expect(bob.openGroup('@news', {}, { signal })).rejects.toThrow('never mind');
    expect(service.arrived).toEqual([]);
    expect(bob.stats.sockets).toBe(0);
  });

  it('while the call is under way: it is taken back', async () => {
    const [ada, bob] = [await node('ada'), await node('bob')];
    const root = await ada.openRoot('conf-7', { admit: 'auto' });
    const linked = first(root.events());
    const gate = Promise.withResolvers<undefined>();
    service.mischief = {
      delaysReply: async ({ subject }) => {
        if (subject.verb === 'join') await gate.promise;
      },
      publishes: (bulletin) => (bulletin.node === 'bob' ? [] : [bulletin]),
    };
    const changed = new AbortController();
    const joining = bob.joinLeaf('conf-7', { signal: changed.signal });
    const event = await linked;
    changed.abort(new Error('never mind'));
    await expect(joining).rejects.toThrow('never mind');
    gate.resolve(undefined);
    expect(event.type === 'LINKED' && (await event.link.over)).toEqual({ code: null, by: 'peer' });
    expect(bob.stats.sockets).toBe(0);
  });

  it('while the join is pending: it is cancelled', async () => {
    const [ada, bob] = [await node('ada'), await node('bob')];
    const root = await ada.openRoot('conf-7');
    const changed = new AbortController();
    const joining = bob.joinLeaf('conf-7', { signal: changed.signal });
    const request = await first(root.requests());
    changed.abort(new Error('never mind'));
    await expect(joining).rejects.toThrow('never mind');
    await eventually('it is withdrawn', () => request.expired);
    const listener = bob.listen(1);
    const again = new AbortController();
    const join = await root.joinLeaf('bob:1', { signal: again.signal });
    const invitation = await first(listener);
    again.abort();
    expect(await join.connected).toMatchObject({ ok: false, code: 'WSAEINTR', rule: 'R145' });
    await eventually('it is withdrawn', () => invitation.expired);
  });

  it('of opening a root: the address is free again', async () => {
    const [ada, bob] = [await node('ada'), await node('bob')];
    const gate = Promise.withResolvers<undefined>();
    service.mischief = {
      delaysReply: async ({ subject }) => {
        if (subject.verb === 'open') await gate.promise;
      },
    };
    const changed = new AbortController();
    const opening = ada.openRoot('conf-7', { signal: changed.signal });
    await eventually('it is asked', () => service.idsOf('open').length === 1);
    changed.abort(new Error('never mind'));
    await expect(opening).rejects.toThrow('never mind');
    gate.resolve(undefined);
    await eventually('it is closed', () => service.session('conf-7').phase === 'closed');
    expect((await bob.openRoot('conf-7')).incarnation).toBe(2);
  });

  it('of connecting to a service that is not there', async () => {
    await services.drain();
    const signal = AbortSignal.timeout(100);
    await expect(node('ada', { signal })).rejects.toMatchObject({ name: 'TimeoutError' });
    await expect(node('ada', { callTimeoutMs: 200 })).rejects.toMatchObject({
      code: 'WSAENETDOWN',
      retryable: 'safe',
    });
    services = await connectToNats(nats().credentials.services);
  });
});

describe('arguments that could never be right', () => {
  const says = (text: string): unknown => expect.stringContaining(text);

  it.each<[string, (jl: Joinleaf) => unknown, { field: string; rule: string; message?: unknown }]>([
    ['a wildcard', (jl) => jl.joinLeaf('conf-*'), { field: 'session', rule: 'E9' }],
    ['a dot', (jl) => jl.openRoot('conf.7'), { field: 'session', rule: 'E9' }],
    ['a space', (jl) => jl.openGroup('@a b'), { field: 'group', rule: 'E9' }],
    ['nothing', (jl) => jl.startJoin(''), { field: 'session', rule: 'E9' }],
    ['no text', (jl) => jl.joinLeaf(7 as never), { field: 'session', rule: 'E9' }],
    ['a line end', (jl) => jl.joinLeaf('conf\r\nPUB x'), { field: 'session', rule: 'E9' }],
    ['65 characters', (jl) => jl.joinLeaf('a'.repeat(65)), { field: 'session', rule: 'E9' }],
    ['a group as root', (jl) => jl.openRoot('@news'), { field: 'session', rule: 'R7' }],
    ['a command id', (jl) => jl.resolve('conf-7', '>'), { field: 'commandId', rule: 'E9' }],
    [
      'too much data',
      (jl) => jl.joinLeaf('conf-7', { callerData: 'x'.repeat(4_097) }),
      { field: 'callerData', rule: 'R97' },
    ],
    [
      'no flag',
      (jl) => jl.joinLeaf('conf-7', { flags: 'all' as never }),
      { field: 'flags', rule: 'R111' },
    ],
    [
      'a deadline of 0',
      (jl) => jl.joinLeaf('conf-7', { deadlineMs: 0 }),
      { field: 'deadlineMs', rule: 'H11' },
    ],
    ['a port', (jl) => jl.joinLeaf('conf-7', { port: 65_536 }), { field: 'port', rule: 'H11' }],
    [
      'a capacity of 0',
      (jl) => jl.openRoot('conf-7', { capacity: 0 }),
      { field: 'policy.capacity', rule: 'H1' },
    ],
    [
      'a name in a list',
      (jl) => jl.openRoot('conf-7', { allow: ['a.b'] }),
      { field: 'policy.allow.0', rule: 'H1' },
    ],
    [
      'a misspelt field',
      (jl) => jl.openRoot('conf-7', { capcity: 1 } as never),
      { field: 'policy.capcity', rule: 'H1', message: says('unknown field') },
    ],
    [
      'a list as options',
      (jl) => jl.openRoot('conf-7', [] as never),
      { field: 'options', rule: 'H1' },
    ],
    [
      'a misspelt field of a join',
      (jl) => jl.joinLeaf('conf-7', { deadline: 300 } as never),
      { field: 'deadline', rule: 'H11', message: says('deadlineMs') },
    ],
    [
      'a misspelt field of listening',
      (jl) => jl.listen(1, { backlogs: 1 } as never),
      { field: 'backlogs', rule: 'H11' },
    ],
    [
      'a backlog',
      (jl) => jl.openRoot('conf-7', { backlog: 1.5 }),
      { field: 'backlog', rule: 'H11' },
    ],
  ])('%s is thrown before anything is sent', async (_, call, problem) => {
    const bob = await node('bob');
    const error: unknown = await Promise.resolve()
      .then(() => call(bob))
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: 'BadArgument', retryable: 'no', ...problem });
    expect(service.arrived).toEqual([]);
    expect(bob.stats.sockets).toBe(0);
  });

  it('so are those of connect', async () => {
    await expect(node('a.b')).rejects.toMatchObject({ field: 'node', rule: 'E9' });
    await expect(node('ada', { realm: '>' })).rejects.toMatchObject({ field: 'realm', rule: 'E9' });
    await expect(node('ada', { boundMs: 1 })).rejects.toMatchObject({ field: 'boundMs' });
    await expect(node('ada', { servers: [] })).rejects.toMatchObject({ field: 'servers' });
    const missing = { field: 'servers', message: says('is missing') };
    await expect(connect({ node: 'ada' } as never)).rejects.toMatchObject(missing);
    const unknown = { name: 'BadArgument', field: 'nope', rule: 'H11' };
    await expect(node('ada', { nope: 1 } as never)).rejects.toMatchObject(unknown);
  });

  it('a root invites an endpoint, and port 0 is nobody [E7]', async () => {
    const root = await (await node('ada')).openRoot('conf-7');
    const sent = service.arrived.length;
    const misspelt = { deadline: 300 } as never;
    await expect(root.joinLeaf('bob:1', misspelt)).rejects.toMatchObject({ field: 'deadline' });
    await expect(root.joinLeaf('bob')).rejects.toMatchObject({ field: 'leaf', rule: 'E9' });
    await expect(root.joinLeaf('b*b:1')).rejects.toMatchObject({ field: 'leaf', rule: 'E9' });
    const join = await root.joinLeaf('bob:0');
    expect(await join.connected).toMatchObject({ code: 'WSAEADDRNOTAVAIL', rule: 'E7' });
    expect(service.arrived).toHaveLength(sent);
  });

  it('the broker refuses what a user may not', async () => {
    await expect(node('ada', { pass: 'wrong' })).rejects.toMatchObject({
      code: 'WSAEACCES',
      retryable: 'no',
    });
  });
});
