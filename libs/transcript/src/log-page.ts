import { span, type Cast, type Step } from '@joinleaf/replay';
import { commandOf } from './endpoints.js';
import {
  actorName,
  isWanted,
  logRows,
  revisionOf,
  timeOf,
  type LogRow,
  type LogTelling,
} from './log-rows.js';
import { bad, dim, line, strong, warn, type Line, type Span } from './page.js';
import type { Extract, Telling } from './telling.js';
import { cut, padEnd, padStart } from './width.js';
import { wrap } from './wrap.js';

export interface LogPageOptions extends Telling, Extract, LogTelling {}

/** The widths of the columns of a log. */
interface Columns {
  readonly number: number;
  readonly revision: number;
  readonly time: number;
  readonly who: number;
  readonly what: number;
}

const gap = ' ';
const whoMax = 14;
const whatMax = 17; // ✗ WSAECONNREFUSED
const whatMin = 13; // JoinRequested

/** A history as lines, one record after the other, oldest first. */
export function logPage(
  steps: readonly Step[],
  cast: Cast,
  options: LogPageOptions,
): readonly Line[] {
  const wanted = steps.filter((step) => isWanted(step, options));
  const records = wanted.map((step) => logRows(step, cast, options));
  const columns = columnsFor(wanted, records.flat(), cast);
  const lines = records.flatMap((rows, index) =>
    rowLines(rows, timeBefore(wanted, index), columns, options.width),
  );
  return lines.length === 0 ? [] : [logHead(columns), ...lines];
}

/** Lines of one record that arrives later, below a log with the same columns. */
export function recordLines(
  step: Step,
  before: Step | null,
  cast: Cast,
  options: LogPageOptions,
): readonly Line[] {
  const columns = { number: 4, revision: 5, time: 8, who: 8, what: whatMax };
  const previousAt = before === null ? null : timeOf(before);
  return rowLines(logRows(step, cast, options), previousAt, columns, options.width);
}

const timeBefore = (steps: readonly Step[], index: number): number | null => {
  const step = steps[index - 1];
  return step === undefined ? null : timeOf(step);
};

function columnsFor(steps: readonly Step[], rows: readonly LogRow[], cast: Cast): Columns {
  const numbers = steps.map(({ number }) => String(number).length);
  const revisions = steps.map((step) =>
    step.kind === 'decision' && step.commit.decisions.length > 1
      ? `${String(step.commit.revision)}.${String(step.place)}`.length
      : String(revisionOf(step)).length,
  );
  const names = steps.map((step) => actorName(cast.actorOf(commandOf(step))).length);
  return {
    number: longest(3, numbers),
    revision: longest(3, revisions),
    time: 8,
    who: Math.min(whoMax, longest(4, names)),
    what: longest(
      whatMin,
      rows.map(({ what }) => what.length),
    ),
  };
}

// A history may have more records than a call has arguments.
const longest = (least: number, lengths: readonly number[]): number =>
  lengths.reduce((longer, length) => Math.max(longer, length), least);

const logHead = ({ number, revision, time, who, what }: Columns): Line =>
  line(
    strong(
      [
        padStart('#', number),
        padStart('rev', revision),
        padStart('+time', time),
        padEnd('who', who),
        padEnd('what', what),
        'detail',
      ].join(gap),
    ),
  );

function rowLines(
  rows: readonly LogRow[],
  previousAt: number | null,
  columns: Columns,
  width: number | null,
): readonly Line[] {
  return rows.flatMap((row) => {
    const elapsed = row.at === null ? '' : passed(row.at, previousAt);
    const lead = [
      padStart(row.number === null ? '' : String(row.number), columns.number),
      padStart(row.revision, columns.revision),
      padStart(elapsed, columns.time),
      padEnd(cut(row.who, columns.who), columns.who),
    ].join(gap);
    const what = row.what === '' ? '' : padEnd(row.what, columns.what);
    const indent = lead.length + gap.length + (row.what === '' ? 2 : columns.what + gap.length);
    const details = wrap(row.detail, width === null ? null : Math.max(20, width - indent));
    return details.map((detail, index) =>
      index === 0
        ? line(dim(lead), gap, tonedWhat(row, what), what === '' ? '  ' : gap, toned(row, detail))
        : line(' '.repeat(indent), toned(row, detail)),
    );
  });
}

// Revisions order records, clocks do not: a clock that ran backwards is shown as it was.
const passed = (at: number, previousAt: number | null): string =>
  previousAt === null ? span(0) : `${at >= previousAt ? '+' : ''}${span(at - previousAt)}`;

function tonedWhat(row: LogRow, what: string): Span {
  if (row.kind === 'refusal') return bad(what);
  if (row.kind === 'late') return dim(what);
  return /^Join(?:Failed|Cancelled)/.test(what) ? warn(what) : { text: what, tone: 'plain' };
}

function toned(row: LogRow, detail: string): Span {
  return row.kind === 'event' || row.kind === 'refusal'
    ? { text: detail, tone: 'plain' }
    : dim(detail);
}
