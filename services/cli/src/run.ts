import { CommanderError } from 'commander';
import { bad, command, dim, line } from '@joinleaf/transcript';
import { BadWord, exitCodes, Trouble, type ExitCode } from './exit-codes.js';
import { makeProgram } from './program.js';
import { Terminal } from './terminal.js';
import type { World } from './world.js';

/** Runs one command line, without the name of the program in it. Resolves with what a shell learns. */
export async function run(argv: readonly string[], world: World): Promise<ExitCode> {
  let exitCode: ExitCode = exitCodes.fine;
  const program = makeProgram(world, (code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync(argv, { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return usageOf(error);
    if (world.interrupted.aborted) return interrupted(world);
    return explain(error, world, argv);
  }
}

// Commander has said everything already; help that was asked for is no mistake.
const usageOf = ({ exitCode }: CommanderError): ExitCode =>
  exitCode === 0 ? exitCodes.fine : exitCodes.usage;

// A reader that went away wanted no more: that is how it should be.
const interrupted = ({ interrupted: { reason } }: World): ExitCode =>
  reason instanceof Error && reason.message === 'nobody reads'
    ? exitCodes.fine
    : exitCodes.interrupted;

function explain(error: unknown, world: World, argv: readonly string[]): ExitCode {
  const options = { format: 'page', colour: true, quiet: false, width: undefined } as const;
  const terminal = new Terminal(world, options);
  const isDebugged = argv.includes('--debug');
  const trouble = error instanceof Trouble ? error : isDebugged ? null : outOfReach(error);
  if (trouble !== null) {
    if (jsonFlags.some((flag) => argv.includes(flag))) terminal.complainInJson(inJson(trouble));
    else {
      terminal.complain(
        line(bad('joinleaf: '), trouble.message),
        ...trouble.hints.map((hint) => line(dim('  '), hint)),
      );
    }
    return trouble.exitCode;
  }
  const failure = error instanceof Error ? error : new Error(String(error));
  terminal.complain(line(bad('joinleaf: '), `${failure.name}: ${failure.message}`));
  const trace = (failure.stack ?? '').split('\n').slice(1);
  if (isDebugged) terminal.complain(...trace.map((frame) => line(dim(frame))));
  else terminal.complain(line(dim('  '), 'where it happened: ', command('--debug')));
  return isUnreachable(failure) ? exitCodes.unknown : exitCodes.failure;
}

// What a broker or its streams do not answer is no failure of ours, and has its own verb.
const outOfReach = (error: unknown): Trouble | null =>
  error instanceof Error && isUnreachable(error)
    ? new Trouble(exitCodes.unknown, error.message, ['what is wrong: joinleaf doctor'])
    : null;

const jsonFlags = ['--json', '--ndjson'];

const inJson = (trouble: Trouble) => ({
  schema: 'joinleaf.error/1',
  exitCode: trouble.exitCode,
  field: trouble instanceof BadWord ? trouble.field : null,
  message: trouble.message,
  hints: trouble.hints,
});

const unreachable = new Set([
  'StreamUnreachable',
  'StreamNotFoundError',
  'BrokerUnreachable',
  'NoAnswer',
  'NobodyServes',
  'NotConnected',
]);
const isUnreachable = ({ name }: Error): boolean => unreachable.has(name);
