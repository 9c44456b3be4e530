import { span } from '@joinleaf/replay';
import type { Ladder, LadderRow } from './ladder.js';
import { bad, dim, line, strong, type Line, type Span } from './page.js';
import { cut, padEnd, padStart } from './width.js';
import { wrap } from './wrap.js';

export interface LadderTextOptions {
  readonly width: number;
  /** Only characters that every terminal has. */
  readonly ascii: boolean;
}

interface Frame {
  readonly number: number;
  readonly revision: number;
  readonly time: number;
  /** Where the first column stands, and how far apart they are. */
  readonly left: number;
  readonly step: number;
  /** Where the detail begins. */
  readonly right: number;
}

const stepMin = 11;
const stepMax = 18;
const detailMin = 16;
/** Columns left of the ladder: number, revision, time and the gaps. */
const leadMin = 17;

/** How many leaves have a column of their own in a terminal of this width. */
export const leavesIn = (width: number): number =>
  Math.max(1, Math.floor((width - leadMin - 1 - detailMin) / stepMin) - 1);

/** A ladder for a terminal. */
export function ladderText(ladder: Ladder, { width, ascii }: LadderTextOptions): readonly Line[] {
  if (ladder.rows.length === 0) return [];
  const frame = frameOf(ladder, width);
  const start = ladder.rows[0]?.at ?? 0;
  const lines = ladder.rows.flatMap((row, index) => {
    const omitted = ladder.omitted?.afterRow === index ? [omission(ladder)] : [];
    return [...omitted, ...rowLines(row, frame, start, width)];
  });
  const all = [headLine(ladder, frame, width), ...lines];
  return ascii ? all.map(inAscii) : all;
}

function frameOf({ columns, rows }: Ladder, width: number): Frame {
  const longest = (least: number, lengths: readonly number[]): number =>
    lengths.reduce((longer, length) => Math.max(longer, length), least);
  const number = longest(
    2,
    rows.map((row) => String(row.number ?? '').length),
  );
  const revision = longest(
    3,
    rows.map((row) => row.revision.length),
  );
  const left = number + revision + 8 + 4;
  const gaps = Math.max(1, columns.length - 1);
  const room = Math.floor((width - left - 1 - detailMin) / gaps);
  const step = Math.min(stepMax, Math.max(stepMin, room));
  return { number, revision, time: 8, left, step, right: left + step * (columns.length - 1) + 2 };
}

function headLine({ columns }: Ladder, frame: Frame, width: number): Line {
  const lead = [
    padStart('#', frame.number),
    padStart('rev', frame.revision),
    padStart('time', frame.time),
  ].join(' ');
  const titles = columns.map(({ title }, index) =>
    index === columns.length - 1 ? title : padEnd(cut(title, frame.step - 1), frame.step),
  );
  return line(strong(cut(`${padEnd(lead, frame.left)}${titles.join('')}`, width)));
}

const omission = ({ omitted }: Ladder): Line =>
  line(dim(`  ⋮ ${String(omitted?.records ?? 0)} records not shown: --from, --to, or --full`));

// The detail goes on beside the bare lifelines when it is longer than the space that is left.
function rowLines(row: LadderRow, frame: Frame, start: number, width: number): readonly Line[] {
  const lead = [
    padStart(row.number === null ? '' : String(row.number), frame.number),
    padStart(row.revision, frame.revision),
    padStart(row.at === null ? '' : span(row.at - start), frame.time),
  ].join(' ');
  const { cells, label } = drawn(row, frame);
  const about = label.includes(row.about) ? '' : row.about;
  const detail = [about, row.detail].filter((part) => part !== '').join(' ');
  const gap = Math.max(1, frame.right - frame.left - cells.length);
  const room = width - frame.left - cells.length - gap;
  if (room < detailMin - 4) return [line(dim(padEnd(lead, frame.left)), cells)];
  return wrap(detail, room).map((part, index) =>
    index === 0
      ? line(dim(padEnd(lead, frame.left)), cells, ' '.repeat(gap), tonedDetail(row, part))
      : line(
          ' '.repeat(frame.left),
          lifelines(row, frame).join(''),
          ' '.repeat(gap),
          tonedDetail(row, part),
        ),
  );
}

function tonedDetail({ tone }: LadderRow, detail: string): Span {
  if (tone === 'bad') return bad(detail);
  return dim(detail);
}

function lifelines(row: LadderRow, { step }: Frame): string[] {
  return row.present.flatMap((present, index) => {
    const life = present ? '│' : '┊';
    return index === 0 ? [life] : [...Array.from({ length: step - 1 }, () => ' '), life];
  });
}

/** The lifelines of a row with its arrow over them, and the label that was put on the arrow. */
function drawn(row: LadderRow, frame: Frame): { readonly cells: string; readonly label: string } {
  const { step } = frame;
  const cells = lifelines(row, frame);
  if (row.from === row.to) return own(cells, row, step);
  const [left, right] = [Math.min(row.from, row.to) * step, Math.max(row.from, row.to) * step];
  const dash = row.style === 'solid' ? '─' : '╌';
  const toRight = row.to > row.from;
  for (let x = left + 1; x < right; x += 1) cells[x] = dash;
  cells[toRight ? right - 1 : left + 1] = toRight ? '▶' : '◀';
  const label = fitting(row.labels, right - left - 3);
  const loose = right - left - 3 > label.length ? 1 : 0;
  write(cells, left + (toRight ? 1 : 2) + loose, label);
  return { cells: cells.join(''), label };
}

// Something that the service did by itself: a dot on its line, and the words beside it.
function own(cells: string[], row: LadderRow, step: number) {
  const at = row.from * step;
  cells[at] = row.number === null ? '○' : '●';
  const label = fitting(row.labels, Math.max(cells.length - at - 2, step - 3));
  write(cells, at + 2, label);
  return { cells: cells.join(''), label };
}

function write(cells: string[], from: number, text: string): void {
  for (const [index, char] of Array.from(text).entries()) cells[from + index] = char;
}

// A word may take the last dash of its arrow where it would not fit otherwise.
function fitting(labels: readonly string[], room: number): string {
  return labels.find((label) => label.length <= room) ?? cut(labels.at(-1) ?? '', room + 1);
}

const asciiOf: Readonly<Record<string, string>> = {
  '│': '|',
  '┊': ':',
  '─': '-',
  '╌': '.',
  '▶': '>',
  '◀': '<',
  '●': '*',
  '○': 'o',
  '✗': 'x',
  '✔': 'v',
  '■': '#',
  '…': '~',
  '→': '>',
  '⋮': ':',
  '–': '-',
  '×': 'x',
};

const inAscii = (spans: Line): Line =>
  spans.map(({ text, tone }) => ({
    tone,
    text: Array.from(text, (char) => asciiOf[char] ?? char).join(''),
  }));
