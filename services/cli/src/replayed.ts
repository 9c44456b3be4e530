import type { SessionReplay } from '@joinleaf/replay';

/** What became of one source. */
export interface Replayed {
  readonly replay: SessionReplay;
  readonly origin: string;
  readonly again: string;
  /** Why the source itself is not all there. */
  readonly trouble: string | null;
}
