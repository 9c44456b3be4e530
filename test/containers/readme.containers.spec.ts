import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from '@jest/globals';

const root = join(import.meta.dirname, '../..');

it('the example in the README of @joinleaf/testcontainers runs, and says what it says it says', async () => {
  const text = readFileSync(join(root, 'libs/testcontainers/README.md'), 'utf8');
  const [, program = ''] = /^```ts\n([\s\S]*?)^```$/m.exec(text) ?? [];
  const promised = [...program.matchAll(/console\.log\(.*\/\/ (.*)$/gm)].map(([, said]) => said);

  const folder = mkdtempSync(join(root, '.joinleaf/readme-'));
  try {
    const file = join(folder, 'example.ts');
    writeFileSync(file, program);
    const environment = { ...process.env, JOINLEAF_VERSION: 'test' };
    const { stdout } = await promisify(execFile)(process.execPath, [file], { env: environment });
    expect(stdout.trim().split('\n')).toEqual(promised);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
