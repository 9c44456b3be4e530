import { bad, command, dim, line } from '@joinleaf/transcript';
import { BadWord, exitCodes, Trouble, type ExitCode } from './exit-codes.js';
import type { SettingsFlags } from './settings.js';
import { quoted } from './targets.js';
import { Terminal } from './terminal.js';
import { wantsJson } from './wants-json.js';
import type { World } from './world.js';

/** What was typed. */
export interface Asked {
  readonly argv: readonly string[];
  /** Where it was to be asked. */
  readonly flags: SettingsFlags;
}

/** Says on stderr why a verb has ended, and answers what a shell learns of it. */
export function explain(error: unknown, world: World, { argv, flags }: Asked): ExitCode {
  const options = { format: 'page', colour: true, quiet: false, width: undefined } as const;
  const terminal = new Terminal(world, options);
  const isDebugged = argv.includes('--debug');
  const trouble = error instanceof Trouble ? error : isDebugged ? null : known(error, flags);
  if (trouble !== null) {
    if (wantsJson(argv)) terminal.complainInJson(inJson(trouble));
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
  return known(failure, flags)?.exitCode ?? exitCodes.failure;
}

function known(error: unknown, flags: SettingsFlags): Trouble | null {
  if (!(error instanceof Error)) return null;
  if (error.name === 'BadArgument') {
    const field = 'field' in error && typeof error.field === 'string' ? error.field : '';
    return new BadWord(field, error.message);
  }
  // What a broker or its streams do not answer is no failure of ours, and has its own verb.
  if (!isUnreachable(error)) return null;
  const doctor = ['joinleaf doctor', ...connectionWords(flags)].join(' ');
  return new Trouble(exitCodes.unknown, error.message, [`what is wrong: ${doctor}`]);
}

// Elsewhere, a doctor would find something else.
const connectionWords = (flags: SettingsFlags): readonly string[] =>
  connectionFlags.flatMap(([word, key]) => {
    const value = flags[key];
    return value === undefined ? [] : [word, quoted(value)];
  });

const connectionFlags = [
  ['--servers', 'servers'],
  ['--realm', 'realm'],
  ['--user', 'user'],
  ['--pass-file', 'passFile'],
  ['--context', 'context'],
  ['--timeout', 'timeout'],
] as const;

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
