import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { isName } from '@joinleaf/multipoint';
import { BadWord, echoed, exitCodes, nameHint, Trouble } from './exit-codes.js';
import type { World } from './world.js';

/** Who connects: the debug verbs read as the auditor, who cannot write anything. */
export type Role = 'auditor' | 'services' | 'nodes';

export interface Login {
  readonly user: string | undefined;
  readonly pass: string | undefined;
}

/** Where the server is, and how to get in. */
export interface Settings {
  readonly servers: readonly string[];
  readonly realm: string;
  readonly timeoutMs: number;
  /** Where the servers were found, for messages. */
  readonly origin: string;
  login(role: Role): Login;
  /** Called once when the server does not answer at once. */
  readonly onWaiting?: (() => void) | undefined;
}

export interface SettingsFlags {
  readonly servers?: string | undefined;
  readonly realm?: string | undefined;
  readonly user?: string | undefined;
  readonly passFile?: string | undefined;
  readonly context?: string | undefined;
  readonly timeout?: string | undefined;
}

const contextName = join('.joinleaf', 'context.json');
const serversDefault = '127.0.0.1:4222';
const timeoutDefault = '5s';

interface ContextFile {
  readonly path: string;
  readonly values: Readonly<Record<string, unknown>>;
}

/**
 * Finds the settings: a flag wins over the environment (JOINLEAF_*), and that over the nearest
 * `.joinleaf/context.json`, which a running demo leaves.
 *
 * @throws Trouble (usage) for a setting that does not fit.
 */
export function findSettings(flags: SettingsFlags, world: Pick<World, 'env' | 'cwd'>): Settings {
  const { env } = world;
  const context = readContext(flags.context ?? env.JOINLEAF_CONTEXT, world.cwd);
  const servers = firstOf(
    [flags.servers, '--servers'],
    [env.JOINLEAF_SERVERS, 'JOINLEAF_SERVERS'],
    [listIn(context, 'servers'), context?.path ?? ''],
    [serversDefault, 'the default'],
  );
  const [realm, realmFrom] = firstOf(
    [flags.realm, '--realm'],
    [env.JOINLEAF_REALM, 'JOINLEAF_REALM'],
    [textIn(context, 'realm'), context?.path ?? ''],
    ['main', 'the default'],
  );
  if (!isName(realm)) {
    const message = `${realmFrom}: the realm ${echoed(realm)} is not a name`;
    throw new BadWord(realmFrom, message, [`a name is ${nameHint}`]);
  }
  const fromElsewhere = servers[1] !== context?.path;
  return {
    servers: serversIn(...servers),
    realm,
    timeoutMs: parseSpan(flags.timeout ?? env.JOINLEAF_TIMEOUT ?? timeoutDefault, '--timeout'),
    origin: servers[1],
    login: (role) =>
      givenLogin(flags, env, world.cwd) ??
      loginFor(role, env) ??
      // A login belongs to the server it was left with.
      (fromElsewhere ? null : loginIn(context, role)) ?? { user: undefined, pass: undefined },
  };
}

function serversIn(list: string, from: string): readonly string[] {
  const servers = list.split(',').map((server) => server.trim());
  const wrong = servers.find((server) => !isServer(server));
  if (wrong === undefined) return servers;
  throw new BadWord(from, `${from}: ${echoed(wrong)} is no server`, [
    'a server is HOST:PORT, several of them with commas',
  ]);
}

const isServer = (text: string): boolean =>
  text !== '' && URL.canParse(text.includes('://') ? text : `nats://${text}`);

type Candidate = readonly [string | undefined, string];

function firstOf(
  ...candidates: readonly [...Candidate[], readonly [string, string]]
): readonly [string, string] {
  for (const [value, origin] of candidates) {
    if (value !== undefined && value !== '') return [value, origin];
  }
  return ['', ''];
}

// One login for whatever is asked, as a service has it.
function givenLogin(
  { user, passFile }: SettingsFlags,
  env: World['env'],
  cwd: string,
): Login | null {
  const name = user ?? env.JOINLEAF_USER;
  if (name === undefined || name === '') return null;
  const file = passFile ?? env.JOINLEAF_PASS_FILE;
  if (file === undefined) return { user: name, pass: env.JOINLEAF_PASS };
  try {
    return { user: name, pass: readFileSync(resolve(cwd, file), 'utf8').trim() };
  } catch {
    throw new Trouble(exitCodes.usage, `the password file ${file} cannot be read`);
  }
}

// JOINLEAF_AUDITOR_USER and JOINLEAF_AUDITOR_PASS, and so on.
function loginFor(role: Role, env: World['env']): Login | null {
  const prefix = `JOINLEAF_${role.toUpperCase()}`;
  const user = env[`${prefix}_USER`];
  return user === undefined || user === '' ? null : { user, pass: env[`${prefix}_PASS`] };
}

function loginIn(context: ContextFile | null, role: Role): Login | null {
  const login = context?.values[role];
  if (typeof login !== 'object' || login === null) return null;
  const { user, pass } = login as { readonly user?: unknown; readonly pass?: unknown };
  return {
    user: typeof user === 'string' ? user : undefined,
    pass: typeof pass === 'string' ? pass : undefined,
  };
}

function readContext(given: string | undefined, cwd: string): ContextFile | null {
  const path = given === undefined ? nearestContext(cwd) : resolve(cwd, given);
  if (path === null) return null;
  if (!existsSync(path)) throw new Trouble(exitCodes.usage, `there is no context file ${path}`);
  try {
    const values: unknown = JSON.parse(readFileSync(path, 'utf8'));
    if (typeof values === 'object' && values !== null) {
      return { path, values: values as Readonly<Record<string, unknown>> };
    }
  } catch {
    // Said below.
  }
  throw new Trouble(exitCodes.usage, `the context file ${path} is not JSON`);
}

function nearestContext(from: string): string | null {
  for (let folder = from; ; folder = dirname(folder)) {
    const path = join(folder, contextName);
    if (existsSync(path)) return path;
    if (dirname(folder) === folder) return null;
  }
}

function listIn(context: ContextFile | null, key: string): string | undefined {
  const value = context?.values[key];
  if (typeof value === 'string') return value;
  return Array.isArray(value) ? value.map(String).join(',') : undefined;
}

function textIn(context: ContextFile | null, key: string): string | undefined {
  const value = context?.values[key];
  return typeof value === 'string' ? value : undefined;
}

const unitsMs: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** Reads `30s`, `500ms`, `2m`, `1h`, `14d`, or milliseconds. */
export function parseSpan(text: string, what: string): number {
  const match = /^(\d{1,9}(?:\.\d{1,3})?)(ms|s|m|h|d)?$/.exec(text);
  if (match === null) {
    throw new BadWord(what, `${what} is a time such as 5s, 500ms or 2m`);
  }
  return Math.round(Number(match[1]) * (unitsMs[match[2] ?? 'ms'] ?? 1));
}
