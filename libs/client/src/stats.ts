import type { Stats } from './api.js';

export type Figure = Exclude<keyof Stats, 'sockets'>;

/** Counts what happens to a connection. */
export class Counters {
  readonly #figures: Record<Figure, number> = {
    heard: 0,
    duplicatesDropped: 0,
    gaps: 0,
    resumes: 0,
    ignoredIncarnation: 0,
    malformed: 0,
    unknownNews: 0,
    retries: 0,
    unknown: 0,
    reconnects: 0,
    beats: 0,
    callbackErrors: 0,
    buffered: 0,
    dataSent: 0,
    dataHeard: 0,
    dataLost: 0,
    dataDenied: 0,
  };

  add(figure: Figure, count: number): void {
    this.#figures[figure] += count;
  }

  read(): Record<Figure, number> {
    return { ...this.#figures };
  }
}
