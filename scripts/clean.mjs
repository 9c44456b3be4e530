import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './processes.mjs';

/** Removes every build output and the folder of logs; the dependencies stay. */
export function cleanOutput() {
  const workspaces = ['libs', 'services'].flatMap((kind) =>
    readdirSync(join(root, kind)).map((name) => join(kind, name)),
  );
  for (const folder of [...workspaces, 'test', 'bench']) {
    rmSync(join(root, folder, 'dist'), { recursive: true, force: true });
  }
  rmSync(join(root, '.joinleaf'), { recursive: true, force: true });
  return 0;
}
