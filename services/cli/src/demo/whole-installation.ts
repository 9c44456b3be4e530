import { existsSync } from 'node:fs';
import { places as repository } from '@joinleaf/launcher';
import { exitCodes, Trouble } from '../exit-codes.js';
import { places } from './places.js';

const needed = [
  places.scenarios,
  places.actor,
  ...['session', 'notifier', 'leaf-agent'].map((service) => repository.mainOf(service)),
];

/**
 * The demo starts everything there is. An installation of the command alone, such as its image, cannot.
 *
 * @throws Trouble (failure) that says where the demo can be had.
 */
export function assertWhole(isThere: (path: string) => boolean = existsSync): void {
  if (needed.every(isThere)) return;
  throw new Trouble(exitCodes.failure, 'the demo is not part of this installation', [
    'it starts the services and plays scenarios, which are in the repository: npm start',
    'services that run already take part in: joinleaf open, joinleaf join',
  ]);
}
