// A hash trie (Bagwell, "Ideal Hash Trees") whose versions share what they have in common, so that a
// session of many thousand members gains or loses one in a few steps and old states stay as they were.
// Iteration follows insertion: the order of FD_CLOSE is the order of the joins.

interface Leaf<V> {
  readonly hash: number;
  readonly key: string;
  readonly value: V;
  readonly order: number;
}

interface Collision<V> {
  readonly hash: number;
  readonly leaves: readonly Leaf<V>[];
}

interface Branch<V> {
  readonly bitmap: number;
  readonly children: readonly Node<V>[];
}

type Node<V> = Leaf<V> | Collision<V> | Branch<V>;

const bitsPerLevel = 5;
const mask = 31;

/** An immutable map from text to `V`. `set` and `delete` answer a new map and leave this one alone. */
export class PersistentMap<V> implements Iterable<readonly [string, V]> {
  static readonly #empty = new PersistentMap<never>(null, 0, 0);

  readonly #root: Node<V> | null;
  readonly #next: number;
  readonly size: number;

  private constructor(root: Node<V> | null, size: number, next: number) {
    this.#root = root;
    this.size = size;
    this.#next = next;
  }

  static empty<V>(): PersistentMap<V> {
    return PersistentMap.#empty;
  }

  get(key: string): V | undefined {
    return this.#root === null ? undefined : find(this.#root, hashOf(key), key)?.value;
  }

  has(key: string): boolean {
    return this.#root !== null && find(this.#root, hashOf(key), key) !== undefined;
  }

