import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');

/**
 * Builds one project and the projects it references, as far as they changed. The compiler's messages
 * go to the terminal.
 *
 * @param project - Folder of a tsconfig.json, relative to the repository; `.` builds everything.
 */
export function buildProject(project) {
  const compiler = join(root, 'node_modules/typescript7/bin/tsc');
  const { status, error } = spawnSync(process.execPath, [compiler, '-b', join(root, project)], {
    stdio: 'inherit',
  });
  if (error) throw error;
  return { ok: status === 0, exitCode: status ?? 1 };
}
