import type { RefusalRecord } from '@joinleaf/event-log';
import type { SessionAddress } from '@joinleaf/multipoint';
import type { HistoryPart, Wanted } from '@joinleaf/replay';
import type { Loaded } from '../sources.js';

/** A part of one session's history, and where it is from. */
export interface LoadedPart extends HistoryPart {
  readonly session: SessionAddress;
  readonly source: Omit<Loaded, 'history' | 'nodes'>;
}

/** The history of one session. What is asked of it is what is read: of a long one not all of it. */
export interface Parts extends AsyncDisposable {
  /** Every refusal that is kept, in the order they were stored. */
  refusals(): Promise<readonly RefusalRecord[]>;
  /** 0 where it is not known. */
  lastRevision(): Promise<number>;
  /** Throws Trouble (not found) for a session that is not there. */
  part(wanted: Wanted): Promise<LoadedPart>;
  /** All of it. Throws Trouble (not found). */
  whole(): Promise<Loaded>;
}
