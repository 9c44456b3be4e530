/** `A`, `B`, … `Z`, `AA`: names for the first, the second … thing. */
export function letters(count: number): string {
  let rest = count;
  let text = '';
  while (rest > 0) {
    const digit = (rest - 1) % 26;
    text = String.fromCharCode(65 + digit) + text;
    rest = (rest - 1 - digit) / 26;
  }
  return text;
}

/** Other names for things, the same one whenever the same thing is named. */
export class Pseudonyms {
  readonly #names = new Map<string, string>();
  readonly #make: (count: number) => string;

  /** @param make - The name for the how-manieth thing, from 1. */
  constructor(make: (count: number) => string) {
    this.#make = make;
  }

  of(name: string): string {
    const known = this.#names.get(name);
    if (known !== undefined) return known;
    const made = this.#make(this.#names.size + 1);
    this.#names.set(name, made);
    return made;
  }
}
