import { describe, expect, it } from '@jest/globals';
import { decode, encode } from './codec.js';
import { connectDataBytesMax, deadlineMsMax, policyNamesMax, requestBytesMax } from './limits.js';
import { nodeRequestSchemas } from './nodes.js';
import { requestSchemas } from './requests.js';
import { nodeVerbs, verbs, type NodeVerb, type Verb } from './subjects.js';

const envelope = { v: 1, commandId: 'c-000001', incarnation: '1k3f9x' };
const run = { v: 1, incarnation: '1k3f9x' };
const bytes = (count: number): string => Buffer.alloc(count, 0xff).toString('base64');
const names = (count: number): string[] => Array.from({ length: count }, (_, i) => `n${String(i)}`);

/** For each verb what is the least to say, and the most. */
const valid: Readonly<Record<Verb, readonly object[]>> = {
  open: [
    { ...envelope, socket: '3' },
    { ...envelope, socket: null },
    { ...envelope, socket: '3', data: 'rooted', policy: { capacity: 10 } },
    {
      ...envelope,
      socket: '999999999',
      data: 'nonrooted',
      policy: {
        admit: 'auto',
        capacity: null,
        identity: { kind: 'allow', max: 1_000 },
        allow: names(policyNamesMax),
        deny: ['__proto__'],
        joinDeadlineMs: deadlineMsMax,
      },
    },
  ],
  listen: [
    { ...envelope, socket: '3', backlog: 5 },
    { ...envelope, socket: '3', backlog: -5 },
  ],
  policy: [
    { ...envelope, socket: '3', policy: {} },
    { ...envelope, socket: null, policy: { identity: { kind: 'replace-old' }, allow: null } },
  ],
  join: [
    { ...envelope, as: 'leaf', socket: '3', local: 'bob:1' },
    { ...envelope, as: 'root', socket: '3', leaf: 'bob:65535', link: '4' },
    {
      ...envelope,
      as: 'root',
      socket: '3',
      leaf: 'bob:1',
      link: '4',
      flags: 'sender-only',
      callerData: bytes(connectDataBytesMax),
      deadlineMs: 1,
    },
  ],
  accept: [
    { ...envelope, join: 'J7', socket: '3', accepted: '4' },
    {
      ...envelope,
      join: 'J7',
      socket: '3',
      accepted: null,
      calleeData: bytes(connectDataBytesMax),
    },
  ],
  reject: [
    { ...envelope, join: 'J7', socket: '3' },
    { ...envelope, join: 'J7', socket: null, reason: 'nobody-listens' },
    { ...envelope, join: 'J7', socket: null, reason: 'backlog-full' },
  ],
  defer: [{ ...envelope, join: 'J7', socket: '3' }],
  close: [
    { ...envelope, socket: '3' },
    { ...envelope, socket: 'J7' },
    { ...envelope, socket: null },
  ],
  shutdown: (['receive', 'send', 'both'] as const).map((how) => ({
    ...envelope,
    socket: '3',
    how,
  })),
  resolve: [{ ...run, commandId: 'c-000001' }],
};

const validOfNodes: Readonly<Record<NodeVerb, readonly object[]>> = {
  start: [run, { ...run, boundMs: 1_000 }, { ...run, boundMs: 60_000 }],
  beat: [run],
  stop: [run],
  resume: [
    { ...run, after: null },
    { ...run, after: 0 },
    { ...run, after: 41 },
  ],
};

describe.each(verbs)('a request to %s', (verb) => {
  it.each(valid[verb].map((request) => ({ request })))('may be $request', ({ request }) => {
    expect(read(verb, request)).toMatchObject({ ok: true, value: request });
  });

  it('[H11] is refused with a field that nobody knows, which is not repeated', () => {
    for (const request of valid[verb]) {
      expect(read(verb, { ...request, bearer: 'hunter2' })).toEqual({
        ok: false,
        error: { field: '', problem: 'has a field that this version does not know' },
      });
    }
  });

  it.each([0, 2, '1', null, undefined])('[H11] is refused in version %j', (v) => {
    for (const request of valid[verb]) {
      expect(read(verb, { ...request, v })).toMatchObject({ ok: false, error: { field: 'v' } });
    }
  });

  it('[H11] is refused without any one of the fields that the least of it has', () => {
    for (const field of Object.keys(valid[verb][0] ?? {})) {
      const entries = Object.entries(valid[verb][0] ?? {}).filter(([key]) => key !== field);
      const rest: unknown = Object.fromEntries(entries);
      expect(read(verb, rest)).toMatchObject({ ok: false, error: { field } });
    }
  });

  it('[H11] is refused as anything but an object', () => {
    for (const value of [null, [], [valid[verb][0]], 'text', 7, true]) {
      expect(read(verb, value)).toMatchObject({ ok: false, error: { field: '' } });
    }
  });
});

