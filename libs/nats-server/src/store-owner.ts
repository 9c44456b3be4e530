import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { runProgram } from './run-program.js';

// Two servers on one store destroy it, and nats-server does not look. So every server of ours leaves its
// process id in its store.

/** The file in a store that tells the process id of the server that works on it. */
export function ownerFile(storeDir: string): string {
  return join(storeDir, 'nats-server.pid');
}

/** Refuses a store that another server works on. A process id left by a crash is no such server. */
export async function assertStoreIsFree(storeDir: string): Promise<void> {
  const pid = (await readFile(ownerFile(storeDir), 'utf8').catch(() => '')).trim();
  if (!/^\d+$/.test(pid)) return;
  const program = await runProgram('ps', ['-o', 'comm=', '-p', pid], { timeoutMs: 5_000 }).catch(
    () => '',
  );
  if (program.includes('nats-server')) {
    throw new Error(`the store ${storeDir} is in use by the nats-server with process id ${pid}`);
  }
}
