import { escapeForMermaid } from './escape.js';
import type { Ladder, LadderRow } from './ladder.js';

/** A ladder as a Mermaid sequence diagram, for documents and issues. */
export function ladderMermaid({ title, columns, rows, omitted }: Ladder): readonly string[] {
  const service = columns.findIndex(({ kind }) => kind === 'service');
  const lines = rows.flatMap((row, index) => [
    ...(omitted?.afterRow === index
      ? [`  Note over c${String(service)}: ${String(omitted.records)} records not shown`]
      : []),
    rowLine(row),
  ]);
  return [
    'sequenceDiagram',
    `  title ${escapeForMermaid(title)}`,
    ...columns.map(
      (column, index) => `  participant c${String(index)} as ${escapeForMermaid(column.title)}`,
    ),
    ...lines,
  ];
}

function rowLine(row: LadderRow): string {
  const text = escapeForMermaid(wordsOf(row));
  const [from, to] = [`c${String(row.from)}`, `c${String(row.to)}`];
  if (row.from === row.to) return `  Note over ${from}: ${text}`;
  const arrow = row.style === 'dotted' ? '--x' : '->>';
  return `  ${from}${arrow}${to}: ${text}`;
}

/** A row in words, with its number: what an arrow is called where there is room. */
export function wordsOf({ number, labels, detail }: LadderRow): string {
  const name = number === null ? '' : `${String(number)} · `;
  return `${name}${labels[0] ?? ''}${detail === '' ? '' : ` (${detail})`}`;
}
