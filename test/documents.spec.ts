import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from '@jest/globals';

const root = join(import.meta.dirname, '..');
const documents = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.md'))
  .map((path) => `docs/${path}`);
const textOf = (path: string): string => readFileSync(join(root, path), 'utf8');

describe('docs/GLOSSARY.md', () => {
  const words = [...textOf('docs/GLOSSARY.md').matchAll(/^\*\*(.+?)\*\*: (?=\S)/gm)].map(
    ([, word = '']) => word,
  );
  const paragraphs = textOf('docs/GLOSSARY.md').split(/\n\n+/).slice(2);

  it('has each word once, in the order of the alphabet', () => {
    const folded = words.map((word) => word.toLowerCase());
    expect(new Set(folded).size).toBe(words.length);
    expect(folded).toEqual([...folded].sort());
  });

  it('says each in one or two sentences', () => {
    expect(words.length).toBe(paragraphs.length);
    for (const paragraph of paragraphs) {
      const sentences = paragraph.replace(/\s+/g, ' ').match(/[.](?= [A-Z]|$)/g) ?? [];
      expect([paragraph, sentences.length <= 2]).toEqual([paragraph, true]);
    }
  });
});

describe.each(documents)('%s', (path) => {
  it('links to what is there', () => {
    const text = textOf(path);
    const links = [...text.matchAll(/\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)/g)];
    const broken = links.filter(([, file = '', anchor]) => {
      const target = file === '' ? path : join(dirname(path), file);
      if (!existsSync(join(root, target))) return true;
      return anchor !== undefined && !anchorsIn(textOf(target)).includes(anchor);
    });
    expect(broken.map(([link]) => link)).toEqual([]);
  });
});

/** The anchors that a heading has where Markdown is shown on the web. */
function anchorsIn(text: string): readonly string[] {
  return [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  );
}
