import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const root = join(import.meta.dirname, '../../..');

/** Where built programs lie, in the repository. */
export const places = {
  root,
  // Always the built one: a process is started from dist, whoever starts it.
  endWithParent: join(root, 'libs/launcher/dist/end-with-parent.js'),
  mainOf: (service: string) => join(root, 'services', service, 'dist/main.js'),
} as const;

/** Words for Node before a program's own, so that it ends when whoever started it ends, in whatever way. */
export const endingWithParent: readonly string[] = [
  '--import',
  pathToFileURL(places.endWithParent).href,
];
