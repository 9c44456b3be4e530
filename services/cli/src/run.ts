import { CommanderError } from 'commander';
import { exitCodes, type ExitCode } from './exit-codes.js';
import { makeProgram } from './program.js';
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
    const { explain } = await import('./explain.js');
    return explain(error, world, { argv, flags: program.opts() });
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
