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

/** A word that cannot be meant. Its message names what it was given for. */
export class BadWord extends Trouble {
  constructor(
    /** An argument or an option as the help names it, such as `source` or `--realm`. */
    readonly field: string,
    message: string,
    hints: readonly string[] = [],
  ) {
    super(exitCodes.usage, message, hints);
  }
}

const echoMax = 60;

/** A word as it was given, for messages. */
export const echoed = (text: string): string =>
  JSON.stringify(text.length <= echoMax ? text : `${text.slice(0, echoMax - 1)}…`);

/** What names are made of, for hints. */
export const nameHint = '1 to 64 of A-Z, a-z, 0-9, _ and -';
