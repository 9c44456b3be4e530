import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';

// The law is written three times: in docs/SPEC.md, in code, and in the titles of tests. They agree.

const root = join(import.meta.dirname, '..');
const spec = readFileSync(join(root, 'docs/SPEC.md'), 'utf8');
const sources = ['libs', 'services', 'test', 'bench'].flatMap((folder) => typescriptIn(folder));

interface Line {
  readonly id: string;
  readonly sentence: string;
  readonly level: string;
  readonly where: readonly string[];
}

const arguing = sectionOf('## Argued away');
const inForce = rowsOf(spec.replace(arguing, '')).map((row): Line => {
  const { last, ...line } = row;
  return { ...line, where: last.split(', ') };
});
const ids = new Set(inForce.map(({ id }) => id));
const arguedAway = rowsOf(arguing);

describe('docs/SPEC.md', () => {
  it('has every rule, code and reading once: in force, or argued away', () => {
    const all = [...numbered('R', 162), ...numbered('E', 21), ...numbered('A', 33)];
    const said = [...inForce, ...arguedAway].map(({ id }) => id);
    const winsock = said.filter((id) => !id.startsWith('H'));
    expect(winsock.sort(byKindAndNumber)).toEqual(all.sort(byKindAndNumber));
  });

  it('argues away nothing that is unconditional, and says in which record', () => {
    for (const { id, level, last } of arguedAway) {
      const [, record = ''] = /^\[ADR \d+\]\((adr\/\S+\.md)\)$/.exec(last) ?? [];
      expect([id, level]).not.toEqual([id, 'M']);
      expect(readFileSync(join(root, 'docs', record), 'utf8')).toContain(id);
    }
  });

  it('numbers the house rules without gaps', () => {
    const house = inForce.map(({ id }) => id).filter((id) => id.startsWith('H'));
    expect(house).toEqual(numbered('H', house.length));
  });

  it('says each in one sentence, with its level and where it runs', () => {
    const places = ['session', 'socket', 'edge'];
    const amiss = inForce.filter(
      ({ sentence, level, where }) =>
        !/^[A-Z"].*\.$/.test(sentence) ||
        /\. [A-Z]/.test(sentence) ||
        !/^[MSOIWH]$/.test(level) ||
        !where.every((place) => places.includes(place)),
    );
    expect(amiss).toEqual([]);
  });

  it('refers to rules in force alone in its orders of checks', () => {
    const section = spec.slice(spec.indexOf('## The order of checks'));
    expect(idsIn(section, /\b[REAH]\d+\b/g).filter((id) => !ids.has(id))).toEqual([]);
  });
});

describe('the rules', () => {
  it('that a test quotes in its title are in force', () => {
    const quoted = specs().flatMap(({ path, text }) =>
      idsIn(text, /(?<=\[)[REAH]\d+(?=\])/g).map((id) => `${id} ${path}`),
    );
    expect(quoted.filter((quote) => !ids.has(quote.split(' ')[0] ?? ''))).toEqual([]);
  });

  it('that code names are in docs/SPEC.md', () => {
    const named = sources
      .filter(({ path }) => /^(?:libs|services)\//.test(path) && !path.endsWith('.spec.ts'))
      .flatMap(({ path, text }) =>
        idsIn(text, /(?<=')[REAH]\d+(?=')/g).map((id) => `${id} ${path}`),
      );
    expect(named.filter((name) => !ids.has(name.split(' ')[0] ?? ''))).toEqual([]);
  });

  it('are each quoted by a test', () => {
    const quoted = quotedIn(specs());
    expect([...ids].filter((id) => !quoted.has(id))).toEqual([]);
  });

  it('of Winsock are each quoted by a test that runs through the public API', () => {
    const quoted = quotedIn(specs().filter(({ path }) => path.endsWith('.conformance.spec.ts')));
    const winsock = [...ids].filter((id) => /^[RE]/.test(id));
    expect(winsock.filter((id) => !quoted.has(id))).toEqual([]);
  });
});

interface Source {
  readonly path: string;
  readonly text: string;
}

function specs(): readonly Source[] {
  return sources.filter(
    ({ path }) => path.endsWith('.spec.ts') && !path.endsWith('/spec-ids.spec.ts'),
  );
}

function typescriptIn(folder: string): readonly Source[] {
  const made = new Set(['node_modules', 'dist', 'fixtures']);
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return made.has(entry.name) ? [] : typescriptIn(path);
    if (!entry.name.endsWith('.ts')) return [];
    return [{ path, text: readFileSync(join(root, path), 'utf8') }];
  });
}

function sectionOf(heading: string): string {
  const from = spec.indexOf(heading);
  return spec.slice(from, spec.indexOf('\n## ', from + 1));
}

function rowsOf(text: string) {
  return [...text.matchAll(/^\| ([REAH]\d+) \| (.*) \| (\S*) \| (.*) \|$/gm)].map(
    ([, id = '', sentence = '', level = '', last = '']) => ({ id, sentence, level, last }),
  );
}

const quotedIn = (files: readonly Source[]): ReadonlySet<string> =>
  new Set(files.flatMap(({ text }) => idsIn(text, /(?<=\[)[REAH]\d+(?=\])/g)));

const numbered = (kind: string, count: number): string[] =>
  Array.from({ length: count }, (_, i) => `${kind}${i + 1}`);

const idsIn = (text: string, pattern: RegExp): readonly string[] => [
  ...new Set(text.match(pattern) ?? []),
];

const byKindAndNumber = (a: string, b: string): number =>
  a.charCodeAt(0) - b.charCodeAt(0) || Number(a.slice(1)) - Number(b.slice(1));
