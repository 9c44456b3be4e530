import { isReference, type Reference } from './messages.js';

/** The objects of a program that tests hold references to. */
export class Objects {
  readonly #byNumber = new Map<number, object>();
  readonly #numbers = new Map<object, number>();

  keep(value: object): Reference {
    const known = this.#numbers.get(value);
    if (known !== undefined) return { $object: known };
    const number = this.#byNumber.size + 1;
    this.#byNumber.set(number, value);
    this.#numbers.set(value, number);
    return { $object: number };
  }

  get({ $object }: Reference): object {
    const value = this.#byNumber.get($object);
    if (value === undefined) throw new Error(`there is no object ${String($object)}`);
    return value;
  }

  /** What came from the test, with the objects that it refers to. */
  received(value: unknown): unknown {
    if (isReference(value)) return this.get(value);
    return isTree(value) ? mapped(value, (part) => this.received(part)) : value;
  }

  /** What goes to the test: values as they are, and references to what is no value. */
  sent(value: unknown): unknown {
    if (typeof value === 'function') return this.keep(value);
    if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value;
    if (this.#numbers.has(value)) return this.keep(value);
    return isTree(value) ? mapped(value, (part) => this.sent(part)) : this.keep(value);
  }
}

type Tree = readonly unknown[] | Readonly<Record<string, unknown>>;

// Neither an object of a class nor one with functions in it is a value.
function isTree(value: unknown): value is Tree {
  if (Array.isArray(value)) return true;
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return false;
  return !Object.values(value).some((part) => typeof part === 'function');
}

const mapped = (tree: Tree, map: (part: unknown) => unknown): unknown =>
  Array.isArray(tree)
    ? tree.map(map)
    : Object.fromEntries(Object.entries(tree).map(([name, part]) => [name, map(part)]));
