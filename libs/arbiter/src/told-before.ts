import { LogRegressed, type ChainedCommit, type EventLog } from '@joinleaf/event-log';
import type { SessionAddress } from '@joinleaf/multipoint';
import type { Refused, Remembered } from './decide-batch.js';
import type { DecidedIds } from './decided-ids.js';
import { Generations } from './generations.js';
import { RecentRefusals } from './recent-refusals.js';

/** Decisions that are kept whole: who repeats a command usually does so soon. */
const decisionsMaxDefault = 16_384;

interface KeptDecision extends Remembered {
  readonly session: SessionAddress;
  readonly sequence: number;
}

const nothing: ReadonlyMap<string, Remembered> = new Map();

/**
 * What commands were told before, in all sessions of an arbiter. The last ones are at hand; of older ones each session knows
 * where in the log they lie, and there they are read when somebody repeats them.
 */
export class ToldBefore {
  readonly #decisions: Generations<KeptDecision>;
  readonly #refusals = new RecentRefusals();

  constructor(
    private readonly log: Pick<EventLog, 'read'>,
    decisionsMax = decisionsMaxDefault,
  ) {
    this.#decisions = new Generations(decisionsMax);
  }

  /** Remembers a commit that a session has folded. */
  keep({ session, revision, sequence, decisions }: ChainedCommit, ids: DecidedIds): void {
    for (const decided of decisions) {
      const { commandId } = decided;
      ids.add(commandId, sequence);
      this.#decisions.set(commandId, { session, revision, sequence, decided });
    }
  }

  /**
   * What is on record of these commands in a session that has folded `ids`.
   *
   * @throws as a read of the log does; LogRegressed when a commit that was folded is no longer there.
   */
  async decisions(
    session: SessionAddress,
    ids: DecidedIds,
    commandIds: readonly string[],
  ): Promise<ReadonlyMap<string, Remembered>> {
    let found: Map<string, Remembered> | null = null;
    for (const commandId of commandIds) {
      for (const sequence of ids.find(commandId)) {
        const kept = this.#atHand(session, commandId, sequence);
        const decision = kept ?? (await this.#read(session, commandId, sequence));
        if (decision !== undefined) (found ??= new Map()).set(commandId, decision);
      }
    }
    return found ?? nothing;
  }

  refusal(session: SessionAddress, commandId: string, now: number): Refused | undefined {
    return this.#refusals.get(session, commandId, now);
  }

  keepRefusal(session: SessionAddress, commandId: string, refused: Refused, now: number): void {
    this.#refusals.add(session, commandId, refused, now);
  }

  // Several sessions may have used one id, and a log that was mended may hold another commit there.
  #atHand(session: SessionAddress, commandId: string, sequence: number): Remembered | undefined {
    const kept = this.#decisions.get(commandId);
    return kept?.session === session && kept.sequence === sequence ? kept : undefined;
  }

  async #read(
    session: SessionAddress,
    commandId: string,
    sequence: number,
  ): Promise<Remembered | undefined> {
    for await (const commit of this.log.read(session, { afterSequence: sequence - 1 })) {
      if (commit.sequence !== sequence) break;
      const decided = commit.decisions.find((each) => each.commandId === commandId);
      return decided === undefined ? undefined : { revision: commit.revision, decided };
    }
    throw new LogRegressed(sequence, 0, `${session} has lost what it had decided`);
  }
}
