/** Says why something is not well; null when it is. */
export type Probe = () => string | null | Promise<string | null>;

export interface HealthReport {
  readonly ready: boolean;
  readonly checks: Readonly<
    Record<string, { readonly ok: boolean; readonly reason: string | null }>
  >;
}

const probeMs = 1_000;

/** What has to be well before this process is given work. */
export class Health {
  readonly #probes = new Map<string, Probe>();
  #draining = false;

  constructor() {
    this.check('draining', () => (this.#draining ? 'is shutting down' : null));
  }

  /** Adds a check, or puts another in its place. A check that throws or takes over 1 s has failed. */
  check(name: string, probe: Probe): void {
    this.#probes.set(name, probe);
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
