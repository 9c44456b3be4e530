export interface RequestCounters {
  readonly received: number;
  readonly answered: number;
  /** Refused with WSAEFAULT (H11). */
  readonly malformed: number;
  /** Refused with WSAENOBUFS (H13). */
  readonly overloaded: number;
  /** The handler threw. */
  readonly failed: number;
  readonly inFlight: number;
}

export interface PatternFigures {
  readonly requests: number;
  readonly errors: number;
  readonly processingMs: number;
}

/** Counts requests: plain numbers, because the busiest path of a service writes them. */
export class RequestFigures {
  #counters = { received: 0, answered: 0, malformed: 0, overloaded: 0, failed: 0 };
  #byPattern = new Map<string, { requests: number; errors: number; processingMs: number }>();

  received(): void {
    this.#counters.received += 1;
  }

  answered(): void {
    this.#counters.answered += 1;
  }

  refused(kind: 'malformed' | 'overloaded'): void {
    this.#counters[kind] += 1;
  }

  failed(): void {
    this.#counters.failed += 1;
  }

  handled(pattern: string, processingMs: number, failed: boolean): void {
    let figures = this.#byPattern.get(pattern);
    if (figures === undefined) {
      figures = { requests: 0, errors: 0, processingMs: 0 };
      this.#byPattern.set(pattern, figures);
    }
    figures.requests += 1;
    figures.processingMs += processingMs;
    if (failed) figures.errors += 1;
  }

  get counters(): Omit<RequestCounters, 'inFlight'> {
    return { ...this.#counters };
  }

  of(pattern: string): PatternFigures {
    return this.#byPattern.get(pattern) ?? { requests: 0, errors: 0, processingMs: 0 };
  }
}
