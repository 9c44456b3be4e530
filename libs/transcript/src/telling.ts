import type { DataTelling } from './words.js';

/** How a page is to be written. */
export interface Telling extends DataTelling {
  /** Columns of a line at most; null for no bound. */
  readonly width: number | null;
}

/** The part of a history that is wanted. Nothing is renumbered by it. */
export interface Extract {
  /** Revisions, both included. */
  readonly from?: number | undefined;
  readonly to?: number | undefined;
}
