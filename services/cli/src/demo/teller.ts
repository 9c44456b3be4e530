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
import type { Terminal } from '../terminal.js';
import type { DemoContext } from './context-file.js';
import type { Played } from './play.js';
import type { Scenario } from './scenario.js';
import { explanation, outcomeWords, stepWords, wantedWords } from './step-words.js';

const columnsMax = 100;

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
    this.#tell();
    this.#tell(strong('What the event log tells of it'));
    for (const each of lines) this.#tell(...each);
  }

  toTry(session: string, scenario: string): void {
    this.#tell();
    this.#tell(strong('Everything is still running. In another terminal:'));
    for (const each of triesFor(session, scenario)) this.#tell('  ', command(each));
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
    if (error instanceof ProgramEnded)
      for (const each of error.lastLines) this.complain(`  ${each}`);
  }

  get #columns(): number {
    return Math.min(this.#terminal.columns, columnsMax);
  }

  #tell(...pieces: readonly (string | Span)[]): void {
    this.#terminal.page([line(...pieces)]);
  }
}

function triesFor(session: string, scenario: string): readonly string[] {
  const quoted = session.startsWith('@') ? `'${session}'` : session;
  return [
    `npx joinleaf ladder ${quoted}`,
    `npx joinleaf log ${quoted}`,
    `npx joinleaf why ${quoted}`,
    'npx joinleaf replay --all',
    'npx joinleaf verify --all',
    `npm start -- --once --scenario ${scenario === 'auto-lobby' ? 'news-group' : 'auto-lobby'}`,
  ];
}

const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;
