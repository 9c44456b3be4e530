import { timeOfDay } from '@joinleaf/replay';
import { bad, dim, line, strong, warn, wrap, type Line, type Span } from '@joinleaf/transcript';
import type { VerbContext } from './verb.js';

/** Something that a node hears or does, for people (`words`) and for programs (`fields`). */
export interface Happening {
  /** `opened`, `FD_ACCEPT`, `joined` … */
  readonly event: string;
  readonly words: string;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly tone?: 'bad' | 'warn' | undefined;
}

const eventColumns = 11;

/** Tells on stdout what happens to a node, a line for each event. */
export class Narrator {
  readonly #context: VerbContext;

  constructor(context: VerbContext) {
    this.#context = context;
  }

  tell({ event, words, fields, tone }: Happening): void {
    const { terminal, world } = this.#context;
    const at = world.now();
    switch (terminal.format) {
      case 'json':
      case 'ndjson':
        terminal.record({ event, at, ...fields });
        return;
      case 'plain':
        terminal.fields([event, new Date(at).toISOString(), words]);
        return;
      case 'page':
        terminal.page(lines(timeOfDay(at), named(event, tone), words, terminal.width));
    }
  }
}

function lines(time: string, event: Span, words: string, width: number | null): readonly Line[] {
  const margin = time.length + event.text.length + 2;
  return wrap(words, width === null ? null : Math.max(20, width - margin)).map((part, index) =>
    index === 0 ? line(dim(time), ' ', event, ' ', part) : line(' '.repeat(margin), part),
  );
}

function named(event: string, tone: Happening['tone']): Span {
  const text = event.padEnd(eventColumns);
  if (tone === 'bad') return bad(text);
  return tone === 'warn' ? warn(text) : strong(text);
}
