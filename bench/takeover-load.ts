import { setTimeout as delay } from 'node:timers/promises';
import { connect as connectClient, type Joinleaf } from '@joinleaf/client';
import type { SessionAddress } from '@joinleaf/multipoint';
import { partitionCount, partitionOf } from '@joinleaf/wire';
import { joinKey } from './scale-check.js';
import { seededSession } from './scale-seed.js';
import type { Credentials } from './credentials.js';
import { realm } from './stage.js';

const clientCount = 8;
/** Between two joins in one partition: all together some hundreds in a second. */
const pauseMs = 150;
const timeoutMs = 30_000;

/** Joins without end, one after the other in each partition, in sessions that are there already. */
export class Load {
  /** Every join that was answered with success. */
  readonly answered = new Set<string>();
  readonly #underWay = new Map<number, Promise<unknown>>();
  readonly #loops: readonly Promise<void>[];
  #isOver = false;

  static async start(
    credentials: Credentials,
    busy: readonly SessionAddress[],
    quiet: readonly SessionAddress[][],
  ): Promise<Load> {
    const guests = await Promise.all(
      Array.from({ length: clientCount }, (_, index) => {
        const node = `guest-${String(index)}`;
        return connectClient({
          ...credentials,
          ...{ realm, node, boundMs: 60_000, closeTimeoutMs: 1_000 },
        });
      }),
    );
    return new Load(guests, busy, quiet);
  }

  private constructor(
    private readonly guests: readonly Joinleaf[],
    private readonly busy: readonly SessionAddress[],
    private readonly quiet: readonly SessionAddress[][],
  ) {
    this.#loops = busy.map((_, partition) => this.#loop(partition));
    Promise.all(this.#loops).catch(() => undefined); // `stop` tells of it.
  }

  /** The joins that have no answer yet, in these partitions. */
  underWay(partitions: readonly number[]): readonly Promise<unknown>[] {
    return partitions.flatMap((partition) => this.#underWay.get(partition) ?? []);
  }

  /** Comes and goes once in the partition's busy session. */
  joinBusy(partition: number): Promise<void> {
    return this.#join(partition, this.busy[partition]);
  }

  /** Comes and goes once in one of the partition's sessions, a different one each time. */
  joinQuiet(partition: number): Promise<void> {
    return this.#join(partition, this.quiet[partition]?.pop());
  }

  /** No more joins, and nobody stays. */
  async stop(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#loops);
    await Promise.all(this.guests.map((client) => client.close()));
  }

  async #join(partition: number, session: SessionAddress | undefined): Promise<void> {
    const guest = this.guests[partition % clientCount];
    if (guest === undefined || session === undefined) throw new Error('there is no such session');
    const outcome = await guest.joinLeaf(session, { timeoutMs });
    if (!outcome.ok) throw new Error(outcome.message);
    this.answered.add(joinKey(session, outcome.join));
    outcome.leaf.close().catch(() => undefined); // Its answer may be lost with the arbiter.
  }

  async #loop(partition: number): Promise<void> {
    while (!this.#isOver) {
      const joining = this.joinBusy(partition);
      this.#underWay.set(partition, joining);
      await joining;
      this.#underWay.delete(partition);
      await delay(pauseMs);
    }
  }
}

/** A session in each partition, by its number. */
export function sessionsOfPartitions(): readonly SessionAddress[] {
  const found: SessionAddress[] = [];
  for (let i = 0, count = 0; count < partitionCount; i += 1) {
    const session = `room-${String(i)}` as SessionAddress;
    const partition = Number(partitionOf(session));
    if (found[partition] !== undefined) continue;
    found[partition] = session;
    count += 1;
  }
  return found;
}

/** So many seeded sessions by their partitions. */
export function byPartition(count: number): SessionAddress[][] {
  const sessions = Array.from({ length: partitionCount }, (): SessionAddress[] => []);
  for (let i = 0; i < count; i += 1) {
    const session = seededSession(i);
    sessions[Number(partitionOf(session))]?.push(session);
  }
  return sessions;
}