  /** Sets a value. A key that was there keeps its place in the order. */
  set(key: string, value: V): PersistentMap<V> {
    const leaf: Leaf<V> = { hash: hashOf(key), key, value, order: this.#next };
    if (this.#root === null) return new PersistentMap(leaf, 1, this.#next + 1);
    const found = { there: false };
    const root = insert(this.#root, leaf, 0, found);
    return found.there
      ? new PersistentMap(root, this.size, this.#next)
      : new PersistentMap(root, this.size + 1, this.#next + 1);
  }

  delete(key: string): PersistentMap<V> {
    if (this.#root === null) return this;
    const root = remove(this.#root, hashOf(key), key, 0);
    return root === this.#root ? this : new PersistentMap(root, this.size - 1, this.#next);
  }

  /** The values that are wanted, in their order. A few of many cost a look at each: only they are sorted. */
  filter(isWanted: (value: V) => boolean): readonly V[] {
    return this.#leaves(isWanted).map(({ value }) => value);
  }

  *entries(): Generator<readonly [string, V]> {
    for (const { key, value } of this.#leaves(() => true)) yield [key, value];
  }

  *keys(): Generator<string> {
    for (const [key] of this.entries()) yield key;
  }

  *values(): Generator<V> {
    for (const [, value] of this.entries()) yield value;
  }

  [Symbol.iterator](): Generator<readonly [string, V]> {
    return this.entries();
  }

  #leaves(isWanted: (value: V) => boolean): readonly Leaf<V>[] {
    const leaves: Leaf<V>[] = [];
    if (this.#root !== null) collect(this.#root, isWanted, leaves);
    return leaves.sort((a, b) => a.order - b.order);
  }
}

// FNV-1a, finished with murmur's last mix, because the trie reads the low bits first.
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return hash ^ (hash >>> 13); // Signed: an integer that V8 keeps without a box.
}

const isBranch = <V>(node: Node<V>): node is Branch<V> => 'children' in node;
const isCollision = <V>(node: Node<V>): node is Collision<V> => 'leaves' in node;

const bitAt = (hash: number, depth: number): number =>
  1 << ((hash >>> (depth * bitsPerLevel)) & mask);

function popCount(bits: number): number {
  let n = bits - ((bits >>> 1) & 0x55555555);
  n = (n & 0x33333333) + ((n >>> 2) & 0x33333333);
  return Math.imul((n + (n >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

const indexOf = (bitmap: number, bit: number): number => popCount(bitmap & (bit - 1));

function find<V>(root: Node<V>, hash: number, key: string): Leaf<V> | undefined {
  let node: Node<V> | undefined = root;
  for (let depth = 0; node !== undefined && isBranch(node); depth += 1) {
    const bit = bitAt(hash, depth);
    node = (node.bitmap & bit) === 0 ? undefined : node.children[indexOf(node.bitmap, bit)];
  }
  if (node === undefined) return undefined;
  if (isCollision(node)) return node.leaves.find((leaf) => leaf.key === key);
  return node.hash === hash && node.key === key ? node : undefined;
}

// Says in `found` whether the key was there; then it keeps its place in the order.
function insert<V>(node: Node<V>, leaf: Leaf<V>, depth: number, found: Found): Node<V> {
  if (isBranch(node)) {
    const bit = bitAt(leaf.hash, depth);
    const at = indexOf(node.bitmap, bit);
    const child = node.children[at];
    if ((node.bitmap & bit) === 0 || child === undefined) {
      return { bitmap: node.bitmap | bit, children: node.children.toSpliced(at, 0, leaf) };
    }
    const after = insert(child, leaf, depth + 1, found);
    return { bitmap: node.bitmap, children: node.children.with(at, after) };
  }
  if (node.hash !== leaf.hash) return fork(node, leaf, depth);
  const leaves = isCollision(node) ? node.leaves : [node];
  const before = leaves.find((other) => other.key === leaf.key);
  if (before === undefined) return { hash: leaf.hash, leaves: [...leaves, leaf] };
  found.there = true;
  const after = { ...leaf, order: before.order };
  if (!isCollision(node)) return after;
  return { hash: leaf.hash, leaves: leaves.map((other) => (other === before ? after : other)) };
}

interface Found {
  there: boolean;
}

function fork<V>(one: Leaf<V> | Collision<V>, other: Leaf<V>, depth: number): Branch<V> {
  const [bitOne, bitOther] = [bitAt(one.hash, depth), bitAt(other.hash, depth)];
  if (bitOne === bitOther) return { bitmap: bitOne, children: [fork(one, other, depth + 1)] };
  // Bit 31 is negative as a signed number: compare places, not bits.
  const oneFirst = bitOne >>> 0 < bitOther >>> 0;
  return { bitmap: bitOne | bitOther, children: oneFirst ? [one, other] : [other, one] };
}

// Answers the same node when the key is not there, and null when nothing else was.
function remove<V>(node: Node<V>, hash: number, key: string, depth: number): Node<V> | null {
  if (isCollision(node)) {
    const [left, ...more] = node.leaves.filter((leaf) => leaf.key !== key);
    if (left === undefined) return null;
    if (more.length + 1 === node.leaves.length) return node;
    return more.length === 0 ? left : { hash: node.hash, leaves: [left, ...more] };
  }
  if (!isBranch(node)) return node.key === key ? null : node;
  const bit = bitAt(hash, depth);
  const at = indexOf(node.bitmap, bit);
  const child = node.children[at];
  if ((node.bitmap & bit) === 0 || child === undefined) return node;
  const rest = remove(child, hash, key, depth + 1);
  if (rest === child) return node;
  if (rest !== null) {
    return lift({ bitmap: node.bitmap, children: node.children.with(at, rest) });
  }
  if (node.children.length === 1) return null;
  return lift({ bitmap: node.bitmap & ~bit, children: node.children.toSpliced(at, 1) });
}

// A branch with one leaf left is that leaf again.
function lift<V>(node: Branch<V>): Node<V> {
  const [only] = node.children;
  return node.children.length === 1 && only !== undefined && !isBranch(only) ? only : node;
}

function collect<V>(node: Node<V>, isWanted: (value: V) => boolean, into: Leaf<V>[]): void {
  if (isBranch(node)) for (const child of node.children) collect(child, isWanted, into);
  else if (isCollision(node)) into.push(...node.leaves.filter(({ value }) => isWanted(value)));
  else if (isWanted(node.value)) into.push(node);
}
