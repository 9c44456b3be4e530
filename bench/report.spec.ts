import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { asText, goalsAsText, type Report } from './report.js';

const report: Report = {
  schema: 'joinleaf.bench/2',
  bench: 'join',
  ran: {
    at: '2026-11-21T14:06:31.000Z',
    command: 'npm run bench -- join --rounds 3',
    rounds: 3,
    seconds: 1,
  },
  conditions: {
    ...{ node: 'v24.21.0', natsServer: '2.15.1', joinleaf: '0.1.0', durability: 'sync 2m' },
    ...{ cores: 2, cpu: 'Some CPU', services: ['session', 'notifier'] },
  },
  tables: [
    {
      title: '3 rounds of 1 s',
      columns: [
        { key: 'perSecond', title: 'per second', digits: 0 },
        { key: 'toEcho', title: '÷ echo', digits: 2, means: 'divided by the echo' },
      ],
      rows: [
        { id: 'echo', title: 'echo', figures: { perSecond: 12_345.6, toEcho: 1 } },
        { id: 'join', title: 'join', figures: { perSecond: 5_000, toEcho: NaN } },
      ],
    },
  ],
  goals: [
    { sentence: 'to echo', value: 0.41, bound: { atLeast: 0.9 } },
    { sentence: 'closed', value: 84.8, bound: { atMost: 1_000 }, unit: 'ms' },
  ],
  notes: ['Both were warm.'],
  problem: null,
};

const dots = '-'.repeat(46 + 2 * 14);

describe('a report as text', () => {
  it('says how it was made, and what its columns mean', () => {
    expect(asText(report).split('\n')).toEqual([
      'npm run bench -- join --rounds 3 · 2026-11-21 14:06 UTC',
      'joinleaf 0.1.0 · node v24.21.0 · nats-server 2.15.1, file store, sync 2m',
      '2 × Some CPU · session + notifier as processes',
      '',
      `${'3 rounds of 1 s'.padEnd(46)}    per second        ÷ echo`,
      dots,
      `${'echo'.padEnd(46)}        12,346          1.00`,
      `${'join'.padEnd(46)}         5,000             ·`,
      '',
      'missed  0.41 (≥ 0.90)  to echo',
      'met     84.80 ms (≤ 1,000 ms)  closed',
      'note    ÷ echo: divided by the echo',
      'note    Both were warm.',
      '',
    ]);
  });

  it('names no broker and no services where there are none', () => {
    const { conditions } = report;
    const without = { ...report, conditions: { ...conditions, natsServer: null, services: [] } };
    expect(asText(without).split('\n').slice(1, 3)).toEqual([
      'joinleaf 0.1.0 · node v24.21.0',
      '2 × Some CPU',
    ]);
  });

  it('breaks what is long between words', () => {
    const notes = [`${'word '.repeat(40)}end`];
    const lines = asText({ ...report, notes })
      .trimEnd()
      .split('\n')
      .slice(-2);
    expect(lines.map((line) => line.length)).toEqual([137, 81]);
    expect(lines[1]).toMatch(/^ {8}word .* end$/);
  });

  it('has the goals of several benches in one table', () => {
    expect(goalsAsText([report]).split('\n')).toEqual([
      'join      missed  0.41 (≥ 0.90)  to echo',
      'join      met     84.80 ms (≤ 1,000 ms)  closed',
      '',
      '1 of 2 goals met',
      '',
    ]);
  });

  const evidence = join(import.meta.dirname, '../docs/evidence');
  const files = readdirSync(evidence).filter((name) => name.startsWith('bench-'));

  it.each(files)('fits 140 columns: %s', (file) => {
    const kept = JSON.parse(readFileSync(join(evidence, file), 'utf8')) as Report;
    const tooWide = [asText(kept), goalsAsText([kept])]
      .join('\n')
      .split('\n')
      .filter((line) => line.length > 140);
    expect(tooWide).toEqual([]);
  });
});
