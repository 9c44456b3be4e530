import { CommanderError } from 'commander';
import { exitCodes, Trouble, type ExitCode } from './exit-codes.js';
import { makeProgram } from './program.js';
import { wantsJson } from './wants-json.js';
import type { World } from './world.js';

/** Runs one command line, without the name of the program in it. Resolves with what a shell learns. */
export async function run(argv: readonly string[], world: World): Promise<ExitCode> {
  let exitCode: ExitCode = exitCodes.fine;
  const inJson = wantsJson(argv);
  const done = (code: ExitCode) => {
    exitCode = code;
  };
  const program = makeProgram(world, done, { saysUsage: !inJson });
  try {
    await program.parseAsync(argv, { from: 'user' });
    return exitCode;
  } catch (error) {
    const isUsage = error instanceof CommanderError;
    if (isUsage && (error.exitCode === 0 || !inJson)) return usageOf(error);
    if (!isUsage && world.interrupted.aborted) return interrupted(world);
    const { explain } = await import('./explain.js');
    const asked = { argv, flags: program.opts() };
    return explain(isUsage ? usageTrouble(error) : error, world, asked);
  }
}

// Commander has said everything already; help that was asked for is no mistake.
const usageOf = ({ exitCode }: CommanderError): ExitCode =>
  exitCode === 0 ? exitCodes.fine : exitCodes.usage;

// What Commander would have said: the mistake, and perhaps in brackets what was meant.
function usageTrouble({ code, message }: CommanderError): Trouble {
  const said = code === 'commander.help' ? 'no verb is named' : message.replace(/^error: /, '');
  const [mistake = '', ...hints] = said.split('\n');
  return new Trouble(exitCodes.usage, mistake, [...hints, 'joinleaf --help']);
}

// A reader that went away wanted no more: that is how it should be.
const interrupted = ({ interrupted: { reason } }: World): ExitCode =>
  reason instanceof Error && reason.message === 'nobody reads'
    ? exitCodes.fine
    : exitCodes.interrupted;
