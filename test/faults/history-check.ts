import { findingsIn } from '../deployment/check-history.js';
import { untold } from '../deployment/check-bulletins.js';
import { eventually } from '../deployment/eventually.js';
import type { Records } from '../deployment/records.js';
import { livesIn } from './sightings.js';
import type { World } from './world.js';

/** Findings that were told before are not told again: each belongs to the fault after which it was seen first. */
export class HistoryCheck {
  readonly #told = new Set<string>();
  #records: Records | null = null;

  #lives = livesIn([]);

  constructor(private readonly world: World) {}

  get records(): Records | null {
    return this.#records;
  }

  /**
   * Waits until everything that is on record was told and heard, and answers what is wrong with it. The traffic
   * has to be at rest.
   */
  async findings(options: { readonly mayWait: boolean }): Promise<readonly string[]> {
    const { deployment, expected } = this.world;
    let last = { records: null as Records | null, fresh: [] as readonly string[] };
    await eventually(
      'the deployment has come to rest',
      async () => {
        const records = await deployment.records();
        const all = findingsIn(records, { journal: this.world.journal, ...options });
        const fresh = all.filter(
          (finding) => !this.#told.has(finding) && !expected.some((text) => finding.includes(text)),
        );
        last = { records, fresh };
        return untold(records) === 0 && fresh.length === 0;
      },
      { withinMs: 40_000, everyMs: 250 },
    ).catch(() => undefined); // The last findings say why not.
    const { records, fresh } = last;
    this.#records = records;
    if (records === null) return ['what is on record cannot be read'];
    for (const finding of fresh) this.#told.add(finding);
    this.#see(records);
    return fresh;
  }

  #see(records: Records): void {
    const { sightings } = this.world;
    const before = this.#lives;
    this.#lives = livesIn(records.nodes);
    sightings.look(records);
    sightings.saw('a silent node was given up', this.#lives.lost - before.lost);
    sightings.saw(
      'a run of a node was superseded by the next one',
      this.#lives.superseded - before.superseded,
    );
  }
}
