import {
  command,
  emptyLine,
  line,
  strong,
  widthOf,
  type Line,
  type Span,
} from '@joinleaf/transcript';

// Markdown as the pages of docs/errors use it, for a terminal: headings, paragraphs, lists, fenced blocks,
// and in a text `code`, **strong** and links.

type Block =
  | { readonly kind: 'heading' | 'paragraph' | 'item'; readonly text: string }
  | { readonly kind: 'fenced'; readonly lines: readonly string[] };

/** Lays a text out in lines of at most so many columns; lines of fenced blocks may be longer. */
export function markdownPage(markdown: string, columns: number): readonly Line[] {
  const page: Line[] = [];
  let before: Block['kind'] | null = null;
  for (const block of blocksIn(markdown)) {
    const isNextItem = before === 'item' && block.kind === 'item';
    const followsHeading = before === 'heading';
    if (before !== null && !isNextItem && !followsHeading) page.push(emptyLine);
    page.push(...blockLines(block, columns));
    before = block.kind;
  }
  return page;
}

function blockLines(block: Block, columns: number): readonly Line[] {
  switch (block.kind) {
    case 'heading':
      return [line(strong(block.text))];
    case 'paragraph':
      return laidOut(spansIn(block.text), columns);
    case 'item':
      return laidOut(spansIn(block.text), columns - 2).map((spans, index) =>
        line(index === 0 ? '- ' : '  ', ...spans),
      );
    case 'fenced':
      return block.lines.map((text) =>
        text.startsWith('$ ') ? line('$ ', command(text.slice(2))) : line(text),
      );
  }
}

function* blocksIn(markdown: string): Generator<Block, void, undefined> {
  const lines = markdown.split('\n');
  for (let at = 0; at < lines.length; at += 1) {
    const text = lines[at] ?? '';
    if (text === '' || text.startsWith('<!--')) continue;
    if (text.startsWith('```')) {
      const end = endOf(lines, at + 1, (one) => one.startsWith('```'));
      yield { kind: 'fenced', lines: lines.slice(at + 1, end) };
      at = end;
      continue;
    }
    const end = endOf(lines, at + 1, (one) => /^(?:$|[#`-]|<!--)/.test(one));
    const [head = '', ...more] = lines.slice(at, end).map((one) => one.trim());
    const marker = /^(?:#+|-) /.exec(head)?.[0] ?? '';
    const kind = marker === '' ? 'paragraph' : marker === '- ' ? 'item' : 'heading';
    yield { kind, text: [head.slice(marker.length), ...more].join(' ') };
    at = end - 1;
  }
}

function endOf(lines: readonly string[], from: number, isEnd: (text: string) => boolean): number {
  const length = lines.slice(from).findIndex(isEnd);
  return length < 0 ? lines.length : from + length;
}

const markup = /`([^`]+)`|\*\*([^*]+)\*\*|\[([^\]]+)\]\([^)]*\)/g;

function spansIn(text: string): readonly Span[] {
  const spans: Span[] = [];
  let at = 0;
  for (const found of text.matchAll(markup)) {
    const [all, code, bold, link] = found;
    spans.push(plain(text.slice(at, found.index)));
    spans.push(
      code !== undefined ? command(code) : bold !== undefined ? strong(bold) : plain(link ?? ''),
    );
    at = found.index + all.length;
  }
  return [...spans, plain(text.slice(at))].filter((span) => span.text !== '');
}

const plain = (text: string): Span => ({ text, tone: 'plain' });

// Breaks at spaces, also at those inside of a span; what belongs together without one stays together.
function laidOut(spans: readonly Span[], columns: number): readonly Line[] {
  const lines: Span[][] = [[]];
  let width = 0;
  for (const word of wordsIn(spans)) {
    const length = word.reduce((sum, { text }) => sum + widthOf(text), 0);
    const isFirst = width === 0;
    if (!isFirst && width + 1 + length > columns) {
      lines.push([...word]);
      width = length;
    } else {
      lines.at(-1)?.push(...(isFirst ? [] : [plain(' ')]), ...word);
      width += length + (isFirst ? 0 : 1);
    }
  }
  return lines.map((one) => line(...one));
}

function wordsIn(spans: readonly Span[]): readonly (readonly Span[])[] {
  const words: Span[][] = [[]];
  for (const { text, tone } of spans) {
    for (const [index, part] of text.split(' ').entries()) {
      if (index > 0) words.push([]);
      if (part !== '') words.at(-1)?.push({ text: part, tone });
    }
  }
  return words.filter((word) => word.length > 0);
}
