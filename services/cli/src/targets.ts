import { resolve } from 'node:path';
import { isSessionAddress, type SessionAddress } from '@joinleaf/multipoint';
import { BadWord, echoed, nameHint } from './exit-codes.js';

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

/** Reads `conf-7`, `@news` or `x.jlcap`, which was given for `field`. Throws BadWord for anything else. */
export function parseTarget(text: string, cwd: string, field = 'source'): Target {
  const { target, place } = parsePlace(text, cwd, field);
  if (place === '') return target;
  const word = place.startsWith('@') ? 'state' : 'why';
  throw new BadWord(
    field,
    `${field}: ${echoed(text)} is a place in a history, the whole is wanted`,
    [`joinleaf ${word} ${quoted(text)}`],
  );
}

/** Reads `conf-7@5`, `conf-7#6`, `x.jlcap@5.2` … : a target, and a place in it that may be missing. */
export function parsePlace(
  text: string,
  cwd: string,
  field = 'source',
): { readonly target: Target; readonly place: string } {
  const file = filePattern.exec(text);
  if (file !== null) {
    const [, name = '', place = ''] = file;
    return { target: { kind: 'file', path: resolve(cwd, name), name }, place };
  }
  const [, session = '', place = ''] = /^(@?[^@#]*)((?:[@#].*)?)$/s.exec(text) ?? [];
  if (!isSessionAddress(session)) throw notATarget(field, text);
  return { target: { kind: 'session', session }, place };
}

/** Reads a session that lives: `conf-7` or `@news`. Throws BadWord for anything else. */
export function parseSession(text: string, cwd: string): SessionAddress {
  const target = parseTarget(text, cwd, 'session');
  if (target.kind === 'session') return target.session;
  throw new BadWord('session', `${text} is a capture: nothing in it happens or changes any more`, [
    `joinleaf log ${shellName(target)}`,
  ]);
}

function notATarget(field: string, text: string): BadWord {
  const last = text.split('.').at(-1) ?? '';
  return new BadWord(field, `${field}: ${echoed(text)} is no session and no capture`, [
    ...(text.startsWith('jl.') && isSessionAddress(last)
      ? [`of a subject the session alone is wanted: ${last}`]
      : []),
    `a session is a name such as conf-7, or a group such as @news: ${nameHint}`,
    'a capture is a file that ends in .jlcap',
  ]);
}

/** How a target is written in the commands that are suggested next. */
export const shellName = (target: Target): string =>
  quoted(target.kind === 'file' ? target.name : target.session);

/** A word as a shell takes it. */
export const quoted = (word: string): string =>
  /^[A-Za-z0-9_@./:+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
