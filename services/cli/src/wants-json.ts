const jsonFlags = ['--json', '--ndjson'];

/** Whether a program reads what a command line says, as far as that shows before it is understood. */
export const wantsJson = (argv: readonly string[]): boolean =>
  jsonFlags.some((flag) => argv.includes(flag));
