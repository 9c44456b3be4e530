import { Requests } from '@joinleaf/request-reply';
import type { Subjects } from '@joinleaf/wire';
import type { NatsConnection } from '@nats-io/transport-node';
import { withPatience } from './read-subject.js';
import { sha256 } from './stored-commit.js';
import { StreamAccess, type BatchedMessage } from './stream-access.js';

// Which server answers a direct get is chance, and no answer says who gave it. So everything is asked for often enough
// that a copy is left out with a probability below one in a hundred: (2/3)^12 for three copies.

const roundsPerCopy = 4;
const messagesMax = 500;
const requestTimeoutMs = 5_000;
const patienceMs = 10_000;

/** A message that is not the same in all copies of the log. */
export interface CopyDifference {
  readonly sequence: number;
  /** Whether some server does not have it. */
  readonly isAbsent: boolean;
  /** How many different messages lie there, on different servers. */
  readonly versions: number;
}

export interface Comparing {
  /** Compared up to here; what comes later may still be on its way to some servers. */
  readonly lastSequence: number;
  readonly replicas: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (sequence: number) => void;
}

/** Compares what the servers of a cluster keep of the log, message by message; yields where they differ. */
export async function* compareCopies(
  nc: NatsConnection,
  subjects: Subjects,
  comparing: Comparing,
): AsyncGenerator<CopyDifference> {
  const { lastSequence, replicas, signal, onProgress } = comparing;
  const requests = Requests.on(nc);
  const access = new StreamAccess(requests, subjects.streams.events);
  const rounds = Array.from({ length: replicas * roundsPerCopy });
  for (let from = 1; from <= lastSequence && signal?.aborted !== true;) {
    const batches = await Promise.all(
      rounds.map(() =>
        withPatience(requests, patienceMs, signal, () =>
          access.batch({ from, messagesMax }, requestTimeoutMs),
        ),
      ),
    );
    // A batch may be cut short: what all of them cover can be compared.
    const to = Math.min(lastSequence, ...batches.map(endOf));
    const until = Math.max(from, to);
    yield* differencesBetween(batches, from, until);
    onProgress?.(until);
    from = until + 1;
  }
}

function endOf(batch: readonly BatchedMessage[]): number {
  const last = batch.at(-1);
  return last === undefined || last.pending === 0 ? Infinity : last.sequence;
}

function* differencesBetween(
  batches: readonly (readonly BatchedMessage[])[],
  from: number,
  to: number,
): Generator<CopyDifference> {
  const copies = batches.map(
    (batch) => new Map(batch.map((message) => [message.sequence, digestOf(message)])),
  );
  for (let sequence = from; sequence <= to; sequence += 1) {
    const found = new Set(copies.map((copy) => copy.get(sequence)));
    if (found.size === 1) continue;
    const isAbsent = found.delete(undefined);
    yield { sequence, isAbsent, versions: found.size };
  }
}

const digestOf = ({ subject, bytes }: BatchedMessage): string => `${subject} ${sha256(bytes)}`;
