/** JSON with sorted keys, so that equal values have equal texts. Undefined fields are left out. */
export function canonicalJson(value: unknown): string {
  if (value === undefined) return 'null';
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  const fields = Object.entries(value)
    .filter(([, field]) => field !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, field]) => `${JSON.stringify(key)}:${canonicalJson(field)}`);
  return `{${fields.join(',')}}`;
}

/** Whether two values have the same canonical JSON, without writing it. */
export function sameJson(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) || Array.isArray(b)) return sameLists(a, b);
  const [left, right] = [definedKeys(a), definedKeys(b)];
  return (
    left.length === right.length &&
    left.every(
      (key) =>
        Object.hasOwn(b, key) && sameJson(a[key as keyof typeof a], b[key as keyof typeof b]),
    )
  );
}

const sameLists = (a: object, b: object): boolean =>
  Array.isArray(a) &&
  Array.isArray(b) &&
  a.length === b.length &&
  a.every((item, index) => sameJson(item, b[index]));

const definedKeys = (value: object): readonly string[] =>
  Object.entries(value).flatMap(([key, field]) => (field === undefined ? [] : [key]));
