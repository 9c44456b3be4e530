import { join } from 'node:path';
import { places as repository } from '@joinleaf/launcher';

/** Where the demo finds and leaves things, all in the repository. */
export const places = {
  scenarios: join(repository.root, 'scenarios'),
  contextFile: join(repository.root, '.joinleaf/context.json'),
  logs: join(repository.root, '.joinleaf/logs'),
  /** What node compiled is kept here: everything starts a little sooner the next time. */
  compileCache: join(repository.root, '.joinleaf/compile-cache'),
  actor: join(repository.root, 'services/cli/dist/demo/actor.js'),
} as const;
