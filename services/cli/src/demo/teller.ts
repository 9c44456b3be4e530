import { ProgramEnded } from '@joinleaf/launcher';
import {
  bad,
  command,
  dim,
  good,
  line,
  padEnd,
  strong,
  widthOf,
  wrap,
  type Line,
  type Span,
} from '@joinleaf/transcript';
import { shellName } from '../targets.js';
import type { Terminal } from '../terminal.js';
import type { SessionAddress } from '@joinleaf/multipoint';
import type { DemoContext } from './context-file.js';
import type { Played } from './play.js';
import type { Scenario } from './scenario.js';
import { logWords } from './log-words.js';
import { explanation, outcomeWords, stepWords, wantedWords } from './step-words.js';

const columnsMax = 100;
const lastLinesMax = 6;

/** Finds the words for what happens in a demo. */
export class Teller {
  readonly #terminal: Terminal;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  /** What is going on behind the scenes. */
  aside(text: string): void {
    for (const part of wrap(text, this.#columns)) this.#tell(dim(part));
  }

  complain(text: string): void {
    this.#terminal.complain(line(text));
  }

  ready(names: readonly string[], tookMs: number): void {
    const count = String(names.length);
    this.aside(`${names.join(', ')}: ${count} processes, ready after ${seconds(tookMs)}`);
  }

  title({ title, description }: Scenario): void {
    this.#tell();
    this.#tell(strong(title));
    for (const part of wrap(description, this.#columns)) this.#tell(part);
    this.#tell();
  }

  /** `✓ ada  invite agent-1:1    connected` */
  step(played: Played, { session, steps }: Scenario): void {
    const { step, outcome, wanted, asWanted } = played;
    const actorWidth = Math.max(...steps.map(({ actor }) => widthOf(actor)));
    const wordsWidth = Math.max(...steps.map((each) => widthOf(stepWords(each, session))));
    const isNo = outcome.kind === 'refused' || outcome.kind === 'failed';
    const ended = outcomeWords(played);
    this.#tell(
      asWanted ? good('  ✓ ') : bad('  ✗ '),
      strong(padEnd(step.actor, actorWidth + 2)),
      padEnd(stepWords(step, session), wordsWidth + 2),
      isNo ? bad(ended) : ended,
    );
    if (asWanted) return;
    const text = explanation(outcome);
    if (text !== null) this.#tell(`    ${text}`);
    this.#tell(`    line ${String(step.line)} wants: ${wantedWords(step, wanted)}`);
  }

  ladder(lines: readonly Line[]): void {
    if (lines.length === 0) return;
    this.#tell();
    this.#tell(strong('What the event log tells of it'));
    for (const each of lines) this.#tell(...each);
  }

  toTry(session: SessionAddress, { refused }: { readonly refused: number }): void {
    const tries = triesFor(session, refused);
    const width = Math.max(...tries.map(([what]) => widthOf(what))) + 2;
    this.#tell();
    this.#tell(strong('Everything is still running. In another terminal:'));
    for (const [what, why] of tries) this.#tell('  ', command(padEnd(what, width)), dim(why));
    this.#tell();
    this.aside('Ctrl-C ends it.');
  }

  alreadyRunning({ pid, servers }: DemoContext): void {
    this.complain(`A demo is running already: process ${String(pid)}, at ${servers.join(', ')}.`);
    this.complain('Look at it (npx joinleaf --help), end it with Ctrl-C where it runs, or play');
    this.complain('a scenario beside it: npm start -- --once');
  }

  failure(error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    for (const each of message.split('\n')) this.complain(each);
    if (!(error instanceof ProgramEnded)) return;
    for (const each of error.lastLines.slice(-lastLinesMax)) this.complain(`  ${logWords(each)}`);
  }

  get #columns(): number {
    return Math.min(this.#terminal.columns, columnsMax);
  }

  #tell(...pieces: readonly (string | Span)[]): void {
    this.#terminal.page([line(...pieces)]);
  }
}

function triesFor(
  session: SessionAddress,
  refused: number,
): readonly (readonly [command: string, why: string])[] {
  const name = shellName({ kind: 'session', session });
  return [
    ...(refused > 0 ? ([[`npx joinleaf why ${name}`, 'why the last "no" was one']] as const) : []),
    [`npx joinleaf log ${name} --told`, 'what happened, who heard it'],
    ['npx joinleaf replay --all', 'decide it all again, compare'],
    ['npx joinleaf verify --all', 'is the log what was written'],
    ['npx joinleaf open den --node eve --accept all', 'keep a session yourself'],
    ['npx joinleaf join den --node dan', 'join it from a third one'],
  ];
}

const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;
