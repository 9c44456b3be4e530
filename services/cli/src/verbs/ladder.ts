import { Cast, steps, type History } from '@joinleaf/replay';
import {
  ladderMermaid,
  ladderOf,
  ladderSvg,
  ladderText,
  leavesIn,
  type Ladder,
  type Line,
} from '@joinleaf/transcript';
import { BadWord, type ExitCode } from '../exit-codes.js';
import { load } from '../load.js';
import type { Loaded } from '../sources.js';
import { parseTarget } from '../targets.js';
import { loadingOf, suggest, warnOf, type SourceOptions, type VerbContext, next } from '../verb.js';
import { extractOf } from './log.js';

export interface LadderOptions extends SourceOptions {
  readonly from?: string;
  readonly to?: string;
  readonly leaf?: string;
  readonly full?: boolean;
  readonly ascii?: boolean;
  readonly as?: string;
}

const recordsMax = 100;
/** In an image or a document there is room for more leaves than in a terminal. */
const leavesMaxInImage = 12;
const forms = ['text', 'mermaid', 'svg'] as const;

/** `joinleaf ladder SRC`: who said what to whom, as a diagram. */
export async function ladder(
  context: VerbContext,
  source: string,
  options: LadderOptions,
): Promise<ExitCode> {
  const form = forms.find((one) => one === (options.as ?? 'text'));
  if (form === undefined) throw new BadWord('--as', `--as is one of ${forms.join(', ')}`);
  const target = parseTarget(source, context.world.cwd);
  const loaded = await load(target, loadingOf(context, options));
  const exitCode = warnOf(context, loaded);
  const columns = context.terminal.columns;
  const leavesMax = form === 'text' ? leavesIn(columns) : leavesMaxInImage;
  const laidOut = layOut(loaded.history, leavesMax, options);
  if (context.terminal.format !== 'page') {
    context.terminal.json({ schema: 'joinleaf.ladder/1', ...laidOut });
    return exitCode;
  }
  draw(context, laidOut, form, options.ascii === true);
  if (form === 'text') legend(context, loaded, laidOut);
  suggest(
    context,
    next('why', loaded, '#NUMBER'),
    `${next('log', loaded)} --told`,
    `${next('ladder', loaded)} --as svg > ladder.svg`,
  );
  return exitCode;
}

function layOut(history: History, leavesMax: number, options: LadderOptions): Ladder {
  const all = [...steps(history)];
  return ladderOf(all, Cast.of(all), {
    ...extractOf(options),
    leavesMax,
    leaf: options.leaf,
    recordsMax: options.full === true ? Number.MAX_SAFE_INTEGER : recordsMax,
  });
}

/** A history as a ladder for a terminal: what the demo shows at its end. */
export function ladderLines(
  history: History,
  columns: number,
  options: LadderOptions = {},
): readonly Line[] {
  const laidOut = layOut(history, leavesIn(columns), options);
  return ladderText(laidOut, { width: columns, ascii: false });
}

function draw(
  { terminal }: VerbContext,
  laidOut: Ladder,
  form: (typeof forms)[number],
  ascii: boolean,
): void {
  switch (form) {
    case 'text':
      terminal.page(ladderText(laidOut, { width: terminal.columns, ascii }));
      return;
    case 'mermaid':
      terminal.data(
        ladderMermaid(laidOut)
          .map((text) => `${text}\n`)
          .join(''),
      );
      return;
    case 'svg':
      terminal.data(
        ladderSvg(laidOut)
          .map((text) => `${text}\n`)
          .join(''),
      );
      return;
  }
}

function legend({ terminal }: VerbContext, { history, origin }: Loaded, { rows }: Ladder): void {
  terminal.remark(
    rows.length === 0
      ? `no record of ${history.session} is in that part`
      : `${history.session}, ${origin} · │ in the session, ┊ not in it · asked in small letters, TOLD in capitals (FD_…) · ╌ refused or too late`,
  );
}
