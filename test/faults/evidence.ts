import { cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { places } from '@joinleaf/launcher';
import type { World } from './world.js';

/**
 * Keeps what a deployment has on record, what its programs were told, and what its services logged, for whoever
 * has to find out what went wrong.
 *
 * @returns The folder.
 */
export async function keepEvidence(world: World, name: string): Promise<string> {
  const folder = join(places.root, '.joinleaf/faults', name);
  await mkdir(folder, { recursive: true });
  const records = await world.deployment.records().catch(() => null);
  if (records !== null) {
    const bulletins = Object.fromEntries(records.bulletins);
    await writeFile(join(folder, 'records.json'), lines({ ...records, bulletins }));
  }
  const { answers, heard } = world.journal;
  await writeFile(join(folder, 'journal.json'), lines({ answers, heard }));
  const logs = join(world.deployment.folder, 'logs');
  await cp(logs, join(folder, 'logs'), { recursive: true }).catch(() => undefined);
  return folder;
}

const lines = (value: unknown): string => `${JSON.stringify(value, null, 1)}\n`;
