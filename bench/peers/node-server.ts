import { join } from 'node:path';
import { endingWithParent, Program } from '@joinleaf/launcher';
import { endWithBench, interrupted } from '../leftovers.js';
import { installPackages, versionOf } from './npm.js';
import type { Peer, Running, StartOptions } from './peer.js';
import { freePort, listening, runningOn } from './native-server.js';

const graceMs = 1_000;

/** A peer whose server is a Node program of bench/peers/servers, around a package that keeps everything in memory. */
export const nodeServerPeer = (file: string, name: string) =>
  ({
    durability: 'memory',
    remembers: false,
    showsFailures: true,
    install: installPackages,
    start: async (options) => startNodeServer(file, await versionOf(name), options),
  }) as const satisfies Partial<Peer>;

/** It ends with us, by its standard input. */
async function startNodeServer(
  file: string,
  version: string,
  { boundMs }: StartOptions,
): Promise<Running> {
  const port = await freePort();
  const launch = () => {
    interrupted.throwIfAborted();
    return new Program({
      name: file,
      words: [
        ...endingWithParent,
        join(import.meta.dirname, 'servers', file),
        String(port),
        String(boundMs),
      ],
      environment: process.env,
    });
  };
  let program = launch();
  endWithBench(() => program.kill());
  await Promise.race([listening(port), program.lives]);
  const server = {
    kill: () => program.kill(),
    restart: () => {
      program = launch();
    },
    stop: () => program.stop(graceMs),
  };
  return runningOn(port, server, version);
}
