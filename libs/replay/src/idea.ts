import type { SessionCommand, SessionEvent } from '@joinleaf/multipoint';

/** What might have been different for a refused command. */
export interface Idea {
  readonly words: string;
  /** What would have happened first. */
  readonly events?: readonly SessionEvent[];
  /** What would have been asked instead. */
  readonly command?: SessionCommand;
}
