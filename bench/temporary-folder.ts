import { randomUUID } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endWithBench } from './leftovers.js';

export interface TemporaryFolder extends AsyncDisposable {
  readonly path: string;
}

/** An empty folder that is removed in the end, with all that is in it. */
export async function temporaryFolder(name: string): Promise<TemporaryFolder> {
  const path = join(tmpdir(), `joinleaf-${name}-${randomUUID()}`);
  const remove = () => rm(path, { recursive: true, force: true, maxRetries: 3 });
  endWithBench(remove);
  await mkdir(path, { mode: 0o700 });
  return { path, [Symbol.asyncDispose]: remove };
}
