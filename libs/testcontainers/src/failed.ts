import { NotReady } from './becomes-ready.js';

/** A container did not start, or was not ready in time. Everything that was started is gone again. */
export class CoordinatorFailed extends Error {
  override readonly name = 'CoordinatorFailed';
  /** The last that the container said. */
  readonly lastLines: readonly string[];

  constructor(
    /** The container: `session-2`. */
    readonly part: string,
    cause: unknown,
  ) {
    const lastLines = cause instanceof NotReady ? cause.lastLines : [];
    const reason = cause instanceof Error ? cause.message.trim() : String(cause);
    super([`${part} did not become ready: ${reason}`, ...lastLines].join('\n  '), { cause });
    this.lastLines = lastLines;
  }
}
