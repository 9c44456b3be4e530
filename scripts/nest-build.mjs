// A plugin of Nest's command line. Nest compiles one project with TypeScript 6 and knows nothing of
// project references, so `nest build session` on a fresh clone would find no library, or an old one.
// This hook runs where Nest would transform sources, and builds the project with everything it needs.
import { buildProject } from './build-project.mjs';

export function before({ project }) {
  const built = buildProject(project);
  if (!built.ok && !process.argv.includes('--watch') && !process.argv.includes('-w')) {
    process.exit(built.exitCode);
  }
  return () => (sourceFile) => sourceFile;
}
