import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { performancePage } from '../scripts/performance.mjs';
import { benchPart, reliabilityPage } from '../scripts/reliability.mjs';

describe('docs/RELIABILITY.md', () => {
  it('has the evidence that the campaigns have written (npm run reliability)', async () => {
    const page = join(import.meta.dirname, '../docs/RELIABILITY.md');
    expect(readFileSync(page, 'utf8')).toBe(await reliabilityPage());
  });
});

describe('docs/PERFORMANCE.md', () => {
  it('has the figures that the benches have written (npm run performance)', async () => {
    const page = join(import.meta.dirname, '../docs/PERFORMANCE.md');
    expect(readFileSync(page, 'utf8')).toBe(await performancePage());
  });
});

describe('a report of a bench', () => {
  const report = {
    schema: 'joinleaf.bench/2',
    bench: 'takeover',
    conditions: {
      ...{ node: 'v24.21.0', natsServer: '2.15.1', joinleaf: '0.1.0', durability: 'sync always' },
      ...{ cores: 2, cpu: 'Some CPU', services: ['session-1', 'session-2', 'notifier'] },
    },
    tables: [
      {
        title: '6 times kill -9',
        columns: [
          { key: 'count', title: 'times', digits: 0 },
          { key: 'p50Ms', title: 'p50 ms', digits: 1 },
        ],
        rows: [
          { id: 'anew', title: 'first admission', figures: { count: 1_192, p50Ms: 841.26 } },
          { id: 'none', title: 'a call under way', figures: { count: 0, p50Ms: null } },
        ],
      },
    ],
    goals: [
      { sentence: 'admitted again', value: 1_612.4, bound: { atMost: 1_500 }, unit: 'ms' },
      { sentence: 'of an echo', value: 0.934, bound: { atLeast: 0.9 } },
    ],
    notes: ['Both were warm.'],
    problem: null,
  };

  it('is a table with its conditions, and says what was missed', () => {
    expect(benchPart('When an arbiter dies', report).split('\n')).toEqual([
      '### When an arbiter dies',
      '',
      '`npm run bench -- takeover`, 2 × Some CPU, Node.js v24.21.0, nats-server 2.15.1, file store, sync always.',
      '',
      '| 6 times kill -9 | times | p50 ms |',
      '| --- | --- | --- |',
      '| first admission | 1,192 | 841.3 |',
      '| a call under way | 0 |  |',
      '',
      '- admitted again: **1,612 ms**, missed (at most 1,500 ms)',
      '- of an echo: **0.93**, as wanted (at least 0.90)',
      '- Both were warm.',
    ]);
  });

  it('says when it was made, and how to make it again', () => {
    const command = 'npm run bench -- takeover --rounds 6';
    const ran = { at: '2026-11-21T13:48:21.224Z', command, rounds: 6, seconds: null };
    expect(benchPart('', { ...report, ran }).split('\n')[2]).toBe(
      '`npm run bench -- takeover --rounds 6`, 2 × Some CPU, Node.js v24.21.0, nats-server 2.15.1, file store, sync always, 2026-11-21.',
    );
  });

  it('is no evidence when its figures are void, or when it is of another time', () => {
    const show = (more: object) => () => benchPart('', { ...report, ...more });
    expect(show({ problem: 'a member too many' })).toThrow('a member too many');
    expect(show({ schema: 'joinleaf.bench/1' })).toThrow('joinleaf.bench/1');
  });
});
