import { types } from 'node:util';

// The program's own memory: nothing in it can be trusted to be what its type says. Everything is read once, and
// what throws or is of another kind reads as null.

/** These properties of an object; null for what is no object, or throws. */
export function fieldsOf<const K extends string>(
  value: unknown,
  names: readonly K[],
): Readonly<Record<K, unknown>> | null {
  if (!isObject(value)) return null;
  try {
    const entries = names.map((name) => [name, Reflect.get(value, name)] as const);
    return Object.fromEntries(entries) as Readonly<Record<K, unknown>>;
  } catch {
    return null;
  }
}

/** Writes properties of an object; false where that fails. */
export function write(target: unknown, fields: Readonly<Record<string, unknown>>): boolean {
  if (!isObject(target)) return false;
  try {
    return Object.entries(fields).every(([name, value]) => Reflect.set(target, name, value));
  } catch {
    return false;
  }
}

/** What a cell holds; undefined for what is no cell. */
export const valueIn = (cell: unknown): unknown => fieldsOf(cell, ['value'])?.value;

/** The first elements of an array, each read once; null for what is none, or has fewer. */
export function elementsOf(value: unknown, count: number): readonly unknown[] | null {
  const length = lengthOf(value);
  if (length === null || length < count) return null;
  const names = Array.from({ length: count }, (_, index) => String(index));
  const elements = fieldsOf(value, names);
  return elements === null ? null : names.map((name) => elements[name]);
}

export function lengthOf(value: unknown): number | null {
  const length = fieldsOf(value, ['length'])?.length;
  return isWhole(length, 0, dwordMax) && typeof value !== 'function' ? length : null;
}

export const isWhole = (value: unknown, least: number, most: number): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most;

export const dwordMax = 0xffff_ffff;

export const isDword = (value: unknown): value is number => isWhole(value, 0, dwordMax);

const isObject = (value: unknown): value is object =>
  (typeof value === 'object' && value !== null) || typeof value === 'function';

/** The memory behind a WSABUF: as many bytes as it says; null where it says more than there is. */
export function memoryOf(buffer: unknown): Uint8Array | null {
  const fields = fieldsOf(buffer, ['len', 'buf']);
  if (fields === null || !isDword(fields.len)) return null;
  const { len, buf } = fields;
  if (len === 0) return new Uint8Array();
  if (!types.isUint8Array(buf)) return null;
  try {
    const all = new Uint8Array(buf.buffer, buf.byteOffset, buf.byteLength);
    return len <= all.length ? all.subarray(0, len) : null;
  } catch {
    return null;
  }
}
