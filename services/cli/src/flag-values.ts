import { isName } from '@joinleaf/multipoint';
import { BadWord, echoed, nameHint } from './exit-codes.js';

/** One of some words. Throws BadWord that lists them. */
export function choice<const T extends string>(
  flag: string,
  value: string,
  choices: readonly T[],
): T {
  const found = choices.find((one) => one === value);
  if (found !== undefined) return found;
  throw new BadWord(flag, `${flag} is ${choices.join(' or ')}`);
}

/** A count from 1. */
export function whole(flag: string, text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new BadWord(flag, `${flag} is a number from 1`);
}

/** Names with commas between them. */
export function names(flag: string, list: string): readonly string[] {
  const all = list.split(',').map((name) => name.trim());
  const wrong = all.find((name) => !isName(name));
  if (wrong === undefined) return all;
  throw new BadWord(flag, `${flag}: ${echoed(wrong)} is not a name`, [`a name is ${nameHint}`]);
}
