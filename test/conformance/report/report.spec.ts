import { describe, expect, it } from '@jest/globals';
import { rulesIn } from './law.js';
import { runIn, type Outcome } from './outcomes.js';
import { page, record } from './page.js';
import { judge } from './verdicts.js';

const spec = `
## Listening

| Id | What holds | Level | Where |
|---|---|---|---|
| R17 | Only a bound socket can listen. | M | socket |
| R26 | An invitation to an endpoint where nobody listens is refused. | S | session, socket |
| H1 | A rule of the house is not Winsock's. | H | session |

## Codes

| Id | What holds | Level | Where |
|---|---|---|---|
| E6 | WSAEALREADY: a join of this socket is outstanding. | M | session |

## Argued away

| Id | What the texts say | Level | Why not here |
|---|---|---|---|
| R109 | On ATM, the first leaf fixes it. | O | [ADR 9](adr/0009-x.md) |
`;
const law = rulesIn(spec);

const outcome = (rules: readonly string[], more: Partial<Outcome> = {}): Outcome => ({
  ...{ file: 'listen', title: 'needs a bound socket', durationMs: 3, messages: [] },
  ...{ rules, status: 'passed', ...more },
});
const judged = (outcomes: readonly Outcome[]) => judge(law, { outcomes, broken: [] });
const plain = { columns: 100, hasColours: false, tookMs: 1_234 };

describe('the law', () => {
  it('is every rule and code of the document, in its order', () => {
    expect(law.map(({ id, level, section }) => [id, level, section])).toEqual([
      ['R17', 'M', 'Listening'],
      ['R26', 'S', 'Listening'],
      ['E6', 'M', 'Codes'],
      ['R109', 'O', 'Argued away'],
    ]);
    expect(law.at(-1)).toMatchObject({ arguedAwayIn: 'ADR 9' });
  });
});

describe('what Jest writes', () => {
  const results = (tests: object[], more: object = {}) =>
    JSON.stringify({
      testResults: [
        {
          name: '/somewhere/rules/listen.conformance.spec.ts',
          ...{ status: 'passed', message: '', assertionResults: tests },
          ...more,
        },
      ],
    });

  it('is read for the rules that titles quote', () => {
    const test = {
      ancestorTitles: ['listen'],
      title: '[R17] [E17] needs a bound socket',
      ...{ status: 'passed', duration: 7, failureMessages: [] },
    };
    expect(runIn(results([test]))).toEqual({
      outcomes: [
        {
          file: 'listen',
          title: 'listen needs a bound socket',
          rules: ['R17', 'E17'],
          ...{ status: 'passed', durationMs: 7, messages: [] },
        },
      ],
      broken: [],
    });
  });

  it('tells of files that could not be run', () => {
    const { broken } = runIn(results([], { status: 'failed', message: 'does not parse' }));
    expect(broken).toEqual([{ file: 'listen', message: 'does not parse' }]);
  });
});

describe('a rule', () => {
  const standingOf = (id: string, outcomes: readonly Outcome[]) =>
    judged(outcomes).verdicts.find(({ rule }) => rule.id === id)?.standing;

  it('has passed when all tests that quote it have', () => {
    expect(standingOf('R17', [outcome(['R17']), outcome(['R17', 'E6'])])).toBe('passed');
  });

  it('has failed when one of them has', () => {
    const one = outcome(['R17'], { status: 'failed' });
    expect(standingOf('R17', [outcome(['R17']), one])).toBe('failed');
  });

  it('is not proven by tests that were skipped, or by none', () => {
    expect(standingOf('R17', [outcome(['R17'], { status: 'skipped' })])).toBe('not proven');
    expect(standingOf('R26', [])).toBe('not proven');
  });

  it('may be argued away', () => {
    expect(standingOf('R109', [])).toBe('argued away');
  });
});

describe('the product conforms', () => {
  const all = [outcome(['R17']), outcome(['E6'])];

  it('when every M rule is proven, whatever else is not', () => {
    expect(judged(all).conforms).toBe(true);
  });

  it.each([
    ['an M rule is not proven', [outcome(['R17'])]],
    ['a test failed', [...all, outcome([], { status: 'failed' })]],
    ['a test quotes a rule that there is not', [...all, outcome(['R999'])]],
  ])('unless %s', (_, outcomes) => {
    expect(judged(outcomes).conforms).toBe(false);
  });

  it('unless a file could not be run', () => {
    const broken = [{ file: 'listen', message: 'does not parse' }];
    expect(judge(law, { outcomes: all, broken }).conforms).toBe(false);
  });
});

describe('the page', () => {
  const long = outcome(['R17'], {
    title: 'says something at great length, '.repeat(9),
    messages: [
      'expected\nreceived\n    at run (/x/node_modules/jest/y.js:1:2)\n    at /x/a.ts:3:4',
    ],
    status: 'failed',
  });

  it('has a line for each rule, and the tests below it', () => {
    const lines = page(judged([outcome(['R17'])]), plain).split('\n');
    expect(lines).toContain(' ✓ R17   M  passed       Only a bound socket can listen.');
    expect(lines).toContain(`${' '.repeat(25)}· listen: needs a bound socket`);
    expect(lines.join('\n')).toContain('1 M rule not proven (E6)');
  });

  it('tells why a test failed', () => {
    const text = page(judged([long]), plain);
    expect(text).toContain('  expected\n  received\n      at /x/a.ts:3:4\n');
    expect(text).toContain('does not conform: 1 test in 1.2 s, 1 failed');
  });

  it('stays within its columns in the table and in the verdict', () => {
    const text = page(judged([long]), { ...plain, columns: 90 });
    const table = text.split('\n').filter((line) => !line.startsWith('✗ listen'));
    expect(table.filter((line) => line.length > 90)).toEqual([]);
  });

  it('has colours on request alone', () => {
    const report = judged([outcome(['R17'])]);
    expect(page(report, plain)).not.toContain('\u001b');
    expect(page(report, { ...plain, hasColours: true })).toContain('\u001b[32m');
  });

  it('is there for machines, too', () => {
    const written = JSON.stringify(record(judged([outcome(['R17'])])));
    expect(JSON.parse(written)).toMatchObject({
      conforms: false,
      testCount: 1,
      rules: [
        {
          ...{ id: 'R17', level: 'M', standing: 'passed' },
          tests: [{ file: 'listen', title: 'needs a bound socket', status: 'passed' }],
        },
        { id: 'R26' },
        { id: 'E6', standing: 'not proven' },
        { id: 'R109', standing: 'argued away' },
      ],
    });
  });
});
