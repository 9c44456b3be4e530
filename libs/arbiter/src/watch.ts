import type { Housekeeping } from './housekeeping.js';
import type { NodeKeeper } from './node-keeper.js';
import type { Connection, ReportBug, World } from './ports.js';

/** How often silence is judged, and how late a tick may be before the watch distrusts itself. */
const tickMs = 100;
const pauseMs = 1_000;

/** The arbiter's timers: deadlines when they come, silence and losses ten times a second. */
export class Watch {
  #stopDeadline: (() => void) | null = null;
  #stopTick: (() => void) | null = null;
  #lastTickMs = 0;

  constructor(
    private readonly housekeeping: Housekeeping,
    private readonly nodes: NodeKeeper,
    private readonly connection: Connection,
    private readonly world: World,
    private readonly reportBug: ReportBug,
  ) {}

  start(): void {
    this.nodes.rearm();
    // Nobody was heard for as long as it took to notice; and it may be there again before the next tick.
    this.connection.onChange(() => {
      this.nodes.rearm();
    });
    this.#lastTickMs = this.world.monotonicMs();
    this.#stopTick = this.world.every(tickMs, () => void this.#judge());
    this.#waitForDeadline();
  }

  stop(): void {
    this.#stopTick?.();
    this.#stopDeadline?.();
    this.#stopTick = null;
    this.#stopDeadline = null;
  }

  // A watch that slept, or that had no broker to hear through, waits a whole window before it judges.
  async #judge(): Promise<void> {
    const now = this.world.monotonicMs();
    const slept = now - this.#lastTickMs > pauseMs;
    this.#lastTickMs = now;
    if (slept || !this.connection.connected()) {
      this.nodes.rearm();
      return;
    }
    this.housekeeping.takeOut().catch((cause: unknown) => {
      this.reportBug('lost nodes could not be taken out', cause);
    });
    await this.nodes.judge().catch((cause: unknown) => {
      this.reportBug('silence could not be judged', cause);
    });
  }

  // Asks again at least every 100 ms, a deadline may be noted at any time; and never waits for a session that is slow.
  #waitForDeadline(): void {
    const waitMs = Math.min(this.housekeeping.untilDeadlineMs() ?? 100, 100);
    this.#stopDeadline = this.world.after(Math.max(waitMs, 1), () => {
      this.housekeeping.expire().catch((cause: unknown) => {
        this.reportBug('deadlines could not be kept', cause);
      });
      this.#waitForDeadline();
    });
  }
}
