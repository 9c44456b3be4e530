import { escapeForTerminal } from './escape.js';
import { cut, widthOf } from './width.js';

/** How a piece of text is meant; colour follows, where there is colour. */
export type Tone = 'plain' | 'strong' | 'dim' | 'good' | 'bad' | 'warn' | 'command';

export interface Span {
  readonly text: string;
  readonly tone: Tone;
}

/** One line of a page. */
export type Line = readonly Span[];

export const strong = (text: string): Span => ({ text, tone: 'strong' });
export const dim = (text: string): Span => ({ text, tone: 'dim' });
export const good = (text: string): Span => ({ text, tone: 'good' });
export const bad = (text: string): Span => ({ text, tone: 'bad' });
export const warn = (text: string): Span => ({ text, tone: 'warn' });
export const command = (text: string): Span => ({ text, tone: 'command' });

/** A line from its pieces; bare text is plain. */
export const line = (...pieces: readonly (string | Span)[]): Line =>
  pieces.map((piece) => (typeof piece === 'string' ? { text: piece, tone: 'plain' } : piece));

export const emptyLine: Line = [];

const ansi: Readonly<Record<Tone, readonly [string, string] | null>> = {
  plain: null,
  strong: ['\u001b[1m', '\u001b[22m'],
  dim: ['\u001b[2m', '\u001b[22m'],
  good: ['\u001b[32m', '\u001b[39m'],
  bad: ['\u001b[31m', '\u001b[39m'],
  warn: ['\u001b[33m', '\u001b[39m'],
  command: ['\u001b[36m', '\u001b[39m'],
};

export interface Paper {
  readonly colour: boolean;
  /** Columns of a line at most; null for no bound. */
  readonly width: number | null;
}

/** A page as text. Whatever a span holds is escaped here, so that no page can forget it. */
export const pageText = (lines: readonly Line[], paper: Paper): string =>
  lines.map((spans) => `${lineText(spans, paper)}\n`).join('');

export function lineText(spans: Line, { colour, width }: Paper): string {
  let room = width ?? Number.MAX_SAFE_INTEGER;
  let text = '';
  for (const [index, span] of spans.entries()) {
    const clean = escapeForTerminal(span.text);
    const rest = spans.slice(index + 1).some((other) => other.text !== '');
    const fits = widthOf(clean) < room || (widthOf(clean) === room && !rest);
    const shown = fits ? clean : cut(`${clean}${rest ? ' ' : ''}`, room);
    text += painted(shown, colour ? span.tone : 'plain');
    room -= widthOf(shown);
    if (!fits) break;
  }
  return text.replace(/[ ]+$/, '');
}

function painted(text: string, tone: Tone): string {
  const codes = ansi[tone];
  return codes === null || text === '' ? text : `${codes[0]}${text}${codes[1]}`;
}
