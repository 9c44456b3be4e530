import { join } from 'node:path';
import { endingWithParent, Program } from '@joinleaf/launcher';
import type { Running, StartOptions } from './peer.js';
import { freePort, listening } from './native-server.js';

const graceMs = 1_000;

/** A server that is a Node program of bench/peers/servers: it ends with us, by its standard input. */
export async function startNodeServer(
  file: string,
  version: string,
  { boundMs }: StartOptions,
): Promise<Running> {
  const port = await freePort();
  const launch = () =>
    new Program({
      name: file,
      words: [
        ...endingWithParent,
        join(import.meta.dirname, 'servers', file),
        String(port),
        String(boundMs),
      ],
      environment: process.env,
    });
  let program = launch();
  await Promise.race([listening(port), program.lives]);
  return {
    address: `127.0.0.1:${String(port)}`,
    port,
    version,
    parts: ['the server'],
    kill: () => program.kill(),
    restart: async () => {
      program = launch();
    },
    stop: () => program.stop(graceMs),
  };
}
