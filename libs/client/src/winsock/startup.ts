import type { Joinleaf } from '../api.js';
import { NodeClient } from '../node-client.js';
import { Door } from './door.js';
import { ProcedureTable } from './procedure-table.js';
import { Thread } from './thread.js';
import type { Winsock } from './winsock.js';

/**
 * A procedure table over the sockets of a node: one for each thread of a program that shall block and be
 * cancelled by itself.
 *
 * @param node - What `connect` answered. A table over anything else answers WSANOTINITIALISED (E18).
 */
export function WSPStartup(node: Joinleaf): Winsock {
  const door = node instanceof NodeClient ? Door.of(node.provider) : null;
  return new ProcedureTable(new Thread(door));
}
