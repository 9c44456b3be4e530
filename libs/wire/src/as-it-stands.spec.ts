import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { z } from 'zod';
import { fitsAsItStands } from './as-it-stands.js';
import { nodeRequestSchemas } from './nodes.js';
import { requestSchemas } from './requests.js';
import { samples, storedSchemas } from './testing.js';

/** Every sample with its schema, as text. */
const texts = samples.map(
  ({ file, schema, value }) => [file, schema, JSON.stringify(value)] as const,
);

// What lies at the edges of what schemas ask for, as JSON text: 1e999 is read as Infinity, and a key can be __proto__.
const oddities = [
  ...['null', 'true', '0', '-0', '-1', '1', '1.5', '9007199254740992', '1e999', '4294967296'],
  ...['""', '"x"', '"J7"', '"J0"', '"ada/run1/7"', '"ada:7"', '"ada:0"', '"ada:65536"', '"@news"'],
  ...['"AAA="', '"AA A"', '"="', '"both"', '"WSAEALREADY"', '"R50"', '"2m\\n"', '"constructor"'],
  ...[`"${'f'.repeat(64)}"`, `"${'a'.repeat(65)}"`, '[]', '[null]', '{}', '{"__proto__":{}}'],
  ...['{"__proto__":1,"a":1}', '{"constructor":1}', '{"kind":"toString"}', '{"length":0}'],
];

/** A place in a text of JSON where a value begins, and where it ends. */
function valuesIn(text: string): readonly (readonly [number, number])[] {
  const found: (readonly [number, number])[] = [];
  const value = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*|true|false|null|\{\}|\[\]/g;
  for (const match of text.matchAll(value)) {
    found.push([match.index, match.index + match[0].length]);
  }
  return found;
}

/** The same text with one value or key exchanged for something odd. */
const amiss = fc
  .record({ sample: fc.constantFrom(...texts), odd: fc.constantFrom(...oddities), at: fc.nat() })
  .map(({ sample: [, schema, text], odd, at }) => {
    const places = valuesIn(text);
    const [from, to] = places[at % places.length] ?? [0, 0];
    return { schema, text: text.slice(0, from) + odd + text.slice(to) };
  });

/** What is said to fit is accepted, and comes back the same. */
function agrees(schema: z.ZodType, value: unknown): void {
  if (!fitsAsItStands(schema, value)) return;
  const parsed = schema.safeParse(value);
  expect(parsed).toEqual({ success: true, data: value });
  expect(Reflect.ownKeys(parsed.data as object).sort()).toEqual(
    Reflect.ownKeys(value as object).sort(),
  );
}

describe('whether a value fits as it stands', () => {
  it.each(texts)('is known of %s', (_file, schema, text) => {
    const value: unknown = JSON.parse(text);
    agrees(schema, value);
    // Where the schema fills something in, it does not fit as it stands.
    const changed = JSON.stringify(schema.parse(value)).length !== text.length;
    expect(fitsAsItStands(schema, value)).toBe(!changed);
  });

  it('[H11] is never said of what the schema refuses or changes', () => {
    fc.assert(
      fc.property(amiss, ({ schema, text }) => {
        let value: unknown;
        try {
          value = JSON.parse(text);
        } catch {
          return; // A key that is no text.
        }
        agrees(schema, value);
      }),
      { numRuns: 20_000 },
    );
  });

  it('[H11] is never said of any other value', () => {
    const schemas = [
      ...Object.values(requestSchemas),
      ...Object.values(nodeRequestSchemas),
      ...Object.values(storedSchemas),
    ];
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom(...schemas), (value, schema) => {
        agrees(schema, JSON.parse(JSON.stringify(value)));
      }),
      { numRuns: 2_000 },
    );
  });

  it.each<readonly [string, z.ZodType, unknown]>([
    ['a default', z.strictObject({ a: z.int().default(1) }), {}],
    ['a default that may be left out', z.strictObject({ a: z.int().default(1).optional() }), {}],
    ['a field that is dropped', z.object({ a: z.int() }), { a: 1, b: 2 }],
    ['a text that is trimmed', z.strictObject({ a: z.string().trim() }), { a: ' x' }],
    ['a number made of text', z.coerce.number(), '1'],
    ['a transformation', z.string().transform((text) => text.length), 'abc'],
    ['a type that is not known', z.map(z.string(), z.string()), {}],
    ['a check of the whole', z.strictObject({ a: z.int() }).refine(() => false), { a: 1 }],
    ['a key that is dropped', z.record(z.string(), z.int()), JSON.parse('{"__proto__":1}')],
    ['no base64', z.base64(), 'AA='],
    ['too long a list', z.array(z.int()).max(1), [1, 2]],
    ['an option that changes it', z.union([z.string().trim(), z.string()]), ' x'],
    ['no option', z.union([z.string(), z.boolean()]), 1],
  ])('is left to the schema: %s', (_what, schema, value) => {
    expect(fitsAsItStands(schema, value)).toBe(false);
  });

  it.each<readonly [string, z.ZodType, unknown]>([
    ['fields that may be left out', z.strictObject({ a: z.int().exactOptional() }), {}],
    ['fields that are nothing', z.strictObject({ a: z.int().nullable() }), { a: null }],
    ['one of several names', z.enum(['a', 'b']), 'b'],
    ['texts by their pattern', z.string().regex(/^a+$/g), 'aaa'],
    ['a check of the whole', z.strictObject({ a: z.int() }).refine(() => true), { a: 1 }],
    ['any option', z.union([z.string().max(2), z.boolean()]), true],
    ['records', z.record(z.string().max(2), z.int()), { a: 1 }],
  ])('is said of %s', (_what, schema, value) => {
    for (let again = 0; again < 3; again += 1) expect(fitsAsItStands(schema, value)).toBe(true);
  });
});
