// A session remembers every command that it has decided, for good: that is what H9 rests on. The command itself lies in the
// log; here are two numbers for each, the hash of its id and the sequence of its commit.

/** So many are searched one by one; more lie in a table. */
const fewMax = 8;
/** A table is filled up to this share. */
const loadMax = 0.7;

/** Where the ids of decided commands lie in the log, in 16 to 46 bytes each. */
export class DecidedIds {
  // Pairs of hash and sequence. A few stand in a row; many lie where their hash says or behind it, and 0 is a free place.
  #pairs: number[] = [];
  #count = 0;

  get size(): number {
    return this.#count;
  }

  add(commandId: string, sequence: number): void {
    const hash = hashOf(commandId);
    this.#count += 1;
    if (this.#count <= fewMax) {
      this.#pairs = [...this.#pairs, hash, sequence]; // Pushing would make room for many more.
      return;
    }
    if (this.#count === fewMax + 1 || this.#count * 2 > this.#pairs.length * loadMax) this.#grow();
    put(this.#pairs, hash, sequence);
  }

  /** The sequences of commits that may hold a command; different ids may have the same hash, so each has to be looked at. */
  find(commandId: string): readonly number[] {
    const hash = hashOf(commandId);
    const pairs = this.#pairs;
    const found: number[] = [];
    if (this.#count <= fewMax) {
      for (let at = 0; at < pairs.length; at += 2) {
        if (pairs[at] === hash) found.push(pairs[at + 1] ?? 0);
      }
      return found;
    }
    for (let at = placeOf(hash, pairs); pairs[at] !== 0; at = after(at, pairs)) {
      if (pairs[at] === hash) found.push(pairs[at + 1] ?? 0);
    }
    return found;
  }

  clear(): void {
    this.#pairs = [];
    this.#count = 0;
  }

  #grow(): void {
    const old = this.#pairs;
    let length = 64;
    while (this.#count * 2 > (length * loadMax) / 1.5) length *= 2;
    this.#pairs = new Array<number>(length).fill(0);
    for (let at = 0; at < old.length; at += 2) {
      const [hash = 0, sequence = 0] = [old[at], old[at + 1]];
      if (hash !== 0) put(this.#pairs, hash, sequence);
    }
  }
}

function put(pairs: number[], hash: number, sequence: number): void {
  let at = placeOf(hash, pairs);
  while (pairs[at] !== 0) at = after(at, pairs);
  pairs[at] = hash;
  pairs[at + 1] = sequence;
}

// The length is a power of two, and a pair begins at an even place.
const placeOf = (hash: number, pairs: readonly number[]): number => (hash % (pairs.length / 2)) * 2;

const after = (at: number, pairs: readonly number[]): number => (at + 2) % pairs.length;

/** Two lanes of FNV-1a, from 1 to 2^52: a number that JavaScript holds exactly. */
function hashOf(text: string): number {
  let high = 0x811c9dc5;
  let low = 0x2f0b4c47;
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    high = Math.imul(high ^ code, 0x01000193);
    low = Math.imul(low ^ code, 0x85ebca6b);
  }
  high = Math.imul(high ^ (high >>> 15), 0xc2b2ae35);
  low = Math.imul(low ^ (low >>> 13), 0x9e3779b1);
  return ((high ^ (high >>> 16)) >>> 0) * 2 ** 20 + ((low ^ (low >>> 16)) >>> 12) + 1;
}
