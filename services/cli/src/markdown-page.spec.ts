import { describe, expect, it } from '@jest/globals';
import { pageText } from '@joinleaf/transcript';
import { markdownPage } from './markdown-page.js';

const shown = (markdown: string, columns = 40): string =>
  pageText(markdownPage(markdown, columns), { colour: false, width: null });

describe('a page of Markdown in a terminal', () => {
  it('has an empty line between blocks, and none below a heading or between items', () => {
    const text = shown('## What to do\n\nOne thing.\n\n- first\n- second\n\n## Then\n\nNothing.\n');
    expect(text).toBe('What to do\nOne thing.\n\n- first\n- second\n\nThen\nNothing.\n');
  });

  it('joins the lines of a text, and breaks them where the terminal ends', () => {
    const text = shown('- a sentence that goes on\n  in the next line, and on\n- b', 24);
    expect(text).toBe('- a sentence that goes\n  on in the next line,\n  and on\n- b\n');
  });

  it('shows code, strong words and links without their marks', () => {
    expect(shown('Say `joinleaf why`, **twice**, as [it](it.md) says.')).toBe(
      'Say joinleaf why, twice, as it says.\n',
    );
    const coloured = pageText(markdownPage('`ls` **now**', 40), { colour: true, width: null });
    expect(coloured).toBe('\u001b[36mls\u001b[39m \u001b[1mnow\u001b[22m\n');
  });

  it('keeps a mark and what clings to it on one line', () => {
    expect(shown('aaaa (`bbbb`), cc', 10)).toBe('aaaa\n(bbbb), cc\n');
  });

  it('leaves fenced blocks as they are, and comments out', () => {
    const fenced =
      '<!-- log -->\n\n```text\n$ joinleaf ls\n  a line that is longer than it all\n\n- x\n```\n<!-- end -->';
    expect(shown(fenced, 10)).toBe('$ joinleaf ls\n  a line that is longer than it all\n\n- x\n');
  });
});
