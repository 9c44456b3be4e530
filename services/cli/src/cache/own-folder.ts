import type { Stats } from 'node:fs';
import { chmod, lstat, mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';

// What lies in the cache is what callers sent, with nothing taken out of it. Its folders are for nobody else (0700), and so are its
// files (0600). What somebody else could have put there is not looked at.

const forUsAlone = 0o700;
const writableByOthers = 0o022;
const anythingForOthers = 0o077;

/** Why a folder is not one to keep anything in. */
export class NotOurs extends Error {
  override readonly name = 'NotOurs';
}

/**
 * Makes a folder and those above it that are missing; each for us alone. One that is there already stays as readable as it is.
 *
 * @throws NotOurs for a folder that somebody else could write to; an error of the file system where there can be none.
 */
export async function ourFolder(path: string): Promise<void> {
  await make(path);
  mustBeOurs(path, await lstat(path));
}

/** The same for a folder that holds nothing but the cache: nobody else can read it afterwards. */
export async function privateFolder(path: string): Promise<void> {
  await make(path);
  const found = await lstat(path);
  mustBeOurs(path, found);
  if ((found.mode & anythingForOthers) !== 0) await chmod(path, forUsAlone);
}

/** Whether a file or folder is of the user that we are, and nobody else can write to it. */
export const isOurs = ({ uid, mode }: Pick<Stats, 'uid' | 'mode'>): boolean =>
  process.geteuid === undefined || (uid === process.geteuid() && (mode & writableByOthers) === 0);

function mustBeOurs(path: string, found: Stats): void {
  if (!found.isDirectory()) throw new NotOurs(`${path} is no folder`);
  if (!isOurs(found)) throw new NotOurs(`${path} is somebody else's, or others can write to it`);
}

// Node makes missing folders by itself, and never ends where the file system says that what is there is missing, as /proc does.
async function make(path: string): Promise<void> {
  const missing: string[] = [];
  for (let folder = path; !(await isThere(folder)); folder = dirname(folder)) {
    if (dirname(folder) === folder) break;
    missing.push(folder);
  }
  for (const folder of missing.reverse()) await makeOne(folder);
}

async function makeOne(path: string): Promise<void> {
  try {
    await mkdir(path, forUsAlone);
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error; // Somebody was first: one of us.
  }
}

async function isThere(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false;
    throw error;
  }
}

/** The code of an error of the file system, such as ENOENT. */
export const codeOf = (error: unknown): string | undefined =>
  typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string'
    ? error.code
    : undefined;
