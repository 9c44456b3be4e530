import type { Command } from 'commander';
import type { ExitCode } from './exit-codes.js';
import type { VerbContext } from './verb.js';

/** What a verb's module does with its context and its arguments. */
export type Verb = (context: VerbContext) => Promise<ExitCode>;
/** Runs a verb for the command it was called by. */
export type Act = (command: Command, verb: Verb) => Promise<void>;
