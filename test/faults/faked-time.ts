import { glob, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isAlive } from './is-alive.js';

const shared = '/dev/shm';

/** The library of the Debian package libfaketime, or null when it is not installed. */
export async function findTimeLibrary(): Promise<string | null> {
  for await (const path of glob('/usr/lib/*/faketime/libfaketime.so.1')) return path;
  return null;
}

/** What makes a program read its wall clock through a file. Its timers and the monotonic clock stay real. */
export const fakedTime = (library: string, file: string): Readonly<Record<string, string>> => ({
  LD_PRELOAD: library,
  FAKETIME_TIMESTAMP_FILE: file,
  FAKETIME_NO_CACHE: '1',
  FAKETIME_DONT_FAKE_MONOTONIC: '1',
  DONT_FAKE_MONOTONIC: '1',
});

/** The library leaves its shared memory behind when a program is killed; the process id is in its name. */
export async function removeSharedMemory(): Promise<void> {
  for (const name of await readdir(shared).catch(() => [])) {
    const pid = Number(/faketime_(?:shm|sem)_(\d+)$/.exec(name)?.[1] ?? NaN);
    if (!Number.isNaN(pid) && !isAlive(pid)) await rm(join(shared, name), { force: true });
  }
}
