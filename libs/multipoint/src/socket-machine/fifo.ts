/** A queue as a value: taking from the front and adding at the end cost the same, however long it is. */
export interface Fifo<T> {
  readonly front: Cell<T> | null;
  /** What was added since, newest first. */
  readonly back: Cell<T> | null;
  readonly length: number;
}

interface Cell<T> {
  readonly value: T;
  readonly next: Cell<T> | null;
}

export const emptyFifo: Fifo<never> = { front: null, back: null, length: 0 };

export const pushed = <T>({ front, back, length }: Fifo<T>, value: T): Fifo<T> =>
  front === null
    ? { front: { value, next: null }, back: null, length: 1 }
    : { front, back: { value, next: back }, length: length + 1 };

/** The oldest; undefined when there is none. */
export const first = <T>({ front }: Fifo<T>): T | undefined => front?.value;

/** Without the oldest. */
export function shifted<T>({ front, back, length }: Fifo<T>): Fifo<T> {
  if (front === null) return { front, back, length };
  if (front.next !== null) return { front: front.next, back, length: length - 1 };
  return { front: reversed(back), back: null, length: length - 1 };
}

/** With something else in the place of the oldest. */
export const withFirst = <T>(fifo: Fifo<T>, value: T): Fifo<T> =>
  fifo.front === null ? fifo : { ...fifo, front: { value, next: fifo.front.next } };

/** Those that are wanted, in their order. */
export function filtered<T>(fifo: Fifo<T>, isWanted: (value: T) => boolean): Fifo<T> {
  if (fifo.front === null) return fifo;
  let kept: Fifo<T> = emptyFifo;
  for (let rest = fifo; rest.front !== null; rest = shifted(rest)) {
    if (isWanted(rest.front.value)) kept = pushed(kept, rest.front.value);
  }
  return kept;
}

function reversed<T>(cells: Cell<T> | null): Cell<T> | null {
  let turned: Cell<T> | null = null;
  for (let cell = cells; cell !== null; cell = cell.next) {
    turned = { value: cell.value, next: turned };
  }
  return turned;
}
