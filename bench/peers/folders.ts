import { join } from 'node:path';
import { places } from '@joinleaf/launcher';

/** Where peers are installed and leave their logs; git ignores it. */
export const folders = {
  packages: join(places.root, '.joinleaf/peers/npm'),
  debian: join(places.root, '.joinleaf/peers/debian'),
  logs: join(places.root, '.joinleaf/logs/peers'),
  /** package.json and its lock file, beside the sources. */
  wanted: join(places.root, 'bench/peers/packages'),
} as const;
