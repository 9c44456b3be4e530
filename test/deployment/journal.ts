import { within } from './eventually.js';

// What programs were told: every event that their sockets heard, and the outcome of every join they asked for. Kept
// beside the log, so that both can be held against each other.

/** One event, as one socket heard it. */
export interface Heard {
  readonly node: string;
  /** `ada/1k3f9x/7`, or the endpoint of a listener. */
  readonly at: string;
  readonly type: string;
  readonly id: string;
  readonly session: string;
  readonly revision: number;
  readonly code: string | null;
}

/** What became of one call of JoinLeaf; `token` is its caller data, by which the log knows it. */
export type Answer = {
  readonly token: string;
  readonly session: string;
} & (
  | { readonly kind: 'joined'; readonly join: string }
  /** The join is on record and failed. */
  | { readonly kind: 'failed'; readonly join: string; readonly code: string }
  /** The call was refused: no join is on record. */
  | {
      readonly kind: 'refused';
      readonly code: string;
      readonly rule: string;
      readonly basedOn: unknown;
    }
  /** It certainly did not happen: the request never reached anybody. */
  | { readonly kind: 'not-done'; readonly code: string }
  /** Nobody knew in time, and this is what `resolve` says of it. */
  | { readonly kind: 'unknown'; readonly settled: string }
  /** Whoever asked is gone itself. */
  | { readonly kind: 'abandoned' }
);

/** The memory of all programs of a test. */
export class Journal {
  /** How long a command whose outcome is unknown may still be decided before it counts as lost on its way. */
  readonly undecidedMs: number;
  readonly heard: Heard[] = [];
  readonly answers: Answer[] = [];
  /** Sockets that were listened to. */
  readonly watched = new Set<string>();
  /** Sockets that their own program closed: what would have come after that is not missed. */
  readonly closedHere = new Set<string>();
  /** Requests and invitations that their own program answered: it learns by that answer when they are withdrawn. */
  readonly answeredHere = new Set<string>();
  readonly #open = new Set<Promise<unknown>>();
  #tokens = 0;

  /** Hears every answer as it comes. */
  onAnswer: (answer: Answer) => void = () => undefined;

  constructor({ undecidedMs = 2_000 }: { readonly undecidedMs?: number } = {}) {
    this.undecidedMs = undecidedMs;
  }

  /** A program says yes or no to somebody who waits. */
  answersOne({ session, join }: { readonly session: string; readonly join: string }): void {
    this.answeredHere.add(`${session} ${join}`);
  }

  /** Caller data that no other join has. */
  token(): string {
    this.#tokens += 1;
    return `join ${String(this.#tokens)}`;
  }

  answered(answer: Answer): void {
    this.answers.push(answer);
    this.onAnswer(answer);
  }

  /** Counts `work` among what still waits for its outcome. */
  async waitFor<T>(work: Promise<T>): Promise<T> {
    this.#open.add(work);
    try {
      return await work;
    } finally {
      this.#open.delete(work);
    }
  }

  /** How many calls have no outcome yet. */
  get waiting(): number {
    return this.#open.size;
  }

  /** Waits until every call has its outcome. */
  async everyOutcome(withinMs: number): Promise<void> {
    const what = `an outcome for ${String(this.#open.size)} joins`;
    await within(what, Promise.allSettled([...this.#open]), withinMs);
  }

  count(kind: Answer['kind']): number {
    return this.answers.filter((answer) => answer.kind === kind).length;
  }

  /** `12 joined, 3 refused`: what a run was made of. */
  get summary(): string {
    const kinds = Map.groupBy(this.answers, ({ kind }) => kind);
    return [...kinds].map(([kind, all]) => `${String(all.length)} ${kind}`).join(', ');
  }
}
