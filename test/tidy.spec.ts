import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from '@jest/globals';

const root = join(import.meta.dirname, '..');
const files = repositoryFiles();
const libraries = workspacesIn('libs');
const workspaces = [...libraries, ...workspacesIn('services')];

describe('the repository', () => {
  it('has no folder whose name says nothing', () => {
    const nameless = /(?:^|\/)(?:utils?|common|shared|helpers?|misc)\//;
    expect(files.filter((file) => nameless.test(file))).toEqual([]);
  });

  it('names no package registry and no mirror', () => {
    const hosts = [
      ['registry', 'npmjs', 'org'],
      ['registry', 'yarnpkg', 'com'],
      ['npm', 'pkg', 'github', 'com'],
      ['deb', 'debian', 'org'],
      ['security', 'debian', 'org'],
      ['ftp', 'debian', 'org'],
    ].map((labels) => labels.join('.'));
    const naming = files.filter((file) => {
      const text = readFileSync(join(root, file), 'utf8');
      return hosts.some((host) => text.includes(host));
    });
    expect(naming).toEqual([]);
  });
});

describe.each(workspaces)('%s', (workspace) => {
  it('says in its README what it is for, in one line', () => {
    const lines = read(workspace, 'README.md')
      .split('\n')
      .filter((line) => line.trim() !== '');
    expect(lines[0]).toBe(`# @joinleaf/${basename(workspace)}`);
    expect(lines[1]).toMatch(/^\S.*[.]$/);
  });

  it('is built by Nest under its own name', () => {
    const { projects } = JSON.parse(read('.', 'nest-cli.json')) as { projects: object };
    expect(projects).toHaveProperty([basename(workspace), 'root'], workspace);
  });

  it('references what its package.json names', () => {
    const { dependencies = {}, devDependencies = {} } = JSON.parse(
      read(workspace, 'package.json'),
    ) as Record<string, Record<string, string>>;
    const { references = [] } = JSON.parse(read(workspace, 'tsconfig.json')) as {
      references?: readonly { path: string }[];
    };
    const named = Object.keys({ ...dependencies, ...devDependencies }).filter((name) =>
      name.startsWith('@joinleaf/'),
    );
    expect(references.map(({ path }) => `@joinleaf/${basename(path)}`).sort()).toEqual(
      named.sort(),
    );
  });
});

describe.each(libraries)('the door of %s', (library) => {
  it('has named exports alone', () => {
    const door = read(library, 'src/index.ts');
    expect(door).not.toMatch(/export\s+\*|export\s+default|\bas\s+default\b/);
  });
});

function workspacesIn(kind: string): readonly string[] {
  return readdirSync(join(root, kind))
    .filter((name) => existsSync(join(root, kind, name, 'package.json')))
    .map((name) => `${kind}/${name}`);
}

function read(folder: string, file: string): string {
  return readFileSync(join(root, folder, file), 'utf8');
}

/** What is or could be committed; without git (a downloaded archive) whatever lies in the sources. */
function repositoryFiles(): readonly string[] {
  if (!existsSync(join(root, '.git'))) return walk('.');
  const listed = execFileSync(
    'git',
    ['ls-files', '--cached', '--others', '--exclude-standard', '-z'],
    {
      cwd: root,
      encoding: 'utf8',
    },
  );
  return listed.split('\0').filter((file) => file !== '' && existsSync(join(root, file)));
}

function walk(folder: string): readonly string[] {
  const made = new Set(['node_modules', 'dist', 'coverage', '.joinleaf', '.git']);
  return readdirSync(join(root, folder), { withFileTypes: true })
    .filter(({ name }) => !made.has(name))
    .flatMap((entry) => {
      const path = folder === '.' ? entry.name : `${folder}/${entry.name}`;
      return entry.isDirectory() ? walk(path) : [path];
    });
}
