import { assert } from '@joinleaf/multipoint';
import type { Input, Operation, Output } from './history.js';
import { Memory } from './memory.js';
import { keyOf, nothingYet, step, type Model } from './model.js';
import type { Placed } from './order.js';

// The search of Wing and Gong with the memory of Lowe: put one operation after the other that may come next and that
// the model answers as it was answered, go back where nothing can, and never look twice at the same session after
// the same operations. Two things keep it short. An answered operation that changes nothing and is right now need not
// be tried anywhere else: it takes nothing from the others. And operations without an answer are tried last, where
// something needs them: at first one at a time, and only when that explains nothing, more of them in a row. A session
// that was reached without one of them is not looked at again with it used up.

/** An order that the model agrees with; complete, or as long as any that was found. */
export interface Found extends Longest {
  readonly outcome: 'complete' | 'impossible' | 'spent';
  readonly steps: number;
}

interface Longest {
  /** How many answered operations are in it. */
  readonly answered: number;
  readonly order: readonly Operation[];
  /** The session after it. */
  readonly model: Model;
  /** Of the answered operations that may come next, the one whose answer was there first; null for none. */
  readonly stuck: Operation | null;
}

interface Frame {
  readonly model: Model;
  /** Answered operations by their index, then unanswered ones, counted on from there. */
  choices: readonly number[];
  tried: number;
  /** The choice that was taken from here. */
  taken: number | null;
  /** The unanswered operations that have happened on the way here, a bit for each. */
  readonly happened: bigint;
  /** How many of them in a row, last. */
  readonly row: number;
  /** The first answered operation that has not been put in order, by its call and by its place. */
  readonly next: number;
  readonly nextPlaced: number;
}

/** How many unanswered operations may happen in a row, in one search after the other. */
const rows = [1, 2, 3, Infinity];

/**
 * Looks for an order that explains every answer, trying at most `stepsMax` operations.
 *
 * @param answered - In the order in which they may begin.
 * @param unanswered - In the order of their calls.
 */
export function findOrder(
  answered: readonly Placed[],
  unanswered: readonly Operation[],
  stepsMax: number,
): Found {
  let longest: Longest = { answered: -1, order: [], model: nothingYet, stuck: null };
  let steps = 0;
  for (const rowMax of rows) {
    const search = new Search(answered, unanswered, rowMax);
    const outcome = search.run(stepsMax - steps);
    steps += search.steps;
    if (search.longest.answered > longest.answered) longest = search.longest;
    if (outcome !== 'impossible' || !search.wasCut) return { ...longest, outcome, steps };
  }
  return { ...longest, outcome: 'impossible', steps };
}

class Search {
  readonly #answered: readonly Placed[];
  readonly #unanswered: readonly Operation[];
  readonly #byPlace: readonly number[];
  readonly #done: Uint8Array;
  readonly #unseen: bigint;
  readonly #memory = new Memory();
  readonly #path: Frame[] = [];
  readonly #rowMax: number;
  #answeredDone = 0;
  #wasCut = false;
  #steps = 0;
  #longest: Longest | null = null;

