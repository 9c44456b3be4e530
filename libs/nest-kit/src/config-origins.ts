import { readFileSync } from 'node:fs';
import { parse as parseYaml } from 'yaml';
import type { ConfigProblem } from './config-error.js';
import type { Setting } from './settings.js';

/** A setting as one origin gave it, not yet checked. */
export interface Given {
  readonly source: ConfigProblem['source'];
  /** What it was called there, for the list of problems. */
  readonly called: string;
  readonly value: unknown;
}

export interface Origin {
  readonly given: ReadonlyMap<string, Given>;
  readonly problems: readonly ConfigProblem[];
}

const notOurs = 'is not a setting of this service';

/** `--http-port 8081` or `--http-port=8081`. */
export function fromFlags(argv: readonly string[], settings: readonly Setting[]): Origin {
  const known = new Map([['--config', 'config'], ...settings.flatMap(flagsOf)]);
  const given = new Map<string, Given>();
  const problems: ConfigProblem[] = [];
  const bad = (field: string, problem: string) => problems.push({ source: 'flag', field, problem });

  for (let at = 0; at < argv.length; at += 1) {
    const [flag = '', ...inline] = (argv[at] ?? '').split('=');
    const follows = argv[at + 1];
    const takesNext = inline.length === 0 && follows !== undefined && !follows.startsWith('--');
    if (takesNext) at += 1;
    const value = takesNext ? follows : inline.length > 0 ? inline.join('=') : undefined;
    const key = known.get(flag);
    if (key === undefined) bad(flag.startsWith('--') ? flag : 'a word without a flag', notOurs);
    else if (value === undefined) bad(flag, 'has no value');
    else given.set(key, { source: 'flag', called: flag, value });
  }
  return { given, problems };
}

/** Variables that are set to nothing are not set: compose files and charts write them so. */
export function fromEnvironment(
  env: Readonly<Record<string, string | undefined>>,
  settings: readonly Setting[],
): Origin {
  const given = new Map<string, Given>();
  for (const [called, key] of settings.flatMap(variablesOf)) {
    const value = env[called];
    if (value !== undefined && value !== '')
      given.set(key, { source: 'environment', called, value });
  }
  return { given, problems: [] };
}

/** A YAML or JSON file with settings by their names; a setting it does not know is a problem. */
export function fromFile(path: string, settings: readonly Setting[]): Origin {
  const file = contentOf(path);
  if (typeof file === 'string') {
    return { given: new Map(), problems: [{ source: 'file', field: path, problem: file }] };
  }
  const known = new Set(settings.flatMap(keysOf));
  const entries = Object.entries(file);
  return {
    given: new Map(
      entries
        .filter(([key]) => known.has(key))
        .map(([key, value]) => [key, { source: 'file', called: key, value }]),
    ),
    problems: entries
      .filter(([key]) => !known.has(key))
      .map(([field]) => ({ source: 'file', field, problem: notOurs })),
  };
}

// The content, or what is wrong with it.
function contentOf(path: string): Readonly<Record<string, unknown>> | string {
  const text = textIn(path);
  if (text === null) return 'cannot be read';
  try {
    const content: unknown = parseYaml(text);
    if (content === null) return {};
    return isMap(content) ? content : 'does not hold settings by their names';
  } catch {
    return 'is neither YAML nor JSON';
  }
}

const isMap = (content: unknown): content is Readonly<Record<string, unknown>> =>
  typeof content === 'object' && content !== null && !Array.isArray(content);

/** A file's text without the line end that editors add; null when it cannot be read. */
export function textIn(path: string): string | null {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return null;
  }
}

/** The key under which the name of a secret's file is kept until it has been read. */
export const fileKeyOf = (key: string): string => `${key}File`;

type Called = readonly [called: string, key: string];

const flagsOf = ({ key, flag, secret }: Setting): readonly Called[] =>
  alsoAsFile([flag, key], [`${flag}-file`, fileKeyOf(key)], secret);

const variablesOf = ({ key, variable, secret }: Setting): readonly Called[] =>
  alsoAsFile([variable, key], [`${variable}_FILE`, fileKeyOf(key)], secret);

const keysOf = ({ key, secret }: Setting): readonly string[] =>
  secret ? [key, fileKeyOf(key)] : [key];

const alsoAsFile = (plain: Called, file: Called, secret: boolean): readonly Called[] =>
  secret ? [plain, file] : [plain];
