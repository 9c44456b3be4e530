import { copyFile, mkdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { folders } from './folders.js';
import { LeftOut } from './peer.js';
import { run } from './run.js';

// The peers' npm packages are none of ours: they have a lock file of their own and are installed, when a peer is
// measured, into a folder that git ignores. So their types are written down beside each use, as far as it goes.

const installMs = 170_000;
const manifests = ['package.json', 'package-lock.json'] as const;

let installed: Promise<void> | null = null;

/** Installs what bench/peers/packages names, unless that is there already. */
export function installPackages(tell: (message: string) => void): Promise<void> {
  installed ??= install(tell);
  return installed;
}

async function install(tell: (message: string) => void): Promise<void> {
  const lock = 'package-lock.json';
  const [wanted, had] = await Promise.all([
    readFile(join(folders.wanted, lock), 'utf8'),
    readFile(join(folders.packages, 'installed.json'), 'utf8').catch(() => null),
  ]);
  if (wanted === had) return;
  tell('installing the npm packages of peers');
  await mkdir(folders.packages, { recursive: true });
  for (const file of manifests) {
    await copyFile(join(folders.wanted, file), join(folders.packages, file));
  }
  try {
    const words = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
    await run('npm', words, { cwd: folders.packages, timeoutMs: installMs });
  } catch (error) {
    throw new LeftOut(`npm ci: ${lastLine(error)}`);
  }
  // Written last, so that an installation that was interrupted is done again.
  await copyFile(join(folders.wanted, lock), join(folders.packages, 'installed.json'));
}

/** The last line of what a program complained of. */
export function lastLine(error: unknown): string {
  const { stderr = '', message = 'unknown' } = error as { stderr?: string; message?: string };
  const lines = `${message}\n${stderr}`.trim().split('\n');
  return lines.at(-1) ?? 'unknown';
}

/** A package of the peers' own; the caller says what it is. */
export const load = (name: string): unknown =>
  createRequire(join(folders.packages, 'package.json'))(name);

export async function versionOf(name: string): Promise<string> {
  const manifest = await readFile(
    join(folders.packages, 'node_modules', name, 'package.json'),
    'utf8',
  );
  return (JSON.parse(manifest) as { readonly version: string }).version;
}