describe('defaults', () => {
  it('are filled in', () => {
    expect(read('open', valid.open[0])).toMatchObject({ value: { data: 'nonrooted', policy: {} } });
    const quiet = { flags: 'both', callerData: null, deadlineMs: null };
    expect(read('join', valid.join[0])).toMatchObject({ value: quiet });
    expect(read('accept', valid.accept[0])).toMatchObject({ value: { calleeData: null } });
    expect(read('reject', valid.reject[0])).toMatchObject({ value: { reason: 'rejected' } });
  });

  it('leave a policy as far open as the caller did', () => {
    const read1 = read('policy', { ...envelope, socket: '3', policy: { deny: ['bob'] } });
    expect(read1.ok && read1.value).toEqual({
      ...envelope,
      socket: '3',
      policy: { deny: ['bob'] },
    });
  });
});

describe('a malformed request', () => {
  const of = (verb: Verb, changes: object): readonly [Verb, unknown] => [
    verb,
    { ...valid[verb][0], ...changes },
  ];
  const invite = { ...valid.join[1] };

  it.each<readonly [string, readonly [Verb, unknown]]>([
    ['commandId', of('listen', { commandId: 'short' })],
    ['commandId', of('listen', { commandId: 'a'.repeat(65) })],
    ['commandId', of('listen', { commandId: 'has space' })],
    ['commandId', of('listen', { commandId: 'c-000001\n' })],
    ['incarnation', of('listen', { incarnation: 'abc' })],
    ['incarnation', of('listen', { incarnation: '1K3F9X' })],
    ['incarnation', of('listen', { incarnation: 'ab/cd' })],
    ['socket', of('listen', { socket: 3 })],
    ['socket', of('listen', { socket: '0' })],
    ['socket', of('listen', { socket: '03' })],
    ['socket', of('listen', { socket: '1234567890' })],
    ['socket', of('listen', { socket: 'bob/1k3f9x/3' })],
    ['socket', of('close', { socket: 'J0' })],
    ['socket', of('close', { socket: '' })],
    ['backlog', of('listen', { backlog: 1.5 })],
    ['backlog', of('listen', { backlog: '5' })],
    ['backlog', of('listen', { backlog: 1e12 })],
    ['data', of('open', { data: 'mixed' })],
    ['policy', of('open', { policy: { capcity: 3 } })],
    ['policy', of('open', { policy: null })],
    ['policy.admit', of('open', { policy: { admit: 'always' } })],
    ['policy.capacity', of('open', { policy: { capacity: 0 } })],
    ['policy.capacity', of('open', { policy: { capacity: 2.5 } })],
    ['policy.identity', of('open', { policy: { identity: 'reject-new' } })],
    ['policy.identity.kind', of('open', { policy: { identity: { kind: 'first' } } })],
    ['policy.identity.max', of('open', { policy: { identity: { kind: 'allow' } } })],
    ['policy.identity.max', of('open', { policy: { identity: { kind: 'allow', max: 0 } } })],
    ['policy.identity', of('open', { policy: { identity: { kind: 'reject-new', max: 2 } } })],
    ['policy.allow', of('open', { policy: { allow: names(policyNamesMax + 1) } })],
    ['policy.deny.1', of('open', { policy: { deny: ['bob', 'b*b'] } })],
    ['policy.deny', of('open', { policy: { deny: null } })],
    ['policy.joinDeadlineMs', of('open', { policy: { joinDeadlineMs: 0 } })],
    ['policy.joinDeadlineMs', of('open', { policy: { joinDeadlineMs: deadlineMsMax + 1 } })],
    ['as', of('join', { as: 'guest' })],
    ['local', of('join', { local: 'bob' })],
    ['local', of('join', { local: 'bob:0' })],
    ['local', of('join', { local: 'b.b:1' })],
    ['', of('join', { leaf: 'bob:1' })],
    ['leaf', ['join', { ...invite, leaf: 'conf-7' }]],
    ['leaf', ['join', { ...invite, leaf: 'bob:any' }]],
    ['link', ['join', { ...invite, link: null }]],
    ['', ['join', { ...invite, local: 'ada:1' }]],
    ['flags', of('join', { flags: 4 })],
    ['flags', of('join', { flags: 'sender-only,receiver-only' })],
    ['callerData', of('join', { callerData: 'not base64' })],
    ['callerData', of('join', { callerData: 'AA' })],
    ['callerData', of('join', { callerData: [1, 2] })],
    ['deadlineMs', of('join', { deadlineMs: 0 })],
    ['deadlineMs', of('join', { deadlineMs: deadlineMsMax + 1 })],
    ['deadlineMs', of('join', { deadlineMs: 1.5 })],
    ['join', of('accept', { join: 'J0' })],
    ['join', of('accept', { join: '7' })],
    ['join', of('accept', { join: 'J1234567890' })],
    ['calleeData', of('accept', { calleeData: '****' })],
    ['reason', of('reject', { reason: 'busy' })],
    ['how', of('shutdown', { how: 'SD_BOTH' })],
  ])('[H11] names %j', (field, [verb, request]) => {
    expect(read(verb, request)).toMatchObject({ ok: false, error: { field } });
  });

  it.each([
    ...([of('open', { socket: 'J7' }), of('listen', { socket: 'J7' })] as const),
    ...([of('policy', { socket: 'J7' }), of('join', { socket: 'J7' })] as const),
    ...([of('accept', { socket: 'J7' }), of('reject', { socket: 'J7' })] as const),
    ...([of('defer', { socket: 'J7' }), of('shutdown', { socket: 'J7' })] as const),
  ])('[H2] [H11] %s takes no serial of the arbiter’s', (verb, request) => {
    const error = { field: 'socket', problem: 'is not a socket number' };
    expect(read(verb, request)).toEqual({ ok: false, error });
  });

  it('[H2] [H11] a new socket has no serial of the arbiter’s', () => {
    const problem = 'is not a socket number';
    expect(read('join', { ...invite, link: 'J7' })).toMatchObject({
      error: { field: 'link', problem },
    });
    const accepted = { error: { field: 'accepted', problem } };
    expect(read('accept', { ...valid.accept[0], accepted: 'J7' })).toMatchObject(accepted);
  });
});

