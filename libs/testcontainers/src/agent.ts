import type { Part } from './part.js';

/** A leaf agent in a container, and how programs speak with it. */
export interface Agent {
  readonly node: string;
  readonly part: Part;
  /** Where its HTTP edge is, without a slash at the end. */
  readonly url: string;
  /** What every request needs. */
  readonly headers: Readonly<Record<'authorization', string>>;
}
