import { escapeForXml } from './escape.js';
import type { Ladder, LadderRow } from './ladder.js';
import { wordsOf } from './ladder-mermaid.js';

const lead = 110;
const step = 190;
const rowHeight = 26;
const top = 74;

const style = `
  text { font: 12px ui-monospace, Menlo, Consolas, monospace; fill: #222; }
  .title { font-weight: bold; font-size: 15px; }
  .head { font-weight: bold; text-anchor: middle; }
  .label { text-anchor: middle; }
  .lead, .note { fill: #777; }
  .bad { fill: #b00020; }
  .life { stroke: #bbb; }
  .arrow { stroke: #222; fill: none; marker-end: url(#head); }
  .dotted { stroke-dasharray: 4 3; stroke: #777; }
`;

/** A ladder as an SVG image, with its headings; every row has its words for a screen reader. */
export function ladderSvg(ladder: Ladder): readonly string[] {
  const { title, columns, rows, omitted } = ladder;
  const width = lead + step * columns.length + 40;
  const height = top + rowHeight * (rows.length + 1);
  const note =
    omitted === null ? '' : ` · ${String(omitted.records)} records in the middle are not shown`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${String(width)}" height="${String(height)}" viewBox="0 0 ${String(width)} ${String(height)}" role="img">`,
    `<title>${escapeForXml(`${title}: ladder`)}</title>`,
    `<style>${style}</style>`,
    '<defs><marker id="head" markerWidth="8" markerHeight="8" refX="7" refY="4" orient="auto"><path d="M0 0 8 4 0 8z"/></marker></defs>',
    `<rect width="100%" height="100%" fill="#fff"/>`,
    `<text class="title" x="12" y="24">${escapeForXml(title)}</text>`,
    `<text class="note" x="12" y="42">${escapeForXml(`order by revision, not by time${note}`)}</text>`,
    ...columns.map((column, index) => head(column.title, index, height)),
    ...rows.map(svgRow),
    '</svg>',
  ];
}

const xOf = (column: number): number => lead + step * column + step / 2;

const head = (title: string, index: number, height: number): string =>
  `<text class="head" x="${String(xOf(index))}" y="62">${escapeForXml(title)}</text>` +
  `<line class="life" x1="${String(xOf(index))}" y1="68" x2="${String(xOf(index))}" y2="${String(height - 6)}"/>`;

function svgRow(row: LadderRow, index: number): string {
  const y = top + rowHeight * (index + 1);
  const name = row.number === null ? '' : `${String(row.number)}  @${row.revision}`;
  const words = escapeForXml(wordsOf(row));
  const label = escapeForXml(
    `${row.labels[0] ?? ''}${row.detail === '' ? '' : ` · ${row.detail}`}`,
  );
  const tone = row.tone === 'bad' ? ' bad' : '';
  const [from, to] = [xOf(row.from), xOf(row.to)];
  const dotted = row.style === 'dotted' ? ' dotted' : '';
  const mark =
    row.from === row.to
      ? `<circle cx="${String(from)}" cy="${String(y)}" r="3"/><text class="${tone.trim()}" x="${String(from + 8)}" y="${String(y + 4)}">${label}</text>`
      : `<path class="arrow${dotted}" d="M${String(from)} ${String(y)}H${String(to)}"/><text class="label${tone}" x="${String((from + to) / 2)}" y="${String(y - 4)}">${label}</text>`;
  return `<g><title>${words}</title><text class="lead" x="12" y="${String(y + 4)}">${name}</text>${mark}</g>`;
}
