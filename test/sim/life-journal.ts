import { Journal } from '../deployment/journal.js';

/** What the programs of one life of a node were told: kept apart, because a life may end without a word. */
export class LifeJournal extends Journal {
  #tokens = 0;
  isOver = false;

  constructor(readonly life: string) {
    super();
  }

  override token(): string {
    this.#tokens += 1;
    return `${this.life} ${String(this.#tokens)}`;
  }

  /** The life has ended: what it did not hear, it did not miss. */
  end(): void {
    this.isOver = true;
    for (const socket of this.watched) this.closedHere.add(socket);
  }
}

/** All lives as one. */
export function merged(lives: readonly LifeJournal[]): Journal {
  const all = new Journal();
  for (const life of lives) {
    all.heard.push(...life.heard);
    all.answers.push(...life.answers);
    if (life.isOver) life.end();
    for (const socket of life.watched) all.watched.add(socket);
    for (const socket of life.closedHere) all.closedHere.add(socket);
    for (const join of life.answeredHere) all.answeredHere.add(join);
  }
  return all;
}
