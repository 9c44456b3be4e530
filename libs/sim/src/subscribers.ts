import type { Subscriber } from './network.js';

interface Entry {
  readonly subscriber: Subscriber;
  readonly pattern: readonly string[];
}

/** Tokens that subscribers are found by; the rest is compared. */
const indexedTokens = 3;

/** Who listens to what, with wildcards: found by the first tokens of a subject. */
export class Subscribers {
  readonly #byBeginning = new Map<string, Set<Entry>>();

  /** Answers how to end it. */
  add(subscriber: Subscriber): () => void {
    const pattern = subscriber.subject.split('.');
    const entry = { subscriber, pattern };
    const beginning = beginningOf(pattern);
    const beside = this.#byBeginning.get(beginning) ?? new Set();
    this.#byBeginning.set(beginning, beside.add(entry));
    return () => {
      beside.delete(entry);
    };
  }

  clear(): void {
    for (const entries of this.#byBeginning.values()) entries.clear();
  }

  of(subject: string): readonly Subscriber[] {
    const tokens = subject.split('.');
    const found: Subscriber[] = [];
    for (let count = 0; count <= indexedTokens; count += 1) {
      const beside = this.#byBeginning.get(tokens.slice(0, count).join('.'));
      for (const { subscriber, pattern } of beside ?? []) {
        if (matches(pattern, tokens)) found.push(subscriber);
      }
    }
    return found;
  }
}

function beginningOf(pattern: readonly string[]): string {
  const wildcard = pattern.findIndex((token) => token === '*' || token === '>');
  const literal = wildcard < 0 ? pattern.length : wildcard;
  return pattern.slice(0, Math.min(literal, indexedTokens)).join('.');
}

/** Whether a subject with wildcards takes in another one. */
export function matches(pattern: readonly string[], tokens: readonly string[]): boolean {
  for (const [index, token] of pattern.entries()) {
    if (token === '>') return tokens.length > index;
    if (index >= tokens.length || (token !== '*' && token !== tokens[index])) return false;
  }
  return pattern.length === tokens.length;
}
