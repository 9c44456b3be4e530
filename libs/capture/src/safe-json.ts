import { err, ok, type Result } from '@joinleaf/multipoint';

// A capture comes from anywhere. What is read here is small, flat and has no keys that mean something to
// a program.

const depthMax = 24;
const forbidden = new Set(['__proto__', 'constructor', 'prototype']);

/** Parses JSON that may have been written by an enemy. The problem repeats nothing of the text. */
export function parseSafely(text: string): Result<unknown, string> {
  if (depthOf(text) > depthMax) return err(`is nested deeper than ${String(depthMax)} levels`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return err('is not JSON');
  }
  return hasForbiddenKey(value) ? err('has a key that no record has') : ok(value);
}

// Brackets outside of strings, counted before anything is built from the text.
function depthOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  let inString = false;
  for (let i = 0; i < text.length; i += 1) {
    const char = text[i];
    if (inString) {
      if (char === '\\') i += 1;
      else if (char === '"') inString = false;
    } else if (char === '"') {
      inString = true;
    } else if (char === '{' || char === '[') {
      depth += 1;
      if (depth > deepest) deepest = depth;
    } else if (char === '}' || char === ']') {
      depth -= 1;
    }
  }
  return deepest;
}

function hasForbiddenKey(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(value).some(([key, field]) => forbidden.has(key) || hasForbiddenKey(field));
}
