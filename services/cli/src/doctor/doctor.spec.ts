import { describe, expect, it } from '@jest/globals';
import type { StreamReport } from '@joinleaf/jetstream-log';
import type { ServiceAnswer } from '../ask-services.js';
import { clockSign, fullness, sizeText } from './examine-broker.js';
import { examineServices } from './examine-services.js';
import { streamSigns } from './examine-streams.js';

const session = (id: string, metadata: Readonly<Record<string, string>> = {}): ServiceAnswer => ({
  name: 'joinleaf-session',
  id,
  version: '0.1.0',
  metadata: { decider: 'multipoint/1', ...metadata },
  description: '',
  tookMs: 1,
});
const notifier = (metadata: Readonly<Record<string, string>> = {}): ServiceAnswer => ({
  ...session('notifier-1'),
  name: 'joinleaf-notifier',
  metadata: { sequence: '100', untold: '0', stopped: '{}', ...metadata },
});

const asked = { askedAt: 1_000_000, answeredAt: 1_000_500, logEnd: 100, mayStart: true };

/** What is not well, as `bad law`. */
const notWell = (...answers: readonly ServiceAnswer[]): readonly string[] =>
  examineServices({ ...asked, answers })
    .filter(({ state }) => state !== 'ok')
    .map(({ state, what }) => `${state} ${what}`);

describe('the doctor, of services', () => {
  it('finds nothing where all is well', () => {
    expect(notWell(session('session-1'), session('session-2'), notifier())).toEqual([]);
  });

  it.each<readonly [string, readonly ServiceAnswer[], readonly string[]]>([
    ['nobody answers', [], ['bad session service', 'bad notifier']],
    ['nobody tells', [session('session-1')], ['bad notifier']],
    [
      'two laws decide side by side',
      [session('session-1'), session('session-2', { decider: 'multipoint/2' }), notifier()],
      ['bad law'],
    ],
    [
      'arbiters are configured differently',
      [session('session-1', { mismatch: 'session-2 has other settings' }), notifier()],
      ['look law'],
    ],
    [
      'an upgrade is under way',
      [session('session-1'), { ...session('session-2'), version: '0.2.0' }, notifier()],
      ['look session service'],
    ],
    [
      'the notifier is far behind',
      [session('session-1'), notifier({ sequence: '0', untold: '5000' })],
      ['look telling'],
    ],
    [
      'nodes cannot be told',
      [session('session-1'), notifier({ trouble: 'full' })],
      ['bad telling'],
    ],
    [
      'a session is stopped',
      [session('session-1'), notifier({ stopped: '{"conf-7":"gap at revision 5"}' })],
      ['bad session conf-7'],
    ],
    [
      'many are stopped',
      [
        session('session-1'),
        notifier({
          stopped: JSON.stringify(
            Object.fromEntries(Array.from({ length: 7 }, (_, n) => [`s${String(n)}`, 'gap'])),
          ),
        }),
      ],
      [...[0, 1, 2, 3, 4].map((n) => `bad session s${String(n)}`), 'bad sessions'],
    ],
    [
      'the clock of a service goes wrong',
      [session('session-1', { clock: '2000000' }), notifier({ clock: '990000' })],
      ['bad clock of session-1', 'look clock of notifier-1'],
    ],
    ['what they say is garbage', [session('session-1'), notifier({ stopped: '[[' })], []],
  ])('says so when %s', (_, answers, signs) => {
    expect(notWell(...answers)).toEqual(signs);
  });
});

describe('the doctor, where no service answers', () => {
  it.each([
    [true, /^start one/],
    [false, /^put the streams right first/],
  ])('and streams are sound: %s', (mayStart, next) => {
    const signs = examineServices({ ...asked, answers: [], mayStart });
    for (const sign of signs) expect(sign.next).toMatch(next);
    expect(signs).toHaveLength(2);
  });
});

describe('the doctor, of streams', () => {
  const copy = (server: string, isCurrent: boolean) => ({
    ...{ server, isCurrent, isOffline: !isCurrent, lag: 0, silentMs: 0 },
  });
  const report = (over: Partial<StreamReport>): StreamReport => ({
    ...{ role: 'events', name: 'JL_EVENTS_main_0', created: '2026-11-20T12:00:00Z', messages: 3 },
    ...{ firstSequence: 1, lastSequence: 3, firstAt: 0, bytes: 90, bytesMax: -1, replicas: 3 },
    ...{ leader: 'one', isClustered: true, copies: [], differences: [] },
    ...over,
  });

  it.each<readonly [string, Partial<StreamReport>, readonly string[]]>([
    ['all is well', { copies: [copy('two', true), copy('three', true)] }, ['ok']],
    ['one copy is away', { copies: [copy('two', true), copy('three', false)] }, ['look']],
    ['two copies are away', { copies: [copy('two', false), copy('three', false)] }, ['bad']],
    ['nobody leads', { leader: null }, ['bad']],
    ['one is behind', { copies: [{ ...copy('two', true), lag: 5_000 }] }, ['look']],
    ['it is nearly full', { bytesMax: 100 }, ['look']],
    ['it is full', { bytesMax: 91 }, ['bad']],
    [
      'it forgets',
      { differences: [{ field: 'max_age', found: 1, wanted: 0 }], isClustered: false },
      ['bad'],
    ],
  ])('when %s', (_, over, states) => {
    expect(streamSigns(report(over)).map(({ state }) => state)).toEqual(states);
  });
});

describe('the doctor, of the broker', () => {
  it.each([
    [1_000, 1_500, 1_250, 'ok'],
    [1_000, 1_500, 3_400, 'ok'],
    [10_000, 10_500, 7_000, 'look'],
    [10_000, 10_500, 41_000, 'bad'],
  ] as const)(
    'asked at %i, answered at %i: a clock at %i is %s',
    (asked, answered, read, state) => {
      expect(clockSign('clock', read, asked, answered).state).toBe(state);
    },
  );

  it.each([
    [0, -1, 'ok'],
    [79, 100, 'ok'],
    [80, 100, 'look'],
    [95, 100, 'bad'],
  ] as const)('%i bytes of %i is %s', (bytes, bytesMax, state) => {
    expect(fullness('store', bytes, bytesMax, 'the account').state).toBe(state);
  });

  it('writes sizes for people', () => {
    expect([0, 1, 1_023, 1_024, 1_600_000, 2 ** 31].map(sizeText)).toEqual([
      '0 B',
      '1 B',
      '1023 B',
      '1 KiB',
      '1.5 MiB',
      '2 GiB',
    ]);
  });
});
