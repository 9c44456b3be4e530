import { bad, command, dim, line } from '@joinleaf/transcript';
import { BadWord, exitCodes, Trouble, type ExitCode } from './exit-codes.js';
import { Terminal } from './terminal.js';
import type { World } from './world.js';

/** Says on stderr why a verb has ended, and answers what a shell learns of it. */
export function explain(error: unknown, world: World, argv: readonly string[]): ExitCode {
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
