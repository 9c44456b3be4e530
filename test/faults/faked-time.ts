import { glob } from 'node:fs/promises';

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
