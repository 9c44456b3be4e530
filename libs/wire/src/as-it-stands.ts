import type { z } from 'zod';

// Most of what is read was written by ourselves and fits. A schema answers with a copy and, where something is amiss, with
// what that is; whether a value fits as it stands takes a third of that time. The answer is made from the schema's own
// definition, and only a plain yes counts: whatever this file does not know is left to the schema.

/** Whether parsing would accept a value and answer the same one. False says nothing: ask the schema. */
type Fits = (value: unknown) => boolean;

type Schema = z.core.$ZodType;
type Definition = z.core.$ZodTypes['_zod']['def'];
type DefinitionOf<T extends Definition['type']> = Extract<Definition, { readonly type: T }>;
type Check = z.core.$ZodCheck;

const compiled = new WeakMap<Schema, Fits>();

/**
 * Whether `schema` accepts `value`, which JSON.parse has made, and changes nothing in it. False also where that takes
 * a closer look: a default is to be filled in, for one.
 */
export const fitsAsItStands = (schema: Schema, value: unknown): boolean => fitsOf(schema)(value);

/**
 * Says of `schema` that it leaves unchanged what fits `inner` as it stands. To be said where its own definition does not
 * show it: it is code of ours.
 */
export function leavesUnchanged(schema: Schema, inner: Schema): void {
  compiled.set(schema, fitsOf(inner));
}

function fitsOf(schema: Schema): Fits {
  const known = compiled.get(schema);
  if (known !== undefined) return known;
  const fits = compile(schema, schema._zod.def as Definition);
  compiled.set(schema, fits);
  return fits;
}

function compile(schema: Schema, def: Definition): Fits {
  // A format such as base64 is a type and a check in one.
  const own = 'check' in def ? [schema as unknown as Check] : [];
  const checks = [...own, ...((def.checks ?? []) as readonly Check[])].map(fitsCheck);
  const fitsIts = fitsType(schema, def);
  const [first, second] = checks;
  if (first === undefined) return fitsIts;
  if (second === undefined) return (value) => fitsIts(value) && first(value);
  return (value) => fitsIts(value) && checks.every((fits) => fits(value));
}

const fitsType = (schema: Schema, def: Definition): Fits => {
  const make = types[def.type] as Make<Definition> | undefined;
  return make?.(def, schema) ?? (() => false);
};

type Make<D extends Definition> = (def: D, schema: Schema) => Fits;

const types: { readonly [T in Definition['type']]?: Make<DefinitionOf<T>> } = {
  object: fitsObject,
  record: fitsRecord,
  union: fitsUnion,
  array: ({ element }) => {
    const fits = fitsOf(element);
    return (value) => Array.isArray(value) && value.every(fits);
  },
  nullable: ({ innerType }) => {
    const fits = fitsOf(innerType);
    return (value) => value === null || fits(value);
  },
  // Where there is nothing, the object that should hold it sees to it.
  optional: ({ innerType }) => fitsOf(innerType),
  default: ({ innerType }) => fitsOf(innerType),
  string: () => (value) => typeof value === 'string',
  number: () => Number.isFinite,
  boolean: () => (value) => typeof value === 'boolean',
  null: () => (value) => value === null,
  literal: ({ values }) => isOneOf(values),
  enum: ({ entries }) => isOneOf(Object.values(entries)),
  custom: () => () => true, // It is nothing but its check.
};

// What is made of JSON has its fields for itself, so that counting them finds those that no schema names.
function fitsObject({ shape }: DefinitionOf<'object'>): Fits {
  const fields = Object.entries(shape).map(([key, field]) => ({
    key,
    fits: fitsOf(field),
    mayBeAbsent: mayBeAbsent(field._zod.def as Definition),
  }));
  return (value) => {
    if (!isObject(value)) return false;
    let found = 0;
    for (const { key, fits, mayBeAbsent } of fields) {
      const field = value[key];
      if (field === undefined) {
        if (!mayBeAbsent) return false;
      } else {
        if (!fits(field)) return false;
        found += 1;
      }
    }
    return found === Object.keys(value).length;
  };
}

// Nothing stays nothing: what has a default would be filled in.
const mayBeAbsent = (def: Definition): boolean =>
  def.type === 'optional' && def.innerType._zod.optin === undefined;

function fitsRecord({ keyType, valueType }: DefinitionOf<'record'>): Fits {
  const [fitsKey, fitsValue] = [fitsOf(keyType), fitsOf(valueType)];
  return (value) =>
    isObject(value) &&
    Object.entries(value).every(
      ([key, field]) => key !== '__proto__' && fitsKey(key) && fitsValue(field),
    );
}

function fitsUnion(def: DefinitionOf<'union'>, schema: Schema): Fits {
  // The first option that accepts a value has it, and may be one that changes it.
  if (!('discriminator' in def)) return asTheSchemaSays(schema);
  const { discriminator, options } = def as z.core.$ZodDiscriminatedUnionDef;
  const byName = new Map<unknown, Fits>(
    options.flatMap((option) => {
      const names = option._zod.propValues?.[discriminator] ?? [];
      return [...names].map((name) => [name, fitsOf(option)] as const);
    }),
  );
  return (value) => isObject(value) && byName.get(value[discriminator])?.(value) === true;
}

function fitsCheck({ _zod: inner }: Check): Fits {
  const { def } = inner;
  // Those that are everywhere, without the detour.
  if ('fn' in def && typeof def.fn === 'function') {
    const fits = def.fn as (value: unknown) => unknown;
    return (value) => fits(value) === true;
  }
  if ('format' in def && def.format === 'safeint') return Number.isSafeInteger;
  if (isRegex(def)) {
    const { pattern } = def;
    if (!pattern.global && !pattern.sticky) return (value) => pattern.test(value as string);
  }
  return (value) => {
    const payload = { value, issues: [] };
    const later = inner.check(payload as never);
    return later === undefined && payload.issues.length === 0 && payload.value === value;
  };
}

const asTheSchemaSays =
  (schema: Schema): Fits =>
  (value) => {
    const answer = schema._zod.run({ value, issues: [] }, { async: false });
    return !(answer instanceof Promise) && answer.issues.length === 0 && answer.value === value;
  };

const isOneOf = (values: readonly unknown[]): Fits => {
  const [only] = values;
  return values.length === 1 ? (value) => value === only : (value) => values.includes(value);
};

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isRegex = (def: z.core.$ZodCheckDef): def is z.core.$ZodCheckRegexDef =>
  'format' in def && def.format === 'regex';
