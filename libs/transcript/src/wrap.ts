import { widthOf } from './width.js';

/** Breaks text at spaces into lines of at most `columns`; a word that is longer stands alone. */
export function wrap(text: string, columns: number | null): readonly string[] {
  if (columns === null || widthOf(text) <= columns) return [text];
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (line !== '' && widthOf(longer) > columns) {
      lines.push(line);
      line = word;
    } else {
      line = longer;
    }
  }
  return [...lines, line];
}
