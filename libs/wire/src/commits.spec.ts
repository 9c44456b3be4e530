import { describe, expect, it } from '@jest/globals';
import { unopened, type SessionCommand, type SessionEvent } from '@joinleaf/multipoint';
import { drawCommand, drawEvent, type Chance } from '@joinleaf/multipoint/testing';
import fc from 'fast-check';
import type { z } from 'zod';
import { decode, encode } from './codec.js';
import { commandSchema, commitSchema, eventSchema } from './commits.js';
import { samples, storedSchemas, type Sample } from './testing.js';

const bytesMax = 1_000_000;

const samplesOf = (kind: string): readonly Sample[] =>
  samples.filter((sample) => sample.kind === kind);

// What version 1 has written stays readable. A sample is never edited: a new version adds its own.
/** What has come since the first version, and is absent where there is none. */
const mayBeLeftOut = ['qos', 'abortive', 'suspectedAt', 'by'];

describe('old promises', () => {
  // What has come since is filled in: a policy of before there were budgets has none, and ends with its root.
  it.each(samples)('$file is read as it was written', ({ type, schema, value }) => {
    if (type !== '' && 'type' in value) expect(value.type).toBe(type);
    expect(decode(schema, encode(value), bytesMax)).toMatchObject({ ok: true, value });
  });

  it('[H18] of a policy that says nothing of it: the session ends with its root', () => {
    const [old] = samplesOf('event').filter(({ file }) => file === 'event.SessionOpened.json');
    expect(decode(eventSchema, encode(old?.value), bytesMax)).toMatchObject({
      value: { policy: { rootLoss: 'close-all', lingerMs: 30_000 } },
    });
  });

  it.each([999, 600_001, 1_000.5])('[H18] lets no session wait for %d ms', (lingerMs) => {
    const changes = { rootLoss: 'linger', lingerMs };
    const command = { type: 'ChangePolicy', root: null, changes };
    expect(decode(commandSchema, encode(command), bytesMax)).toMatchObject({
      error: { field: 'changes.lingerMs' },
    });
  });

  it('are there for every event and every command', () => {
    const typesIn = (schema: typeof eventSchema | typeof commandSchema): readonly string[] =>
      schema.options.map(({ shape }) => shape.type.value).sort();
    const typesOf = (kind: string) => [...new Set(samplesOf(kind).map(({ type }) => type))].sort();
    expect(typesOf('event')).toEqual(typesIn(eventSchema));
    expect(typesOf('command')).toEqual(typesIn(commandSchema));
  });

  it('are there for everything that is stored', () => {
    expect([...new Set(samples.map(({ kind }) => kind))].sort()).toEqual(
      Object.keys(storedSchemas).sort(),
    );
  });

  it('[H11] are refused with a field more, one less, or in another version', () => {
    for (const { schema, value } of samples.filter(({ kind }) => !isLenient(kind))) {
      expect(decode(schema, encode({ ...value, later: 1 }), bytesMax)).toEqual({
        ok: false,
        error: { field: '', problem: 'has a field that this version does not know' },
      });
    }
    for (const { schema, type, value } of samples) {
      const isNeeded = (key: string) =>
        !mayBeLeftOut.includes(key) && !(type === 'LoseNode' && key === 'now');
      for (const field of Object.keys(value).filter(isNeeded)) {
        const less = Object.fromEntries(Object.entries(value).filter(([key]) => key !== field));
        const decoded = decode(schema, encode(less), bytesMax);
        expect(decoded).toMatchObject({ ok: false, error: { field } });
      }
    }
    for (const { schema, value } of samples.filter(({ value }) => 'schema' in value)) {
      const decoded = decode(schema, encode({ ...value, schema: 2 }), bytesMax);
      expect(decoded).toMatchObject({ ok: false, error: { field: 'schema' } });
    }
  });
});

// Services tell nodes more in time: what a reader of bulletins and node records does not know, it skips.
const isLenient = (kind: string): boolean => kind === 'bulletin' || kind === 'node-record';

describe('a commit', () => {
  const [commit] = samplesOf('commit').map(({ value }) => value as z.input<typeof commitSchema>);
  const [decision] = commit?.decisions ?? [];

  it.each<readonly [string, object]>([
    ['revision', { revision: 0 }],
    ['prevHash', { prevHash: 'f'.repeat(63) }],
    ['prevHash', { prevHash: 'F'.repeat(64) }],
    ['session', { session: 'conf.7' }],
    ['arbiter', { arbiter: 'a b' }],
    ['decidedAt', { decidedAt: -1 }],
    ['decisions', { decisions: [] }],
    ['decisions.0.events', { decisions: [{ ...decision, events: [] }] }],
    ['decisions.0.rule', { decisions: [{ ...decision, rule: 'X1' }] }],
    ['decisions.0.commandId', { decisions: [{ ...decision, commandId: '' }] }],
    ['decisions.0.command.type', { decisions: [{ ...decision, command: { type: 'Dance' } }] }],
    ['decisions.0.events.0.type', { decisions: [{ ...decision, events: [{ type: 'Danced' }] }] }],
    ['decisions.0', { decisions: [{ ...decision, why: 'because' }] }],
  ])('[H11] names %s when it is amiss', (field, changes) => {
    const decoded = decode(commitSchema, encode({ ...commit, ...changes }), bytesMax);
    expect(decoded).toMatchObject({ ok: false, error: { field } });
  });
});

describe('what the law speaks of', () => {
  const tape = fc.noBias(fc.array(fc.nat(0xffff), { minLength: 40, maxLength: 40 }));
  const same = (value: SessionCommand | SessionEvent, schema: z.ZodType): void => {
    expect(decode(schema, encode(value), bytesMax)).toEqual({ ok: true, value });
  };

  it('crosses the border and is what it was', () => {
    fc.assert(
      fc.property(tape, (numbers) => {
        let spent = 0;
        const chance: Chance = (max) => (numbers[spent++] ?? 0) % (max + 1);
        same(drawEvent(chance), eventSchema);
        same(drawCommand(chance, unopened), commandSchema);
      }),
      { numRuns: 600 },
    );
  });
});
