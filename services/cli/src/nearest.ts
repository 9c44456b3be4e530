const distanceMax = 2;
const namesMax = 3;

/** The names that somebody may have meant. */
export function nearest(typed: string, names: readonly string[]): readonly string[] {
  return names
    .map((name) => ({ name, distance: distanceOf(typed, name) }))
    .filter(({ distance, name }) => distance <= distanceMax || name.startsWith(typed))
    .sort((a, b) => a.distance - b.distance)
    .slice(0, namesMax)
    .map(({ name }) => name);
}

// Letters to change, add or take away (Levenshtein), one row of the table at a time.
function distanceOf(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > distanceMax) return distanceMax + 1;
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
