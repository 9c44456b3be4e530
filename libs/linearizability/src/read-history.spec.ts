import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { checkHistories } from './check.js';
import { drawHistory } from './drawn.js';
import { explain } from './explain.js';
import type { History, Operation } from './history.js';
import { historiesFrom } from './read-history.js';
import { admitted, asks, historyOf } from './testing.js';

const good: History = {
  ...historyOf(['bob', 10, 12, asks('bob'), admitted('J1', 3)], ['cy', 11, asks('cy')]),
  seed: 7,
};
const [first, second] = good.operations as readonly [Operation, Operation];

/** What is said of the history with this operation in the place of its first. */
const saidOf = (operation: unknown) => problemIn({ ...good, operations: [operation, second] });

function problemIn(json: unknown): string {
  const read = historiesFrom(json);
  return read.ok ? 'fine' : `${read.error.field}: ${read.error.problem}`;
}

describe('histories', () => {
  it('are read as they were written', () => {
    const run = fc.property(fc.noBias(fc.array(fc.nat(999), { minLength: 50 })), (numbers) => {
      let spent = 0;
      const chance = (max: number) => (numbers[spent++ % numbers.length] ?? 0) % (max + 1);
      const drawing = { operations: 30, overlap: 2, unansweredOfTen: 1 };
      const some = ['conf-7', '@news'].map((session) =>
        drawHistory(chance, { ...drawing, session }),
      );
      const read = historiesFrom(JSON.parse(JSON.stringify(some)));
      expect(read).toEqual({ ok: true, value: some });
    });
    fc.assert(run, { numRuns: 50 });
  });

  it('are read as docs/HISTORIES.md shows one, and it is what is said of it there', () => {
    const text = readFileSync(join(import.meta.dirname, '../../../docs/HISTORIES.md'), 'utf8');
    const shown: unknown = JSON.parse(/```json\n([^]*?)```/.exec(text)?.[1] ?? '');
    const read = historiesFrom(shown);
    const verdicts = checkHistories(read.ok ? read.value : []);
    expect(verdicts.map(explain)).toEqual(['conf-7 (seed 7): ok, 3 operations in order, 4 steps']);
  });

  it('may be one alone', () => {
    expect(historiesFrom(good)).toEqual({ ok: true, value: [good] });
  });

  it('are of different sessions', () => {
    expect(problemIn([good, good])).toBe('[1].session: is the session of another history');
  });

  it('name the history in which something is wrong', () => {
    const wrong = { ...good, session: 'two words' };
    expect(problemIn([good, wrong])).toBe('[1].session: is not a session address');
  });

  it.each<[unknown, string]>([
    [null, ': is not an object'],
    ['[]', ': is not an object'],
    [7, ': is not an object'],
    [[7], '[0]: is not an object'],
    [{}, 'schema: is missing'],
    [{ ...good, schema: 2 }, 'schema: is not 1'],
    [{ ...good, seed: null }, 'seed: is not a text or a number'],
    [{ ...good, operations: {} }, 'operations: is not a list'],
    [{ ...good, when: 'now' }, 'when: is a field that nobody knows'],
    [JSON.parse('{"__proto__": {"schema": 1}}'), '__proto__: is a field that nobody knows'],
    [{ ...good, 'a b': 1 }, '"a b": is a field that nobody knows'],
  ])('%j is none', (json, said) => {
    expect(problemIn(json)).toBe(said);
  });
});

describe('an operation', () => {
  it.each<[string, object, string]>([
    ['process', { process: '' }, 'process: is not a text of 1 to 128 characters'],
    ['commandId', { commandId: 7 }, 'commandId: is not a text of 1 to 128 characters'],
    ['call', { call: 1.5 }, 'call: is not a whole number from 0 to 2^53 - 1'],
    ['call', { call: 2 ** 53 }, 'call: is not a whole number from 0 to 2^53 - 1'],
    ['return', { return: '12' }, 'return: is not a whole number from 0 to 2^53 - 1'],
    ['return', { return: 9 }, 'return: is before the call'],
    ['return', { return: null }, 'output: is null where `return` is, and only there'],
    ['output', { output: null }, 'output: is null where `return` is, and only there'],
    ['commandId', { commandId: 'c2' }, ''],
  ])('says which field is not what it should be: %s', (_, change, said) => {
    const where = 'operations[0]';
    const expected =
      said === ''
        ? 'operations[1].commandId: is the id of an earlier operation'
        : `${where}.${said}`;
    expect(saidOf({ ...first, ...change })).toBe(expected);
  });

  it.each<[object, string]>([
    [{ type: 'dance' }, '.type: is not one of open, listen, policy, join, invite, accept'],
    [{ type: 'toString' }, '.type: is not one of open'],
    [{ socket: 'bob/run1/1', local: 'bob:1' }, '.type: is not one of open'],
    [{ type: 'join', socket: 'bob', local: 'bob:1' }, '.socket: is not a socket'],
    [{ type: 'join', socket: 'bob/run1/1', local: 'bob:0' }, '.local: is not an address'],
    [{ type: 'join', socket: 'bob/run1/1' }, '.local: is missing'],
    [{ type: 'query', at: 1 }, '.at: is a field that nobody knows'],
    [{ type: 'expire', joins: ['J1', 'J0'] }, '.joins[1]: is not a join, such as J7'],
    [{ type: 'open', root: null, policy: { admit: 'ask' } }, '.policy.capacity: is missing'],
    [
      { type: 'policy', root: null, changes: { identity: 'allow' } },
      '.changes.identity: is a field that nobody knows',
    ],
  ])('asks for what is known: %j', (input, said) => {
    expect(saidOf({ ...first, input })).toContain(`operations[0].input${said}`);
  });

  it.each<[object | string, string]>([
    ['accepted', ': is not an object'],
    [{ type: 'fine' }, '.type: is not one of accepted, started, admitted, members, refused'],
    [{ type: 'admitted', join: 'J1' }, '.revision: is missing'],
    [{ type: 'admitted', join: 'J1', revision: -1 }, '.revision: is not a whole number from 0'],
    [{ type: 'accepted', changed: 1, revision: 1 }, '.changed: is not true or false'],
    [
      { type: 'refused', code: 'WSAEWHY', basedOn: null },
      '.code: is not a Windows Sockets error name',
    ],
    [
      { type: 'refused', code: 'WSAEALREADY', basedOn: { revision: 1 } },
      '.basedOn.decisions: is missing',
    ],
    [{ type: 'members', members: [null], revision: 1 }, '.members[0]: is not a socket'],
  ])('was told what can be told: %j', (output, said) => {
    expect(saidOf({ ...first, output })).toContain(`operations[0].output${said}`);
  });

  it('is read or named, whatever stands in its place', () => {
    const run = fc.property(
      fc.jsonValue(),
      fc.constantFrom(...Object.keys(first)),
      (value, key) => {
        const said = saidOf({ ...first, [key]: value });
        expect(said === 'fine' || said.startsWith('operations[')).toBe(true);
      },
    );
    fc.assert(run, { numRuns: 500 });
  });
});
