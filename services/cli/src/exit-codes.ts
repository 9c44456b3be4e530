/** What a shell learns. */
export const exitCodes = {
  fine: 0,
  failure: 1,
  usage: 2,
  notFound: 3,
  divergence: 4,
  integrity: 5,
  /** The outcome is unknown, or the server cannot be reached. */
  unknown: 6,
  interrupted: 130,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** A verb ends here: what happened, why probably, and what to do next. */
export class Trouble extends Error {
  override readonly name = 'Trouble';
  constructor(
    readonly exitCode: ExitCode,
    message: string,
    /** Lines below the message: why, and the next command. */
    readonly hints: readonly string[] = [],
  ) {
    super(message);
  }
}
