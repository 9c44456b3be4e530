import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { retryClass, WSA, wsaText, type WsaCode } from '@joinleaf/multipoint';
import {
  answers,
  indexWritten,
  pagesEmbedded,
  pageWritten,
  readEmbedded,
  readIndex,
  readPages,
} from '../scripts/errors.mjs';

// The pages of docs/errors: what is mechanical on them agrees with the code and with docs/SPEC.md, and what is
// written by hand speaks of rules that there are. `npm run errors` writes the mechanical parts.

const codes = Object.keys(WSA) as readonly WsaCode[];
const pages = readPages();
const spec = readFileSync(join(import.meta.dirname, '../docs/SPEC.md'), 'utf8');
const sentences = new Map(
  [...spec.matchAll(/^\| ([REAH]\d+) \| (.*?) \| [MSOIWH] \|/gm)].map(([, id = '', text = '']) => [
    id,
    text,
  ]),
);

describe('docs/errors', () => {
  it('has a page for each code, and no other', () => {
    expect(Object.keys(pages).sort()).toEqual([...codes].sort());
  });

  it('lists them all (npm run errors)', () => {
    expect(indexWritten(readIndex())).toBe(readIndex());
    for (const code of codes)
      expect(readIndex()).toContain(`[${code}](${code}.md) | ${String(WSA[code])} |`);
  });

  it('is what the command carries (npm run errors)', () => {
    expect(readEmbedded()).toBe(pagesEmbedded(pages));
  });
});

describe.each(codes)('docs/errors/%s.md', (code) => {
  const page = pages[code] ?? '';

  it('is as the code, docs/SPEC.md and the log say (npm run errors)', () => {
    expect(pageWritten(code, page)).toBe(page);
  });

  it('has the number and the retry class of the code', () => {
    expect(page).toMatch(
      new RegExp(`^# ${code}\\n\\n<!-- head -->\\n\\n\\*\\*${String(WSA[code])}\\*\\*`),
    );
    expect(page).toContain(`retry \`${retryClass(code)}\`: `);
    expect(page).toContain(`\n\n${wsaText[code]}\n`);
  });

  it('has its parts, in one order', () => {
    const headings = [...page.matchAll(/^## (.*)$/gm)].map(([, heading]) => heading);
    expect(headings).toEqual(['What to do', 'In a program', 'In the log', 'Rules']);
  });

  it('quotes rules as docs/SPEC.md says them', () => {
    const quoted = [...page.matchAll(/^- \*\*([REAH]\d+)\*\* \(.*?\) (.*)$/gm)];
    expect(quoted.length).toBeGreaterThan(0);
    for (const [, id = '', sentence] of quoted)
      expect([id, sentence]).toEqual([id, sentences.get(id)]);
  });

  it('lists every rule that answers with the code', () => {
    const listed = [...page.matchAll(/^- \*\*([REAH]\d+)\*\*/gm)].map(([, id = '']) => id);
    expect(listed).toEqual(expect.arrayContaining([...(answers().get(code) ?? [])]));
  });

  it('names no other rule in its example than one that answers with the code', () => {
    const [, program = ''] = /## In a program\n([^]*?)\n## /.exec(page) ?? [];
    expect(program).toContain(code);
    const named = program.match(/\b[REAH]\d+\b/g) ?? [];
    expect(named.filter((id) => answers().get(code)?.has(id) !== true)).toEqual([]);
  });

  it('speaks of rules in force', () => {
    const named = page.match(/\b[REAH]\d{1,3}\b/g) ?? [];
    expect(named.filter((id) => !sentences.has(id))).toEqual([]);
  });
});
