import { describe, expect, it } from '@jest/globals';

import {
  assertNatsServerVersion,
  compareVersions,
  isGoodVersion,
  NatsServerTooOld,
  versionOfOutput,
} from './version.js';

describe('the version of a nats-server', () => {
  it.each([
    ['nats-server: v2.15.1\n', '2.15.1'],
    ['nats-server: v2.12.0-RC.2', '2.12.0-RC.2'],
    ['bash: nats-server: not found', undefined],
    ['', undefined],
  ])('reads %j as %j', (output, version) => {
    expect(versionOfOutput(output)).toBe(version);
  });

  it.each([
    '2.12.0',
    '2.12.15',
    '2.15.1',
    '3.0.0',
    '2.100.0',
    '2.14.0-dev',
    '2.12.1+debian',
    'v2.15.1',
  ])('accepts %s', (version) => {
    expect(isGoodVersion(version)).toBe(true);
  });

  it.each(['2.11.17', '2.9.10', '1.99.99', '2.12.0-RC.1', '2.12', 'latest', ''])(
    'refuses %j',
    (version) => {
      expect(isGoodVersion(version)).toBe(false);
    },
  );

  it('orders numbers as numbers, and a candidate before its release', () => {
    const inOrder = ['nonsense', '2.9.10', '2.12.0-RC.1', '2.12.0', '2.12.9', '2.12.10', '2.15.1'];
    expect([...inOrder].reverse().sort(compareVersions)).toEqual(inOrder);
  });

  it('says in words what is wrong with an old server', () => {
    expect(() => {
      assertNatsServerVersion('2.9.10');
    }).toThrow(NatsServerTooOld);
    expect(() => {
      assertNatsServerVersion('2.9.10');
    }).toThrow(/is 2\.9\.10; joinleaf needs 2\.12\.0 or newer/);
    assertNatsServerVersion('2.12.0');
  });
});
