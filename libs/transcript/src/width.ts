// Columns that a text takes in a terminal. Names are ASCII by grammar; only revealed data may be wide.

const wide =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6]|\p{Extended_Pictographic}/u;
const combining = /\p{M}/u;

export function widthOf(text: string): number {
  let width = 0;
  for (const char of text) width += charWidth(char);
  return width;
}

function charWidth(char: string): number {
  if (char <= '\u007e') return 1;
  if (combining.test(char)) return 0;
  if ((char.codePointAt(0) ?? 0) >= 0x20000) return 2;
  return wide.test(char) && !narrowSymbols.has(char) ? 2 : 1;
}

// Pictographs that terminals show in one column.
const narrowSymbols = new Set(['✔', '✖', '↔', '▶', '◀', '■', '⏱', '⚠', '©', '®', '™']);

/** At most `columns` of a text, with `…` where it was cut. */
export function cut(text: string, columns: number, ellipsis = '…'): string {
  if (widthOf(text) <= columns) return text;
  let kept = '';
  let width = ellipsis.length;
  for (const char of text) {
    width += charWidth(char);
    if (width > columns) break;
    kept += char;
  }
  return columns < ellipsis.length ? '' : kept + ellipsis;
}

export const padEnd = (text: string, columns: number): string =>
  text + ' '.repeat(Math.max(0, columns - widthOf(text)));

export const padStart = (text: string, columns: number): string =>
  ' '.repeat(Math.max(0, columns - widthOf(text))) + text;
