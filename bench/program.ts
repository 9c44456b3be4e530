import { setTimeout as delay } from 'node:timers/promises';
import { endingWithParent, Program } from '@joinleaf/launcher';
import { endWithBench, interrupted } from './leftovers.js';

const readyWithinMs = 30_000;

export interface ProgramWish {
  readonly name: string;
  /** With its folder. */
  readonly file: string;
  readonly words?: readonly string[];
  /** What must not be seen among the arguments. */
  readonly environment: Readonly<Record<string, string>>;
  /** The line that it prints when it is ready. */
  readonly ready: string;
}

/**
 * Starts a program of a bench as a process of its own, which ends when ours does.
 *
 * @throws ProgramEnded when it ends before it is ready; Error when that takes too long.
 */
export async function startProgram(wish: ProgramWish): Promise<Program> {
  const { name, file, words = [], environment, ready } = wish;
  interrupted.throwIfAborted();
  const isReady = Promise.withResolvers<undefined>();
  const program = new Program({
    name,
    words: [...endingWithParent, file, ...words],
    environment: { ...process.env, ...environment },
    onLine: (line) => {
      if (line === ready) isReady.resolve(undefined);
    },
  });
  endWithBench(() => program.kill());
  const late = delay(readyWithinMs, undefined, { ref: false }).then((): never => {
    throw new Error(`${name} is not ready after ${String(readyWithinMs / 1_000)} s`);
  });
  try {
    await Promise.race([isReady.promise, program.lives, late]);
    return program;
  } catch (error) {
    await program.kill();
    throw error;
  }
}
