import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

/** The numbers of one process, in Prometheus' text form. Labels never hold names of sessions or nodes. */
export class Metrics {
  readonly #registry = new Registry();

  constructor(options: { readonly ofProcess?: boolean } = {}) {
    if (options.ofProcess === true) collectDefaultMetrics({ register: this.#registry });
  }

  counter<L extends string = never>(name: string, help: string, labelNames: readonly L[] = []) {
    return new Counter<L>({ name, help, labelNames, registers: [this.#registry] });
  }

  /** A counter whose value is kept elsewhere and read when somebody asks. */
  countedElsewhere(name: string, help: string, read: () => number): void {
    new Counter({
      name,
      help,
      registers: [this.#registry],
      collect() {
        this.reset();
        this.inc(read());
      },
    });
  }

  gauge(name: string, help: string, read: () => number): void {
    new Gauge({
      name,
      help,
      registers: [this.#registry],
      collect() {
        this.set(read());
      },
    });
  }

  histogram<L extends string = never>(
    name: string,
    help: string,
    buckets: readonly number[],
    labelNames: readonly L[] = [],
  ) {
    const registers = [this.#registry];
    return new Histogram<L>({ name, help, buckets: [...buckets], labelNames, registers });
  }

  /** `joinleaf_build_info`: always 1, its labels say what runs. */
  buildInfo(labels: Readonly<Record<string, string>>): void {
    const names = Object.keys(labels);
    const help = 'What runs here.';
    const registers = [this.#registry];
    new Gauge({ name: 'joinleaf_build_info', help, labelNames: names, registers }).set(labels, 1);
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  text(): Promise<string> {
    return this.#registry.metrics();
  }
}
