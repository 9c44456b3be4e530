import { describe, expect, it } from '@jest/globals';
import { checkHistories, checkHistory } from './check.js';
import { drawHistory, type Chance } from './drawn.js';
import type { Operation } from './history.js';

// Long histories, and how many steps they take: a bound that a clock would only blur.

/** A small generator, so that the steps are the same every time. */
function seeded(seed: number): Chance {
  let state = seed;
  return (max) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * (max + 1));
  };
}

const stepsOf = (results: readonly { readonly steps: number }[]): number =>
  results.reduce((sum, { steps }) => sum + steps, 0);

describe('10,000 operations over 50 sessions', () => {
  const histories = Array.from({ length: 50 }, (_, index) =>
    drawHistory(seeded(index + 1), {
      operations: 200,
      overlap: 6,
      unansweredOfTen: 0,
      session: `conf-${String(index)}`,
    }),
  );

  it.each([{}, { revisions: false }, { staleRefusals: true }])('take few steps: %j', (options) => {
    const results = checkHistories(histories, options);
    expect(results.filter(({ verdict }) => verdict !== 'ok')).toEqual([]);
    expect(stepsOf(results)).toBeLessThan(200_000);
  });

  it('take few steps although one call of ten has no answer', () => {
    const faulty = histories.map(({ session }, index) =>
      drawHistory(seeded(index + 1), { operations: 200, overlap: 6, unansweredOfTen: 1, session }),
    );
    for (const options of [{}, { staleRefusals: true }]) {
      const results = checkHistories(faulty, options);
      expect(results.filter(({ verdict }) => verdict !== 'ok')).toEqual([]);
      expect(stepsOf(results)).toBeLessThan(1_000_000);
    }
  });
});

describe('10,000 operations of one session', () => {
  it('take few steps', () => {
    const history = drawHistory(seeded(7), { operations: 10_000, overlap: 6, unansweredOfTen: 0 });
    const results = [checkHistory(history), checkHistory(history, { revisions: false })];
    expect(results.map(({ verdict }) => verdict)).toEqual(['ok', 'ok']);
    expect(stepsOf(results)).toBeLessThan(400_000);
  });

  it('show their last operation to be wrong', () => {
    const { operations, ...rest } = drawHistory(seeded(7), {
      operations: 10_000,
      overlap: 6,
      unansweredOfTen: 0,
    });
    const late: Operation = {
      process: 'eve',
      commandId: 'late',
      call: 1_000_000,
      return: 1_000_001,
      input: { type: 'query' },
      output: { type: 'members', members: [], revision: null },
    };
    const wrong = { ...late, output: { type: 'started', join: 'J1', revision: null } } as const;
    const result = checkHistory({ ...rest, operations: [...operations, wrong] });
    expect(result).toMatchObject({ verdict: 'illegal', unexplained: { commandId: 'late' } });
  });
});
