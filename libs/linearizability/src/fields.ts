import { assert, err, ok, type Result } from '@joinleaf/multipoint';

// Reads a value that may be anything, and says which field of it is not what it should be.

/** What is wrong, and where: `[1].operations[3].output.code`; empty for all of it. */
export interface Misfit {
  readonly field: string;
  readonly problem: string;
}

export type Read<T> = (value: unknown, field: string) => Result<T, Misfit>;

const misfit = (field: string, problem: string) => err({ field, problem });

/** A value that passes a test; `what` says what it should be. */
export const valueOf =
  <T>(what: string, holds: (value: unknown) => value is T): Read<T> =>
  (value, field) =>
    holds(value) ? ok(value) : misfit(field, `is not ${what}`);

export const textOf = <T extends string>(what: string, holds: (text: string) => boolean): Read<T> =>
  valueOf(what, (value): value is T => typeof value === 'string' && holds(value));

export const oneOf = <const T extends string>(...words: readonly T[]): Read<T> =>
  textOf(`one of ${words.join(', ')}`, (text) => words.some((word) => word === text));

/** A whole number from `min`, small enough to be exact. */
export const numberFrom = (min: number): Read<number> =>
  valueOf(
    `a whole number from ${String(min)} to 2^53 - 1`,
    (value): value is number => Number.isSafeInteger(value) && Number(value) >= min,
  );

export const orNull =
  <T>(read: Read<T>): Read<T | null> =>
  (value, field) =>
    value === null ? ok(null) : read(value, field);

export const listOf =
  <T>(read: Read<T>): Read<readonly T[]> =>
  (value, field) => {
    if (!Array.isArray(value)) return misfit(field, 'is not a list');
    const items: T[] = [];
    for (const [index, item] of value.entries()) {
      const one = read(item, `${field}[${String(index)}]`);
      if (!one.ok) return one;
      items.push(one.value);
    }
    return ok(items);
  };

type Readers = Readonly<Record<string, Read<unknown>>>;
type Fields<R extends Readers> = {
  readonly [K in keyof R]: R[K] extends Read<infer T> ? T : never;
};

/** An object with these fields and no others. */
export const fieldsOf = <M extends Readers>(must: M): Read<Fields<M>> => fieldsWith(must, {});

/** An object with these fields and no others; of `may`, what is left out stays out. */
export const fieldsWith =
  <M extends Readers, O extends Readers>(must: M, may: O): Read<Fields<M> & Partial<Fields<O>>> =>
  (value, field) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      return misfit(field, 'is not an object');
    }
    const readers = new Map(Object.entries({ ...must, ...may }));
    const unknown = Object.keys(value).find((key) => !readers.has(key));
    if (unknown !== undefined)
      return misfit(within(field, unknown), 'is a field that nobody knows');
    const read: [string, unknown][] = [];
    for (const [key, reader] of readers) {
      if (!Object.hasOwn(value, key)) {
        if (Object.hasOwn(must, key)) return misfit(within(field, key), 'is missing');
        continue;
      }
      const one = reader((value as Record<string, unknown>)[key], within(field, key));
      if (!one.ok) return one;
      read.push([key, one.value]);
    }
    return ok(Object.fromEntries(read) as Fields<M> & Partial<Fields<O>>);
  };

/** An object whose `type` says which fields it has. */
export const typedBy =
  <R extends Readonly<Record<string, Read<object>>>>(
    kinds: R,
  ): Read<
    {
      [K in keyof R & string]: R[K] extends Read<infer T> ? { readonly type: K } & T : never;
    }[keyof R & string]
  > =>
  (value, field) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      return misfit(field, 'is not an object');
    }
    const { type, ...rest } = value as Readonly<Record<string, unknown>>;
    const kind = oneOf(...Object.keys(kinds))(type, within(field, 'type'));
    if (!kind.ok) return kind;
    const reader = kinds[kind.value];
    assert(reader !== undefined, 'a kind is one of those that are known');
    const read = reader(rest, field);
    return read.ok ? ok({ type: kind.value, ...read.value } as never) : read;
  };

export const within = (field: string, key: string): string =>
  field === '' ? shown(key) : `${field}.${shown(key)}`;

const shown = (key: string): string =>
  /^\w{1,40}$/.test(key) ? key : JSON.stringify(key.slice(0, 40));
