import type { Tell } from './bench.js';
import { maxColumn, p50Column, p99Column } from './columns.js';
import { quantile } from './figures.js';
import { openLoop, type OpenRound } from './open-loop.js';
import type { Column, Row, Table } from './report.js';
import type { Operation } from './rows.js';

const patienceMs = 5_000;

const columns: readonly Column[] = [
  p50Column,
  p99Column,
  maxColumn,
  { key: 'unanswered', title: 'unanswered', digits: 0 },
];

/** Operations that begin at a rate, whatever those before take; each is timed from the moment at which it was due. */
export class FixedRate {
  readonly #operations: readonly Operation[];
  readonly #measured: OpenRound[][];

  constructor(
    operations: readonly Operation[],
    private readonly perSecond: number,
  ) {
    this.#operations = operations;
    this.#measured = operations.map(() => []);
  }

  async round(seconds: number, tell: Tell): Promise<void> {
    const { perSecond } = this;
    for (const [index, { id, operation, concurrency }] of this.#operations.entries()) {
      let turn = 0;
      const next = () => operation((turn += 1) % concurrency);
      const round = await openLoop(next, { perSecond, seconds, patienceMs });
      if (round.unanswered > 0) tell(`${id}: ${String(round.unanswered)} had no answer`);
      this.#measured[index]?.push(round);
    }
  }

  get table(): Table {
    return {
      title: `${String(this.perSecond)} begun each second`,
      columns,
      rows: this.#operations.map((operation, index) =>
        rowOf(operation, this.#measured[index] ?? []),
      ),
    };
  }
}

function rowOf({ id, title }: Operation, rounds: readonly OpenRound[]): Row {
  const sorted = rounds.flatMap(({ latenciesMs }) => latenciesMs).toSorted((a, b) => a - b);
  const figures = {
    p50Ms: quantile(sorted, 0.5),
    p99Ms: quantile(sorted, 0.99),
    maxMs: sorted.at(-1) ?? NaN,
    unanswered: rounds.reduce((sum, { unanswered }) => sum + unanswered, 0),
  };
  return { id: `rate-${id}`, title, figures };
}
