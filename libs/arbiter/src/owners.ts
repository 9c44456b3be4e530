import { partitionCount } from '@joinleaf/wire';

// Highest random weight: each partition goes to the name that weighs most with it. Everybody who knows the same
// names finds the same owners, and when a name comes or goes, only what it gains or had changes hands.

/** The owner of each partition, by its number, among the names that are given; null when there are none. */
export const ownersOf = (names: Iterable<string>): readonly (string | null)[] => {
  const distinct = [...new Set(names)].map((name) => ({ name, seed: hashOf(name) }));
  return Array.from({ length: partitionCount }, (_, partition) => heaviest(distinct, partition));
};

interface Candidate {
  readonly name: string;
  readonly seed: number;
}

function heaviest(candidates: readonly Candidate[], partition: number): string | null {
  let best: { readonly name: string; readonly weight: number } | null = null;
  for (const { name, seed } of candidates) {
    const weight = mixed(seed ^ Math.imul(partition + 1, 0x9e3779b1));
    const wins =
      best === null || weight > best.weight || (weight === best.weight && name > best.name);
    if (wins) best = { name, weight };
  }
  return best?.name ?? null;
}

/** FNV-1a, 32 bit. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash;
}

// Names often differ in their last digit alone; this lets every bit of them count.
function mixed(value: number): number {
  let bits = value;
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}
