import type { Basis } from '@joinleaf/event-log';
import type { Result, Session, SessionAddress } from '@joinleaf/multipoint';
import { basisText } from '@joinleaf/replay';
import { exitCodes, Trouble } from '../exit-codes.js';
import type { Loaded } from '../sources.js';

/** A state, and where it was. */
export interface Placed {
  readonly basis: Basis;
  readonly state: Session;
}

/** The states of one session. What is asked of them is what is read: of a long history not all of it. */
export interface States extends AsyncDisposable {
  readonly session: SessionAddress;
  /** As far as it was read. */
  readonly source: Pick<Loaded, 'origin' | 'again' | 'redaction' | 'trouble'>;
  /**
   * The state at a position, or at the end where none is given.
   *
   * @throws Trouble (not found) for a position that the session does not have, or a session that is not there.
   */
  at(basis: Basis | null): Promise<Placed>;
}

/** The end of a history, as a position that it never reaches. */
export const noEnd: Basis = { revision: Infinity, decisions: 0 };

/**
 * Throws Trouble (not found) where there is no such position.
 *
 * @param trouble - What is wrong with the source, which may be why.
 */
export function placed(
  session: SessionAddress,
  basis: Basis,
  found: Result<Session, Basis>,
  trouble: string | null = null,
): Placed {
  if (found.ok) return { basis, state: found.value };
  throw new Trouble(exitCodes.notFound, `${session} has no ${basisText(basis)}`, [
    ...(trouble === null ? [] : [trouble]),
    `as far as it goes: ${session}${basisText(found.error)}`,
  ]);
}