describe('the sizes', () => {
  it.each([0, 1, 2, 3, 4, 5, 4_094, 4_095, 4_096])(
    '[R97] take %i bytes of connect data',
    (count) => {
      const request = { ...valid.join[0], callerData: bytes(count) };
      expect(read('join', request)).toMatchObject({
        ok: true,
        value: { callerData: bytes(count) },
      });
    },
  );

  it.each([4_097, 4_098, 4_099, 8_000])('[R97] [A13] take no %i bytes of it', (count) => {
    const problem = 'is longer than 4096 bytes (rule R97)';
    const caller = read('join', { ...valid.join[0], callerData: bytes(count) });
    expect(caller).toEqual({ ok: false, error: { field: 'callerData', problem } });
    const callee = read('accept', { ...valid.accept[0], calleeData: bytes(count) });
    expect(callee).toEqual({ ok: false, error: { field: 'calleeData', problem } });
  });

  it('[H11] take no request of more than 16 384 bytes, whatever is in it', () => {
    const request = encode(valid.listen[0]);
    const padded = (length: number): Uint8Array =>
      new Uint8Array([...request, ...new Uint8Array(length - request.length).fill(0x20)]);
    expect(decode(requestSchemas.listen, padded(requestBytesMax), requestBytesMax).ok).toBe(true);
    expect(decode(requestSchemas.listen, padded(requestBytesMax + 1), requestBytesMax)).toEqual({
      ok: false,
      error: { field: '', problem: 'is larger than 16384 bytes' },
    });
  });

  it('leave room for the largest policy and for all connect data there may be', () => {
    for (const verb of verbs) {
      for (const request of valid[verb]) {
        expect(encode(request).length).toBeLessThanOrEqual(requestBytesMax);
      }
    }
  });
});

describe.each(nodeVerbs)('what a node says to %s', (verb) => {
  const schema = nodeRequestSchemas[verb];

  it('may be the least and the most there is to say', () => {
    for (const request of validOfNodes[verb]) {
      const decoded = decode(schema, encode(request), requestBytesMax);
      expect(decoded).toEqual({ ok: true, value: request });
    }
  });

  it('[H11] is refused with more, with less, and in another version', () => {
    for (const request of validOfNodes[verb]) {
      for (const wrong of [{ ...request, load: 3 }, { ...request, v: 2 }, { v: 1 }, [], null]) {
        expect(decode(schema, encode(wrong), requestBytesMax).ok).toBe(false);
      }
    }
  });
});

describe('what a node says', () => {
  it.each([
    ['start', 'boundMs', { ...run, boundMs: 999 }],
    ['start', 'boundMs', { ...run, boundMs: 60_001 }],
    ['start', 'boundMs', { ...run, boundMs: null }],
    ['start', 'incarnation', { v: 1, incarnation: 'x' }],
    ['resume', 'after', run],
    ['resume', 'after', { ...run, after: -1 }],
    ['resume', 'after', { ...run, after: '41' }],
  ] as const)('[H11] to %s names %s when it is amiss', (verb, field, request) => {
    const decoded = decode(nodeRequestSchemas[verb], encode(request), requestBytesMax);
    expect(decoded).toMatchObject({ ok: false, error: { field } });
  });
});

function read(verb: Verb, request: unknown) {
  return decode(requestSchemas[verb], encode(request), 1_000_000);
}
