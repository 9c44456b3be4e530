import { dim, line, lineText, pageText, wrap, type Line } from '@joinleaf/transcript';
import type { World } from './world.js';

/** How the result of a verb is wanted. */
export type Format = 'page' | 'json' | 'ndjson' | 'plain';

export interface TerminalOptions {
  readonly format: Format;
  /** Whether colour may be used where somebody can see it. */
  readonly colour: boolean;
  readonly quiet: boolean;
  /** Columns; undefined for those of the terminal. */
  readonly width: number | undefined;
}

/** Where results go (stdout) and where talk goes (stderr). */
export class Terminal {
  readonly #world: World;
  readonly #options: TerminalOptions;

  constructor(world: World, options: TerminalOptions) {
    this.#world = world;
    this.#options = options;
  }

  get format(): Format {
    return this.#options.format;
  }

  /** Columns that a page may take; null where nothing cuts it. */
  get width(): number | null {
    const { width } = this.#options;
    if (width !== undefined) return width;
    const { stdout } = this.#world;
    return stdout.isTTY ? (stdout.columns ?? columnsDefault) : null;
  }

  /** Columns for what has to have some: diagrams and cards. */
  get columns(): number {
    return this.width ?? columnsDefault;
  }

  get isQuiet(): boolean {
    return this.#options.quiet;
  }

  get isSeen(): boolean {
    return this.#world.stdout.isTTY;
  }

  /** Prints a part of the result, as a page. */
  page(lines: readonly Line[]): void {
    const { stdout } = this.#world;
    stdout.write(pageText(lines, { colour: this.#colour(stdout.isTTY), width: this.width }));
  }

  /** Prints a part of the result, as it is. Only for what holds no text of others. */
  data(text: string | Uint8Array): void {
    this.#world.stdout.write(text);
  }

  json(value: unknown): void {
    this.#world.stdout.write(`${harmlessJson(JSON.stringify(value, null, 2))}\n`);
  }

  /** One JSON document in a line. */
  record(value: unknown): void {
    this.#world.stdout.write(`${harmlessJson(JSON.stringify(value))}\n`);
  }

  /** Tab-separated fields in a line. */
  fields(fields: readonly (string | number)[]): void {
    const clean = fields.map((field) =>
      lineText([{ text: String(field), tone: 'plain' }], { colour: false, width: null }),
    );
    this.#world.stdout.write(`${clean.join('\t')}\n`);
  }

  /** Says something beside the result, in as many lines as it takes. */
  remark(text: string): void {
    const { stderr } = this.#world;
    const width = stderr.isTTY ? (stderr.columns ?? columnsDefault) : null;
    this.talk(...wrap(text, width).map((part) => line(dim(part))));
  }

  /** Talks to whoever sits there; nothing of it is the result. */
  talk(...lines: readonly Line[]): void {
    if (this.#options.quiet) return;
    this.complain(...lines);
  }

  /** Says what must be heard, quiet or not. */
  complain(...lines: readonly Line[]): void {
    const { stderr } = this.#world;
    const width = stderr.isTTY ? (stderr.columns ?? columnsDefault) : null;
    stderr.write(pageText(lines, { colour: this.#colour(stderr.isTTY), width }));
  }

  /** The same for a program that reads JSON. */
  complainInJson(value: unknown): void {
    this.#world.stderr.write(`${harmlessJson(JSON.stringify(value))}\n`);
  }

  // NO_COLOR, see no-color.org: any value but the empty one.
  #colour(isTTY: boolean): boolean {
    const { NO_COLOR, TERM } = this.#world.env;
    return this.#options.colour && isTTY && (NO_COLOR ?? '') === '' && TERM !== 'dumb';
  }
}

const columnsDefault = 80;

// Controls that JSON leaves as they are, such as C1, and what turns the writing direction: they stand in strings alone.
const unprintable = /[\p{Cc}\p{Cf}\p{Co}\p{Cn}\u2028\u2029]/gu;

/** The same JSON, with nothing in it that a terminal would act on. */
const harmlessJson = (json: string): string =>
  json.replace(unprintable, (char) =>
    char === '\n' ? char : char.split('').map(escapedUnit).join(''),
  );

const escapedUnit = (unit: string): string =>
  `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
