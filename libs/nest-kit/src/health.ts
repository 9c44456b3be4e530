/** Says why something is not well; null when it is. */
export type Probe = () => string | null | Promise<string | null>;

export interface HealthReport {
  readonly ready: boolean;
  readonly checks: Readonly<
    Record<string, { readonly ok: boolean; readonly reason: string | null }>
  >;
  /** What an operator should know, though it is no reason to give this process no work. */
  readonly notes: Readonly<Record<string, string>>;
}

const probeMs = 1_000;

/** What has to be well before this process is given work. */
export class Health {
  readonly #probes = new Map<string, Probe>();
  readonly #notes = new Map<string, () => string | null>();
  #draining = false;

  constructor() {
    this.check('draining', () => (this.#draining ? 'is shutting down' : null));
  }

  /** Adds a check, or puts another in its place. A check that throws or takes over 1 s has failed. */
  check(name: string, probe: Probe): void {
    this.#probes.set(name, probe);
  }

  /** Adds what is told beside the checks while it is not null. */
  note(name: string, read: () => string | null): void {
    this.#notes.set(name, read);
  }

  /** From now on this process wants no new work. */
  beginDraining(): void {
    this.#draining = true;
  }

  get draining(): boolean {
    return this.#draining;
  }

  async report(): Promise<HealthReport> {
    const reasons = await Promise.all(
      [...this.#probes].map(async ([name, probe]) => [name, await reasonOf(probe)] as const),
    );
    return {
      ready: reasons.every(([, reason]) => reason === null),
      checks: Object.fromEntries(
        reasons.map(([name, reason]) => [name, { ok: reason === null, reason }]),
      ),
      notes: Object.fromEntries(
        [...this.#notes].flatMap(([name, read]) => {
          const said = read();
          return said === null ? [] : [[name, said] as const];
        }),
      ),
    };
  }
}

async function reasonOf(probe: Probe): Promise<string | null> {
  const late = Promise.withResolvers<string>();
  const timer = setTimeout(late.resolve, probeMs, `did not answer within ${String(probeMs)} ms`);
  try {
    return await Promise.race([probe(), late.promise]);
  } catch (error) {
    return error instanceof Error ? error.message : 'failed';
  } finally {
    clearTimeout(timer);
  }
}
