import { describe, expect, it } from '@jest/globals';
import type { SocketId } from '@joinleaf/multipoint';
import fc from 'fast-check';
import { checkHistory, type CheckOptions } from './check.js';
import { drawHistory, type Chance, type Drawing } from './drawn.js';
import { explain } from './explain.js';
import type { History, Operation, Output } from './history.js';
import { nothingYet, step, type Model } from './model.js';
import { asks, historyOf, opensGroup, done, query, sees, socketOf, type Line } from './testing.js';

const chances = (count: number) =>
  fc.noBias(fc.array(fc.nat(0xffff), { minLength: count, maxLength: count }));

function chanceOf(numbers: readonly number[]): Chance {
  let spent = 0;
  return (max) => (numbers[spent++ % numbers.length] ?? 0) % (max + 1);
}

const ways: readonly CheckOptions[] = [{}, { revisions: false }, { staleRefusals: true }];

describe('what the model told its clients', () => {
  it.each<Drawing>([
    { operations: 40, overlap: 0, unansweredOfTen: 0 },
    { operations: 40, overlap: 2, unansweredOfTen: 0 },
    { operations: 60, overlap: 5, unansweredOfTen: 0 },
    { operations: 40, overlap: 3, unansweredOfTen: 1 },
    { operations: 30, overlap: 3, unansweredOfTen: 3 },
    { operations: 25, overlap: 5, unansweredOfTen: 6 },
  ])('is legal: %j', (drawing) => {
    const run = fc.property(chances(400), (numbers) => {
      const history = drawHistory(chanceOf(numbers), drawing);
      for (const options of ways) {
        const result = checkHistory(history, options);
        if (result.verdict !== 'ok') throw new Error(explain(result));
        expectWitness(history, result.order);
      }
    });
    fc.assert(run, { numRuns: 150 });
  });
});

describe('the search and the trying of all orders', () => {
  const drawings = fc.record({
    operations: fc.integer({ min: 3, max: 6 }),
    overlap: fc.integer({ min: 0, max: 4 }),
    unansweredOfTen: fc.constantFrom(0, 0, 2, 5),
  });

  it('come to the same verdict on histories that were tampered with', () => {
    const count = { ok: 0, illegal: 0 };
    const run = fc.property(
      chances(300),
      drawings,
      fc.integer({ min: 0, max: 2 }),
      (numbers, drawing, times) => {
        const chance = chanceOf(numbers);
        let history = drawHistory(chance, drawing);
        for (let time = 0; time < times; time += 1) history = tamperedWith(history, chance);
        const expected = anyOrderExplains(history) ? 'ok' : 'illegal';
        const result = checkHistory(history, { revisions: false });
        if (result.verdict !== expected) throw new Error(explain(result));
        count[expected] += 1;
      },
    );
    fc.assert(run, { numRuns: 3_000 });
    // Both have to be met for this to say anything.
    expect(count.ok).toBeGreaterThan(300);
    expect(count.illegal).toBeGreaterThan(300);
  });

  it('what is illegal by its times is illegal with its revisions as well', () => {
    const run = fc.property(chances(300), drawings, (numbers, drawing) => {
      const chance = chanceOf(numbers);
      const history = tamperedWith(drawHistory(chance, drawing), chance);
      if (anyOrderExplains(history)) return;
      expect(checkHistory(history).verdict).toBe('illegal');
    });
    fc.assert(run, { numRuns: 1_000 });
  });
});

describe('a budget', () => {
  const everybody = Array.from({ length: 12 }, (_, index) => socketOf(`n${String(index)}`, 1));
  const stuck = historyOf(
    ['op', 0, 1, opensGroup(), done()],
    ...everybody.map((_, index): Line => ['op', 10 + index, asks(`n${String(index)}`)]),
    ['op', 100, 101, query, sees([socketOf('nobody', 1)])],
  );

  it('that is spent leaves a history undecided', () => {
    const result = checkHistory(stuck, { stepsMax: 1_000 });
    expect(result).toMatchObject({ verdict: 'undecided', steps: 1_000 });
    expect(explain(result)).toMatch(/undecided, 1000 steps were not enough/);
  });

  it('counts steps, so that the same history gets the same verdict everywhere', () => {
    const history = historyOf(['op', 0, 1, opensGroup(), done()], ['op', 2, 3, query, sees([])]);
    expect(checkHistory(history, { stepsMax: 1 }).verdict).toBe('undecided');
    expect(checkHistory(history, { stepsMax: 2 })).toMatchObject({ verdict: 'ok', steps: 2 });
  });
});

/** Each answered operation that was decided once, in an order that time allows and the model agrees with. */
function expectWitness({ operations }: History, order: readonly Operation[]): void {
  expect(new Set(order).size).toBe(order.length);
  const answered = operations.filter(({ output }) => output !== null);
  expect(answered.filter((operation) => !order.includes(operation))).toEqual([]);
  let model: Model | null = nothingYet;
  for (const { input, output } of order) model = model && step(model, input, output);
  expect(model).not.toBe(null);
}

/** Whether any order of any of the unanswered operations with all the others explains the answers. */
function anyOrderExplains({ operations }: History): boolean {
  const tryAll = (left: readonly Operation[], model: Model): boolean =>
    left.every(({ output }) => output === null) ||
    left.some((operation) => {
      const rest = left.filter((other) => other !== operation);
      if (rest.some((other) => other.return !== null && other.return < operation.call))
        return false;
      const next = step(model, operation.input, operation.output);
      return next !== null && tryAll(rest, next);
    });
  return tryAll(operations, nothingYet);
}

/** The same history with one thing in it changed, which may or may not be noticed. */
function tamperedWith(history: History, chance: Chance): History {
  const operations = [...history.operations];
  const at = chance(operations.length - 1);
  const [one, other] = [operations[at], operations[chance(operations.length - 1)]];
  if (one === undefined || other === undefined) return history;
  switch (chance(3)) {
    case 0: // It never happened.
      operations.splice(at, 1);
      break;
    case 1: // Somebody else's answer.
      if (one.output !== null && other.output !== null)
        operations[at] = { ...one, output: other.output };
      break;
    case 2: // Later than it was.
      if (one.return !== null)
        operations[at] = { ...one, call: one.call + 40, return: one.return + 40 };
      break;
    default:
      if (one.output !== null) operations[at] = { ...one, output: otherwise(one.output) };
  }
  return { ...history, operations };
}

function otherwise(output: Output): Output {
  switch (output.type) {
    case 'accepted':
      return { ...output, changed: output.changed !== true };
    case 'started':
      return { ...output, type: 'admitted' };
    case 'admitted':
      return { ...output, type: 'started' };
    case 'members':
      return { ...output, members: [...output.members.slice(1), 'bob/run1/1' as SocketId] };
    case 'refused':
      return { type: 'accepted', changed: true, revision: null };
    case 'turned-away':
    case 'unknown':
      return output;
  }
}
