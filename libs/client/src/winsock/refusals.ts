import type { Facts, Refusal, Result, Rule } from '@joinleaf/multipoint';
import { refusedHere } from '../refused.js';
import { write } from './memory.js';
import { newErrno } from './structures.js';

/** A refusal, with the words of whoever made it if they are known. */
export type Refused = Refusal & { readonly message?: string };

/** What a call ends with: its value, or why not. */
export type Outcome = Result<number, Refused>;

/** A pointer to what cannot be read or written, or a length that lies (E9). */
export const fault: Refusal = { code: 'WSAEFAULT', rule: 'E9' };

/** A number that is none of its parameter's. */
export const invalid = (rule: Rule, facts?: Facts): Refusal =>
  facts === undefined ? { code: 'WSAEINVAL', rule } : { code: 'WSAEINVAL', rule, facts };

/** Puts the end of a call into its error cell; one that cannot be written is let be. */
export function tell(lpErrno: unknown, refused: Refused | null): void {
  if (refused === null) {
    write(lpErrno, { ...newErrno() });
    return;
  }
  const { code: name, number, rule, message, facts } = refusedHere(refused);
  write(lpErrno, { name, number, rule, message: refused.message ?? message, facts });
}
