import type { Telling } from '@joinleaf/transcript';
import { command, dim, line, warn } from '@joinleaf/transcript';
import { exitCodes, type ExitCode } from './exit-codes.js';
import type { Settings } from './settings.js';
import type { Loaded, Loading } from './sources.js';
import type { Terminal } from './terminal.js';
import type { World } from './world.js';

/** What every verb works with. */
export interface VerbContext {
  readonly world: World;
  readonly terminal: Terminal;
  /** Looked up when somebody needs a server, and not before. */
  readonly settings: () => Settings;
}

export interface SourceOptions {
  /** Which session of a capture. */
  readonly session?: string | undefined;
  readonly reveal?: boolean | undefined;
}

export const loadingOf = (
  { settings, world }: VerbContext,
  { session }: SourceOptions = {},
): Loading => ({ settings, signal: world.interrupted, session });

/** How pages tell a history. */
export const tellingOf = (
  { terminal }: VerbContext,
  { redaction }: Pick<Loaded, 'redaction'>,
  { reveal }: SourceOptions,
): Telling => ({
  width: terminal.width,
  reveal: reveal === true,
  redacted: redaction?.data === true,
});

/** Says that a source is not all there, where it is not; answers what a shell learns of it. */
export function warnOf(
  { terminal }: VerbContext,
  { trouble, origin }: Pick<Loaded, 'trouble' | 'origin'>,
): ExitCode {
  if (trouble === null) return exitCodes.fine;
  terminal.complain(line(warn('! '), `${origin}: ${trouble}`));
  terminal.complain(line(dim('  what follows is told as far as it could be read')));
  return exitCodes.integrity;
}

/** The command that shows a source in another way: `joinleaf log conf-7`. */
export const next = (verb: string, { again }: Pick<Loaded, 'again'>, place = ''): string => {
  const [source = '', ...rest] = again.split(' ');
  return ['joinleaf', verb, `${source}${place}`, ...rest].join(' ');
};

/** Commands that somebody might want next. */
export function suggest({ terminal }: VerbContext, ...commands: readonly string[]): void {
  terminal.talk(
    ...commands.map((text, index) => line(dim(index === 0 ? 'next: ' : '      '), command(text))),
  );
}
