import type { Housekeeping } from './housekeeping.js';
import type { NodeKeeper } from './node-keeper.js';
import type { ReportBug } from './ports.js';

/** How often silence is judged, and how late a tick may be before the watch distrusts itself. */
const tickMs = 200;
const pauseMs = 1_000;

/** The arbiter's timers, at the edge: deadlines when they come, silence five times a second. */
export class Watch {
  #deadline: NodeJS.Timeout | null = null;
  #tick: NodeJS.Timeout | null = null;
  #lastTickMs = 0;

  constructor(
    private readonly housekeeping: Housekeeping,
    private readonly nodes: NodeKeeper,
    private readonly connected: () => boolean,
    private readonly reportBug: ReportBug,
  ) {}

  start(): void {
    this.nodes.rearm();
    this.#lastTickMs = performance.now();
    this.#tick = setInterval(() => void this.#judge(), tickMs);
    this.#waitForDeadline();
  }

  stop(): void {
    if (this.#tick !== null) clearInterval(this.#tick);
    if (this.#deadline !== null) clearTimeout(this.#deadline);
    this.#tick = null;
    this.#deadline = null;
  }

  // A watch that slept, or that had no broker to hear through, waits a whole window before it judges.
  async #judge(): Promise<void> {
    const now = performance.now();
    const slept = now - this.#lastTickMs > pauseMs;
    this.#lastTickMs = now;
    if (slept || !this.connected()) {
      this.nodes.rearm();
      return;
    }
    await this.nodes.judge().catch((cause: unknown) => {
      this.reportBug('silence could not be judged', cause);
    });
  }

  // Asks again at least every 100 ms: a deadline may be noted at any time.
  #waitForDeadline(): void {
    const waitMs = Math.min(this.housekeeping.untilDeadlineMs() ?? 100, 100);
    this.#deadline = setTimeout(
      () => {
        this.housekeeping
          .expire()
          .catch((cause: unknown) => {
            this.reportBug('deadlines could not be kept', cause);
          })
          .finally(() => {
            if (this.#deadline !== null) this.#waitForDeadline();
          });
      },
      Math.max(waitMs, 1),
    );
  }
}
