import { resolve } from 'node:path';
import { isSessionAddress, type SessionAddress } from '@joinleaf/multipoint';
import { exitCodes, Trouble } from './exit-codes.js';

/** What a verb is to look at: a live session, or a capture. The same verbs read both. */
export type Target =
  | { readonly kind: 'session'; readonly session: SessionAddress }
  | {
      readonly kind: 'file';
      readonly path: string;
      /** As it was typed, for what is suggested next. */
      readonly name: string;
    };

const filePattern = /^(.*\.jlcap(?:\.gz)?)((?:[@#][\d.]+)?)$/s;

/** Reads `conf-7`, `@news` or `x.jlcap`. Throws Trouble (usage) for anything else. */
export function parseTarget(text: string, cwd: string): Target {
  const { target, place } = parsePlace(text, cwd);
  if (place !== '') throw notATarget(text);
  return target;
}

/** Reads `conf-7@5`, `conf-7#6`, `x.jlcap@5.2` … : a target, and a place in it that may be missing. */
export function parsePlace(
  text: string,
  cwd: string,
): { readonly target: Target; readonly place: string } {
  const file = filePattern.exec(text);
  if (file !== null) {
    const [, name = '', place = ''] = file;
    return { target: { kind: 'file', path: resolve(cwd, name), name }, place };
  }
  const [, session = '', place = ''] = /^(@?[^@#]*)((?:[@#].*)?)$/s.exec(text) ?? [];
  if (!isSessionAddress(session)) throw notATarget(text);
  return { target: { kind: 'session', session }, place };
}

const notATarget = (text: string): Trouble =>
  new Trouble(exitCodes.usage, `${JSON.stringify(text)} is no session and no capture`, [
    'a session is a name such as conf-7, or a group such as @news',
    'a capture is a file that ends in .jlcap',
  ]);

/** How a target is written in the commands that are suggested next. */
export const shellName = (target: Target): string =>
  quoted(target.kind === 'file' ? target.name : target.session);

/** A word as a shell takes it. */
export const quoted = (word: string): string =>
  /^[A-Za-z0-9_@./:+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
