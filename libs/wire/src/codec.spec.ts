import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { z } from 'zod';
import { decode, encode } from './codec.js';
import { nodeRequestSchemas, resumeReplySchema, startReplySchema } from './nodes.js';
import { notificationSchema } from './notifications.js';
import { replySchema } from './replies.js';
import { requestSchemas } from './requests.js';
import { storedSchemas } from './testing.js';

const schemas: readonly z.ZodType[] = [
  ...Object.values(requestSchemas),
  ...Object.values(nodeRequestSchemas),
  ...[replySchema, startReplySchema, resumeReplySchema, notificationSchema],
  ...Object.values(storedSchemas),
];
const bytesMax = 100_000;
const text = (value: string): Uint8Array => new TextEncoder().encode(value);

describe('decoding', () => {
  it('[H11] throws at no bytes', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 200 }),
        fc.constantFrom(...schemas),
        (bytes, schema) => {
          expect(typeof decode(schema, bytes, bytesMax).ok).toBe('boolean');
        },
      ),
      { numRuns: 500 },
    );
  });

  it('[H11] throws at no JSON, and says nothing that its sender wrote', () => {
    const canary = 'cAnArY';
    const words = [
      'v',
      'type',
      'kind',
      'policy',
      'identity',
      'command',
      'as',
      'ok',
      'facts',
      canary,
    ];
    const literals = [
      1,
      'SessionOpened',
      'OpenSession',
      'FD_ACCEPT',
      'leaf',
      'root',
      true,
      `${canary} 7`,
    ];
    const value = fc.letrec((tie) => ({
      any: fc.oneof(
        { depthSize: 'small' },
        fc.constantFrom(...literals, null, canary, `*${canary}>`, -1, 1.5),
        fc.array(tie('any'), { maxLength: 4 }),
        fc.dictionary(fc.constantFrom(...words), tie('any'), { maxKeys: 8 }),
      ),
    })).any;
    fc.assert(
      fc.property(value, fc.constantFrom(...schemas), (message, schema) => {
        const decoded = decode(schema, encode(message), bytesMax);
        if (!decoded.ok) expect(decoded.error.problem.toLowerCase()).not.toContain('canary');
      }),
      { numRuns: 2_000 },
    );
  });

  it.each([
    ['nothing', new Uint8Array()],
    ['text', text('hello')],
    ['half of it', text('{"v":1,')],
    ['two of it', text('{}{}')],
    ['NaN', text('NaN')],
    ['a comma too many', text('{"v":1,}')],
    ['bytes that are no UTF-8', new Uint8Array([0x22, 0xff, 0xfe, 0x22])],
    ['UTF-16', new Uint8Array([0xff, 0xfe, 0x7b, 0x00, 0x7d, 0x00])],
    ['half a character', new Uint8Array([0x22, 0xc3, 0x22])],
  ])('[H11] finds no JSON in %s', (_, bytes) => {
    expect(decode(z.unknown(), bytes, bytesMax)).toEqual({
      ok: false,
      error: { field: '', problem: 'is not JSON in UTF-8' },
    });
  });

  it('[H11] survives depth', () => {
    const deep = '['.repeat(50_000) + ']'.repeat(50_000);
    for (const schema of schemas) expect(decode(schema, text(deep), 200_000).ok).toBe(false);
    const inside = `{"v":1,"policy":${'{"policy":'.repeat(5_000)}1${'}'.repeat(5_000)}}`;
    for (const schema of schemas) expect(decode(schema, text(inside), 200_000).ok).toBe(false);
  });

  it('[H11] looks at no more bytes than there may be', () => {
    const schema = z.unknown();
    expect(decode(schema, text('"1234"'), 6)).toEqual({ ok: true, value: '1234' });
    const error = { field: '', problem: 'is larger than 5 bytes' };
    expect(decode(schema, text('"1234"'), 5)).toEqual({ ok: false, error });
  });

  it('[H11] repeats plain names in a path alone', () => {
    const schema = z.record(z.string(), z.number());
    const problemAt = (key: string) => {
      const decoded = decode(schema, encode({ [key]: 'x' }), bytesMax);
      return decoded.ok ? null : decoded.error.field;
    };
    expect(problemAt('plain_name-7')).toBe('plain_name-7');
    for (const key of ['', 'with space', 'a.b', '\r\n', '\u001b[31m', 'é', 'x'.repeat(65)]) {
      expect(problemAt(key)).toBe('?');
    }
  });

  it('[H11] takes no prototype for a field', () => {
    const polluting =
      '{"v":1,"commandId":"c-000001","incarnation":"run1","socket":"1","__proto__":{"a":1}}';
    expect(decode(requestSchemas.close, text(polluting), bytesMax)).toMatchObject({ ok: false });
    const schema = z.strictObject({ a: z.number().optional() });
    const decoded = decode(schema, text('{"__proto__":{"a":1}}'), bytesMax);
    expect(decoded.ok && decoded.value.a).toBe(false);
    expect(({} as { a?: number }).a).toBeUndefined();
  });
});

describe('encoding', () => {
  it('writes JSON in UTF-8, which decoding reads', () => {
    const message = { text: 'é 🙂 "\\"', list: [1, null, true] };
    expect(decode(z.unknown(), encode(message), bytesMax)).toEqual({ ok: true, value: message });
    expect(encode({ a: 'é' })).toEqual(text('{"a":"é"}'));
  });
});
