import { createHash } from 'node:crypto';
import type { z } from 'zod';
import { ConfigError, type ConfigProblem } from './config-error.js';
import {
  fileKeyOf,
  fromEnvironment,
  fromFile,
  fromFlags,
  textIn,
  type Given,
  type Origin,
} from './config-origins.js';
import { settingsOf, type ConfigSchema, type Setting } from './settings.js';

export type ConfigSource = 'flag' | 'environment' | 'file' | 'default';

export interface Loaded<T> {
  readonly value: T;
  /** Where each field came from. */
  readonly sources: Readonly<Record<string, ConfigSource>>;
  /** Twelve hexadecimal digits: equal for equal settings, secrets left out. */
  readonly hash: string;
  /** Variables with our prefix that this service does not know: an environment is shared by many. */
  readonly ignored: readonly string[];
}

export interface ConfigOrigin {
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Without the program's own two. */
  readonly argv?: readonly string[];
  /** Every variable begins with it. Default `JOINLEAF_`. */
  readonly prefix?: string;
}

/**
 * Reads a configuration once: a flag wins over the environment, that over the file (`--config` or
 * `JOINLEAF_CONFIG`, YAML or JSON), that over the default. A secret may come as `..._FILE` instead.
 *
 * @throws ConfigError with every problem at once, by source and field; values are never repeated.
 */
export function loadConfig<S extends ConfigSchema>(
  schema: S,
  origin: ConfigOrigin = {},
): Loaded<z.output<S>> {
  const { env = process.env, argv = process.argv.slice(2), prefix = 'JOINLEAF_' } = origin;
  const settings = settingsOf(schema, prefix);
  const origins = originsOf(env, argv, prefix, settings);
  const { given, problems } = withSecretsRead(origins, settings);

  const values = Object.fromEntries([...given].map(([key, { value }]) => [key, value]));
  const parsed = schema.safeParse(values);
  if (!parsed.success) {
    const wrong = parsed.error.issues.map((issue) => problemOf(issue, given, settings));
    throw new ConfigError([...problems, ...wrong]);
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return {
    value: parsed.data,
    sources: Object.fromEntries(
      settings.map(({ key }) => [key, given.get(key)?.source ?? 'default']),
    ),
    hash: hashOf(parsed.data, settings),
    ignored: unknownVariables(env, prefix, settings),
  };
}

// The farthest first, so that a nearer one overwrites it.
function originsOf(
  env: Readonly<Record<string, string | undefined>>,
  argv: readonly string[],
  prefix: string,
  settings: readonly Setting[],
): readonly Origin[] {
  const flags = fromFlags(argv, settings);
  const path = flags.given.get('config')?.value ?? env[`${prefix}CONFIG`];
  const file = typeof path === 'string' && path !== '' ? [fromFile(path, settings)] : [];
  const settingsAlone = new Map([...flags.given].filter(([key]) => key !== 'config'));
  return [
    ...file,
    fromEnvironment(env, settings),
    { given: settingsAlone, problems: flags.problems },
  ];
}

// A nearer origin decides, whichever of a secret's two ways it uses; one origin may use one of them.
function withSecretsRead(origins: readonly Origin[], settings: readonly Setting[]): Origin {
  const given = new Map<string, Given>();
  const problems: ConfigProblem[] = origins.flatMap((origin) => origin.problems);
  const secrets = settings.filter(({ secret }) => secret).map(({ key }) => key);
  for (const origin of origins) {
    for (const [key, each] of origin.given) given.set(key, each);
    for (const key of secrets) {
      const file = origin.given.get(fileKeyOf(key));
      given.delete(fileKeyOf(key));
      if (file === undefined) continue;
      const { source, called: field } = file;
      const value = textIn(String(file.value));
      if (origin.given.has(key)) problems.push({ source, field, problem: 'is given twice' });
      else if (value === null) problems.push({ source, field, problem: 'cannot be read' });
      else given.set(key, { ...file, value });
    }
  }
  return { given, problems };
}

function problemOf(
  issue: z.core.$ZodIssue,
  given: ReadonlyMap<string, Given>,
  settings: readonly Setting[],
): ConfigProblem {
  const [key = '', ...inner] = issue.path.map(String);
  const origin = given.get(key);
  if (origin === undefined) {
    const field = settings.find((setting) => setting.key === key)?.variable ?? key;
    return { source: 'environment', field, problem: 'is required' };
  }
  const field = [origin.called, ...inner].join('.');
  const unknown = issue.code === 'unrecognized_keys' ? issue.keys.join(', ') : null;
  const problem = unknown === null ? issue.message : `does not know ${unknown}`;
  return { source: origin.source, field, problem };
}

function hashOf(value: Readonly<Record<string, unknown>>, settings: readonly Setting[]): string {
  const told = settings
    .filter(({ secret }) => !secret)
    .map(({ key }) => [key, value[key] ?? null] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256').update(JSON.stringify(told)).digest('hex').slice(0, 12);
}

function unknownVariables(
  env: Readonly<Record<string, string | undefined>>,
  prefix: string,
  settings: readonly Setting[],
): readonly string[] {
  const known = new Set([`${prefix}CONFIG`]);
  for (const { variable } of settings) known.add(variable).add(`${variable}_FILE`);
  return Object.keys(env).filter((name) => name.startsWith(prefix) && !known.has(name));
}
