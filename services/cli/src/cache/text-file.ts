import { sha256 } from '../sha256.js';
import type { CacheFolder } from './cache-folder.js';

// A line with the SHA-256 of the next one, and the next one: JSON.

const sumOf = (text: string): string => sha256(new TextEncoder().encode(text));

export const keepJson = (folder: CacheFolder, name: string, value: unknown): Promise<boolean> => {
  const text = JSON.stringify(value);
  return folder.write(name, `${sumOf(text)}\n${text}`);
};

/** Null for a file that is missing, larger than `bytesMax`, damaged, or no JSON. */
export async function keptJson(
  folder: CacheFolder,
  name: string,
  bytesMax: number,
): Promise<unknown> {
  const content = (await folder.read(name, bytesMax))?.toString('utf8') ?? '';
  const end = content.indexOf('\n');
  const text = content.slice(end + 1);
  if (end < 0 || sumOf(text) !== content.slice(0, end)) return null;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}
