import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Program, ProgramEnded } from './program.js';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'joinleaf-program-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

describe('a program of ours', () => {
  it('is heard line by line', async () => {
    const heard: string[] = [];
    const program = await programOf('console.log("one"); console.error("two")', (line, from) => {
      heard.push(`${from}: ${line}`);
    });
    expect(await program.ended).toEqual({ code: 0, signal: null });
    expect(heard.sort()).toEqual(['stderr: two', 'stdout: one']);
  });

  it('that ends by itself is trouble, told with its last lines', async () => {
    const program = await programOf('console.error("no broker"); process.exit(3)');
    const trouble: unknown = await program.lives.catch((error: unknown) => error);
    expect(trouble).toBeInstanceOf(ProgramEnded);
    expect(trouble).toMatchObject({ message: 'actor ended with code 3', lastLines: ['no broker'] });
  });

  it('ends when it is asked to', async () => {
    const program = await programOf('setInterval(() => {}, 1000); console.log("up")');
    await program.stop(5_000);
    expect(await program.ended).toEqual({ code: null, signal: 'SIGTERM' });
  });

  it('is ended when it does not', async () => {
    const up = Promise.withResolvers<undefined>();
    const program = await programOf(
      'process.on("SIGTERM", () => {}); setInterval(() => {}, 1000); console.log("up")',
      () => {
        up.resolve(undefined);
      },
    );
    await up.promise;
    await program.stop(50);
    expect(await program.ended).toEqual({ code: null, signal: 'SIGKILL' });
  });

  it('may end by itself when its input ends', async () => {
    const program = await programOf('process.stdin.on("end", () => process.exit(0)).resume()');
    await program.hangUp(5_000);
    expect(await program.ended).toEqual({ code: 0, signal: null });
  });

  it('that cannot be started is trouble too', async () => {
    const program = new Program({
      name: 'actor',
      words: [join(folder, 'nowhere.mjs')],
      environment: {},
    });
    await expect(program.lives).rejects.toThrow('actor ended with code 1');
  });
});

async function programOf(
  code: string,
  onLine?: (line: string, from: 'stdout' | 'stderr') => void,
): Promise<Program> {
  const file = join(folder, `${String(Math.random()).slice(2)}.mjs`);
  await writeFile(file, code);
  const heard = onLine === undefined ? {} : { onLine };
  return new Program({ name: 'actor', words: [file], environment: {}, ...heard });
}
