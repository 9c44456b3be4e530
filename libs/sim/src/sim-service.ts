import type { Subjects } from '@joinleaf/wire';
import type { SimConnection } from './sim-connection.js';
import type { SimNats } from './sim-nats.js';
import type { SimProcess } from './sim-process.js';

/** How often services look whether the broker is still there, as `connectBroker` has it. */
export const servicePingMs = 1_000;

/** What a simulated service lives in. */
export interface ServiceWorld {
  readonly nats: SimNats;
  readonly subjects: Subjects;
  /** Counts that something happened which a campaign must have seen. */
  readonly counted: (what: string) => void;
  /** Something that must never happen. */
  readonly found: (finding: string) => void;
}

/** A service that runs. */
export interface SimService {
  readonly process: SimProcess;
  readonly connection: SimConnection;
  /** Why it cannot go on: then it exits, and somebody starts it again. */
  readonly ended: Promise<unknown>;
  readonly counts: () => Readonly<Record<string, number>>;
}

/** Whether an error says that the broker did not answer, which is no bug. */
export const isAway = (cause: unknown): boolean =>
  cause instanceof Error && cause.name === 'StreamUnreachable';
