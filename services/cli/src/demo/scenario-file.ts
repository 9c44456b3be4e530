import { readFile, readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { err, type Result } from '@joinleaf/multipoint';
import { places } from './places.js';
import { problemText, readScenario } from './read-scenario.js';
import type { Scenario } from './scenario.js';

/**
 * Reads a scenario.
 *
 * @param called - A file, or the bare name of one in scenarios/.
 * @returns The scenario, or lines that say what is wrong with it.
 */
export async function scenarioIn(called: string): Promise<Result<Scenario, readonly string[]>> {
  const file = /[./\\]/.test(called) ? called : join(places.scenarios, `${called}.yaml`);
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch {
    return err([`There is no scenario ${called}. Ours are: ${(await ourNames()).join(', ')}.`]);
  }
  const read = readScenario(text);
  return read.ok ? read : err(read.error.map((problem) => problemText(called, problem)));
}

/** The names of the scenarios that come with the repository. */
async function ourNames(): Promise<readonly string[]> {
  const files = await readdir(places.scenarios);
  return files.filter((file) => file.endsWith('.yaml')).map((file) => basename(file, '.yaml'));
}
