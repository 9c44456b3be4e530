import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { Linter } from 'eslint';
import { pureRules } from '../scripts/pure.mjs';

const root = join(import.meta.dirname, '..');

describe('the check of arrows', () => {
  it('finds nothing to refuse in this repository', async () => {
    const { exitCode, output } = await checkArrows(root);
    expect(output).toMatch(/, 0 refused arrows\n$/);
    expect(exitCode).toBe(0);
  }, 120_000);

  it('refuses each kind of forbidden arrow', async () => {
    const { exitCode, output } = await checkArrows(join(root, 'test/fixtures/arrows'));
    expect(exitCode).toBe(1);
    expect(refusals(output)).toEqual([
      'arrow-from-multipoint: libs/multipoint/src/index.ts -> libs/wire/src/index.ts',
      'client-without-nest: libs/client/src/index.ts -> @nestjs/common',
      'library-without-arrows: libs/unheard-of/src/index.ts -> libs/wire/src/index.ts',
      'nest-at-the-edge: libs/client/src/index.ts -> @nestjs/common',
      'no-cycle: services/notifier/src/index.ts -> services/session/src/index.ts',
      'pure-without-packages: libs/capture/src/index.ts -> zod',
      'pure-without-packages: libs/multipoint/src/index.ts -> fs',
      'service-imports-no-service: services/notifier/src/index.ts -> services/session/src/index.ts',
      'service-imports-no-service: services/session/src/index.ts -> services/notifier/src/index.ts',
      'through-the-door: libs/client/src/index.ts -> libs/wire/src/inside.ts',
      'through-the-door: services/notifier/src/index.ts -> services/session/src/index.ts',
      'through-the-door: services/session/src/index.ts -> services/notifier/src/index.ts',
    ]);
  }, 120_000);
});

describe('the check of purity', () => {
  it.each([
    'Date.now()',
    'new Date()',
    'performance.now()',
    'Math.random()',
    'setTimeout(tick, 5)',
    'crypto.randomUUID()',
    'process.env',
    "fetch('anywhere')",
    "console.log('here')",
    'globalThis.Date',
  ])('refuses %s', (offence) => {
    expect(lintAsPure(offence)).toHaveLength(1);
  });

  it.each(['structuredClone({})', 'Math.max(1, 2)', 'new Map()'])('allows %s', (innocent) => {
    expect(lintAsPure(innocent)).toEqual([]);
  });
});

function lintAsPure(expression: string) {
  return new Linter().verify(`export const offence = ${expression};`, { rules: pureRules });
}

/** The refusals in order, with packages by name alone: where they lie is not what is tested. */
function refusals(output: string): readonly string[] {
  return output
    .split('\n')
    .filter((line) => line.includes(' -> '))
    .map((line) => line.replace(/ -> \S*node_modules\/((?:@[^/]+\/)?[^/]+)\/.*/, ' -> $1'))
    .filter((line) => !line.startsWith('declared: '))
    .sort();
}

async function checkArrows(folder: string): Promise<{ exitCode: number; output: string }> {
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [join(root, 'scripts/arrows.mjs'), folder],
      (_error, output) => {
        resolve({ exitCode: child.exitCode ?? 1, output });
      },
    );
  });
}
