// A log that is no longer what it was is not a caller's mistake and not an outcome: whoever meets it
// stops serving that session, or that log, and says why.

/** A draft that must not be sent: a name or an id in it does not fit the grammar. */
export class BadDraft extends Error {
  override readonly name = 'BadDraft';
  constructor(
    readonly field: string,
    problem: string,
  ) {
    super(`the draft's ${field} ${problem}`);
  }
}

/** A stored message that is no commit we can read. It stays in the log, and in the way. */
export class UnreadableCommit extends Error {
  override readonly name = 'UnreadableCommit';
  constructor(
    readonly sequence: number,
    readonly subject: string,
    readonly reason: string,
  ) {
    super(`message ${String(sequence)} on ${subject} is no commit: ${reason}`);
  }
}

/** The log has lost what it had acknowledged, or is another log under the same name. */
export class LogRegressed extends Error {
  override readonly name = 'LogRegressed';
  constructor(
    /** What the log held when it was last seen. */
    readonly expectedSequence: number,
    readonly lastSequence: number,
    detail: string,
  ) {
    super(
      `the log ends at ${String(lastSequence)} and once held ${String(expectedSequence)}: ${detail}`,
    );
  }
}