  constructor(answered: readonly Placed[], unanswered: readonly Operation[], rowMax: number) {
    this.#answered = answered;
    this.#unanswered = unanswered;
    this.#rowMax = rowMax;
    this.#byPlace = [...answered.keys()].sort((a, b) => this.#at(a).to - this.#at(b).to);
    this.#done = new Uint8Array(answered.length);
    this.#unseen = unanswered.reduce(
      (bits, { input }, index) => (showsInTheSession(input) ? bits : bits | (1n << BigInt(index))),
      0n,
    );
  }

  get steps(): number {
    return this.#steps;
  }

  /** Whether it might have found more with longer rows. */
  get wasCut(): boolean {
    return this.#wasCut;
  }

  /** The longest order that was found. */
  get longest(): Longest {
    return this.#longest ?? { answered: 0, order: [], model: nothingYet, stuck: null };
  }

  run(stepsMax: number): Found['outcome'] {
    this.#path.push(this.#frame(nothingYet, { next: 0, nextPlaced: 0, happened: 0n, row: 0 }));
    for (let frame = this.#path.at(-1); frame !== undefined; frame = this.#path.at(-1)) {
      const isComplete = this.#answeredDone === this.#answered.length;
      if (isComplete || this.#steps >= stepsMax) {
        this.#keepLongest(frame);
        return isComplete ? 'complete' : 'spent';
      }
      const choice = frame.choices[frame.tried];
      if (choice === undefined) this.#goBack(frame);
      else this.#try(frame, choice);
    }
    return 'impossible';
  }

  #try(frame: Frame, choice: number): void {
    frame.tried += 1;
    this.#steps += 1;
    const { input, output } = this.#operation(choice);
    const after = step(frame.model, input, output);
    if (after === null) return;
    const isAnswered = this.#isAnswered(choice);
    if (after === frame.model) {
      if (!isAnswered) return; // As good as not having happened.
      frame.choices = [];
    }
    this.#put(choice);
    const { happened } = frame;
    const reached = this.#frame(after, {
      ...frame,
      happened: isAnswered ? happened : happened | this.#bitOf(choice),
      row: isAnswered ? 0 : frame.row + 1,
    });
    if (this.#memory.add(this.#placeOf(reached), reached.happened & this.#unseen)) {
      frame.taken = choice;
      this.#path.push(reached);
    } else {
      this.#takeBack(choice);
    }
  }

  #goBack(exhausted: Frame): void {
    this.#keepLongest(exhausted);
    this.#path.pop();
    const before = this.#path.at(-1);
    if (before !== undefined && before.taken !== null) this.#takeBack(before.taken);
  }

  #put(choice: number): void {
    if (!this.#isAnswered(choice)) return;
    this.#done[choice] = 1;
    this.#answeredDone += 1;
  }

  #takeBack(choice: number): void {
    if (!this.#isAnswered(choice)) return;
    this.#done[choice] = 0;
    this.#answeredDone -= 1;
  }

  // Which operations may come next: those that nothing else has to precede which is not in order yet.
  #frame(model: Model, from: Pick<Frame, 'next' | 'nextPlaced' | 'happened' | 'row'>): Frame {
    const { happened, row } = from;
    let { next, nextPlaced } = from;
    while (this.#done[next] === 1) next += 1;
    while (this.#done[this.#byPlace[nextPlaced] ?? -1] === 1) nextPlaced += 1;
    const firstPlace = this.#answered[this.#byPlace[nextPlaced] ?? -1]?.to ?? Infinity;

    const open: number[] = [];
    let soonest = Infinity;
    for (let index = next; index < this.#answered.length; index += 1) {
      if (this.#done[index] === 1) continue;
      const { since, return: until, from } = this.#at(index);
      if (since > soonest) break;
      soonest = Math.min(soonest, until);
      if (from <= firstPlace) open.push(index);
    }
    open.sort((a, b) => inOrderOfTrying(this.#at(a), this.#at(b)));
    const unanswered = this.#choosable(soonest, happened);
    if (row < this.#rowMax) open.push(...unanswered);
    else this.#wasCut ||= unanswered.some((choice) => this.#matters(model, choice));
    return { model, choices: open, tried: 0, taken: null, next, nextPlaced, happened, row };
  }

  #choosable(until: number, happened: bigint): readonly number[] {
    const choices: number[] = [];
    for (const [index, { call }] of this.#unanswered.entries()) {
      if (call > until) break;
      const choice = this.#answered.length + index;
      if ((happened & this.#bitOf(choice)) === 0n) choices.push(choice);
    }
    return choices;
  }

  #matters(model: Model, unanswered: number): boolean {
    return step(model, this.#operation(unanswered).input, null) !== model;
  }

  // The session, and the answered operations before it: all before `next`, and some of those after it.
  #placeOf({ model, next }: Frame): string {
    const beyond: number[] = [];
    for (let index = next + 1, left = this.#answeredDone - next; left > 0; index += 1) {
      if (this.#done[index] !== 1) continue;
      beyond.push(index);
      left -= 1;
    }
    return `${String(next)} ${beyond.join()} ${keyOf(model)}`;
  }

  #keepLongest({ model, choices }: Frame): void {
    if (this.#longest !== null && this.#answeredDone <= this.#longest.answered) return;
    const stuck = choices
      .filter((choice) => this.#isAnswered(choice))
      .map((choice) => this.#at(choice))
      .reduce<Placed | null>((a, b) => (a === null || b.return < a.return ? b : a), null);
    const order = this.#path.flatMap(({ taken }) =>
      taken === null ? [] : [this.#operation(taken)],
    );
    this.#longest = { answered: this.#answeredDone, order, model, stuck: stuck?.operation ?? null };
  }

  #bitOf(choice: number): bigint {
    return 1n << BigInt(choice - this.#answered.length);
  }

  #isAnswered(choice: number): boolean {
    return choice < this.#answered.length;
  }

  #operation(choice: number): Operation {
    const operation = this.#isAnswered(choice)
      ? this.#answered[choice]?.operation
      : this.#unanswered[choice - this.#answered.length];
    assert(operation !== undefined, 'a choice is one of the operations');
    return operation;
  }

  #at(index: number): Placed {
    const one = this.#answered[index];
    assert(one !== undefined, 'an index is one of the answered operations');
    return one;
  }
}

// What changed nothing comes first: where it is right, nothing else has to be tried. Then as revisions and answers came.
const inOrderOfTrying = (a: Placed, b: Placed): number =>
  Number(changes(a.output)) - Number(changes(b.output)) || a.from - b.from || a.return - b.return;

// An answer to a join counts while that join waits, and never again: whether it can still happen shows in the session.
const showsInTheSession = ({ type }: Input): boolean => type === 'accept' || type === 'reject';

const changes = (output: Output): boolean =>
  output.type === 'started' ||
  output.type === 'admitted' ||
  (output.type === 'accepted' && output.changed !== false);
