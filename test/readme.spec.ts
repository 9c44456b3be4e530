import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from '@jest/globals';

const root = join(import.meta.dirname, '..');
const documents = ['README.md', 'docs/ARCHITECTURE.md', 'CONTRIBUTING.md', 'scenarios/README.md'];

describe.each(['README.md', 'libs/testcontainers/README.md'])('%s', (readme) => {
  const code = blocks(read(readme), 'ts');

  it('has code in it', () => {
    expect(code.length).toBeGreaterThan(0);
  });

  // The compiler is the same as the build's, and sees the library's sources.
  it('shows code that compiles', () => {
    mkdirSync(join(root, '.joinleaf'), { recursive: true });
    const folder = mkdtempSync(join(root, '.joinleaf/readme-'));
    try {
      code.forEach((text, index) => {
        writeFileSync(join(folder, `block-${String(index + 1)}.ts`), text);
      });
      writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(settings));
      const compiler = join(root, 'node_modules/typescript7/bin/tsc');
      const { stdout } = spawnSync(process.execPath, [compiler, '-p', folder], {
        encoding: 'utf8',
      });
      expect(stdout).toBe('');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe.each(documents)('%s', (document) => {
  it('leads to files that exist', () => {
    const links = [...read(document).matchAll(/\]\((?!https?:)([^)#]+)[^)]*\)/g)].map(
      ([, path = '']) => path,
    );
    const missing = links.filter((path) => !existsSync(join(root, dirname(document), path)));
    expect(missing).toEqual([]);
  });
});

const settings = {
  extends: '../../tsconfig.base.json',
  // The block itself is judged, and not the state of what it imports.
  compilerOptions: { composite: false, declaration: false, declarationMap: false, noEmit: true },
  include: ['*.ts'],
};

function blocks(text: string, language: string): readonly string[] {
  const fence = new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'gm');
  return [...text.matchAll(fence)].map(([, block = '']) => block);
}

function read(file: string): string {
  return readFileSync(join(root, file), 'utf8');
}
