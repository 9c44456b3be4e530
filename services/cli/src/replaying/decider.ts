import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { decide } from '@joinleaf/multipoint';
import type { Decider } from '@joinleaf/replay';
import { exitCodes, Trouble } from '../exit-codes.js';

/** The law under test: the one in force, or what a module exports as `decide`. Throws Trouble (usage) where it does not. */
export async function deciderFrom(path: string | undefined, cwd: string): Promise<Decider> {
  if (path === undefined) return decide;
  const url = pathToFileURL(resolve(cwd, path)).href;
  let door: unknown;
  try {
    door = await import(url);
  } catch (error) {
    throw new Trouble(exitCodes.usage, `${path} cannot be imported`, [
      error instanceof Error ? error.message : String(error),
    ]);
  }
  if (
    typeof door === 'object' &&
    door !== null &&
    'decide' in door &&
    typeof door.decide === 'function'
  ) {
    return door.decide as Decider;
  }
  throw new Trouble(exitCodes.usage, `${path} exports no function decide(command, session)`);
}
