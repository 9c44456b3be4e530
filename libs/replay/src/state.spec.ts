import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { unopened } from '@joinleaf/multipoint';
import { canonicalJson, sameJson } from './canonical.js';
import { day, span, timeOfDay } from './clock.js';
import { differenceText, diffStates } from './diff.js';
import { basisText, parseBasis } from './history.js';
import { parseQuestion } from './question.js';
import { plainState, stateAt } from './state.js';
import { stateWords } from './state-words.js';
import { steps } from './steps.js';
import { crowd, everyday, startAt } from './contract.js';

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

describe('the state at a position', () => {
  const { history } = crowd(sha256);

  it('is what each step met and left', () => {
    for (const step of steps(history)) {
      if (step.kind !== 'decision') continue;
      const { revision, decisions } = step.basis;
      const before = stateAt(history.commits, { revision, decisions });
      const after = stateAt(history.commits, { revision, decisions: decisions + 1 });
      expect(before.ok && plainState(before.value)).toEqual(plainState(step.before));
      expect(after.ok && plainState(after.value)).toEqual(plainState(step.after));
    }
  });

  it('is unopened at the beginning, and the last position is named beyond the end', () => {
    expect(stateAt(history.commits, { revision: 0, decisions: 0 })).toEqual({
      ok: true,
      value: unopened,
    });
    expect(stateAt(history.commits, { revision: 9, decisions: 0 })).toMatchObject({
      ok: false,
      error: { revision: 4, decisions: 0 },
    });
    expect(stateAt(history.commits, { revision: 1, decisions: 3 })).toMatchObject({
      ok: false,
      error: { revision: 1, decisions: 2 },
    });
  });

  it('is told in a line', () => {
    const words = [...steps(everyday(sha256).history)]
      .filter((step) => step.kind === 'decision')
      .map(({ after }) => stateWords(after));
    expect(words.slice(0, 6)).toEqual([
      'open, 0/3 members [], 0 waiting []',
      'open, 0/3 members [], 0 waiting []',
      'open, 0/3 members [], 1 waiting [J1 bob:1]',
      'open, 1/3 members [bob:1], 0 waiting []',
      'open, 1/3 members [bob:1], 1 waiting [J2 cy:1]',
      'open, 2/3 members [bob:1, cy:1], 0 waiting []',
    ]);
    expect(words.at(-1)).toBe('closed (root-closed)');
  });

  it('differs from another one in the fields that changed', () => {
    const [before, after] = [3, 4].map((revision) =>
      stateAt(everyday(sha256).history.commits, { revision, decisions: 0 }),
    );
    if (before?.ok !== true || after?.ok !== true) throw new Error('both states are there');
    expect(diffStates(before.value, after.value).map(differenceText)).toEqual([
      expect.stringMatching(/^- waiting\.J1: \{"caller":"bob\/run1\/1"/),
      expect.stringMatching(/^\+ members\.bob\/run1\/1: \{"address":"bob:1"/),
    ]);
    expect(diffStates(after.value, after.value)).toEqual([]);
  });
});

describe('positions and questions', () => {
  it.each([
    ['4', { revision: 4, decisions: 0 }, '@4'],
    ['0', { revision: 0, decisions: 0 }, '@0'],
    ['5.2', { revision: 4, decisions: 2 }, '@5.2'],
  ])('%s', (text, basis, written) => {
    expect(parseBasis(text)).toEqual(basis);
    expect(basisText(basis)).toBe(written);
  });

  it.each(['', 'x', '-1', '1.', '.1', '0.1', '4.0', '1.2.3', '1e3', '9999999999999999'])(
    'refuses the position %j',
    (text) => {
      expect(parseBasis(text)).toBeNull();
    },
  );

  it.each([
    ['conf-7#6', 'conf-7', { kind: 'number', number: 6 }],
    ['conf-7@5', 'conf-7', { kind: 'position', revision: 5, place: null }],
    ['@news@5.2', '@news', { kind: 'position', revision: 5, place: 2 }],
  ])('%s', (text, session, question) => {
    expect(parseQuestion(text)).toEqual({ session, question });
  });

  it.each(['conf-7', '#6', 'conf-7#', 'conf-7@0', 'conf-7@x', 'a b#1', '@@news#1'])(
    'refuses the question %j',
    (text) => {
      expect(parseQuestion(text)).toBeNull();
    },
  );
});

describe('canonical JSON', () => {
  it('sorts keys and leaves out what is undefined', () => {
    expect(canonicalJson({ b: [1, { d: null, c: 'x' }], a: undefined })).toBe(
      '{"b":[1,{"c":"x","d":null}]}',
    );
  });

  it.each([
    [{ a: 1, b: 2 }, { b: 2, a: 1 }, true],
    [{ a: 1, b: undefined }, { a: 1 }, true],
    [{ a: 1 }, { a: 1, b: undefined }, true],
    [[1, 2], [2, 1], false],
    [[], {}, false],
    [null, {}, false],
    [{ a: undefined }, { b: undefined }, true],
    [{ a: 1 }, { b: 1 }, false],
    ['1', 1, false],
  ])('%j and %j: %s', (a, b, same) => {
    expect(sameJson(a, b)).toBe(same);
    expect(canonicalJson(a) === canonicalJson(b)).toBe(same);
  });
});

describe('times', () => {
  it('are told in UTC', () => {
    expect(timeOfDay(startAt)).toBe('12:04:31.020');
    expect(day(startAt)).toBe('2026-11-20');
    expect(timeOfDay(0)).toBe('00:00:00.000');
  });

  it.each([0, 951_782_400_000, 951_868_800_000, 1_709_164_800_000, 4_102_444_799_999])(
    'agree with the calendar at %d',
    (epochMs) => {
      expect(`${day(epochMs)}T${timeOfDay(epochMs)}Z`).toBe(new Date(epochMs).toISOString());
    },
  );

  it.each([
    [12, '0.012s'],
    [59_999, '59.999s'],
    [125_000, '2m05s'],
    [11_520_000, '3h12m'],
    [352_800_000, '4d02h'],
    [-1_500, '-1.500s'],
  ])('%d ms is %s', (ms, text) => {
    expect(span(ms)).toBe(text);
  });
});
