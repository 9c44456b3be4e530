import type { Requests } from '@joinleaf/request-reply';
import type { StoredMessage, StreamAccess, Which } from './stream-access.js';
import { StreamUnreachable, SubjectDamaged } from './trouble.js';

export interface SubjectReading {
  readonly subject: string;
  readonly afterSequence: number;
  readonly signal?: AbortSignal | undefined;
  /** How long to put up with a broker that does not answer, in milliseconds. */
  readonly patienceMs: number;
  /** Messages asked for at once. */
  readonly batchMax?: number | undefined;
}

const batchMaxDefault = 500;
const requestTimeoutMs = 2_000;
const pauseMs = 25;

/**
 * The messages of one subject, oldest first, up to the last one that the stream's leader holds at the
 * beginning: every acknowledged one is among them.
 *
 * The leader is asked where the subject ends, and batches come from any replica. One that has fallen behind is
 * noticed by that end, and the leader itself is asked for what it lacks.
 *
 * @throws StreamUnreachable when the broker gives no answer for `patienceMs`; SubjectDamaged when it has lost
 *   the last message, after a first batch of what it still has.
 */
export async function* readSubject(
  requests: Requests,
  access: StreamAccess,
  reading: SubjectReading,
): AsyncGenerator<StoredMessage> {
  const { subject, afterSequence, signal, patienceMs, batchMax = batchMaxDefault } = reading;
  const patiently = <T>(work: () => Promise<T>) => withPatience(requests, patienceMs, signal, work);
  const batchFrom = (from: number) =>
    access.batch({ from, messagesMax: batchMax, subject }, requestTimeoutMs);

  const [last, first] = await patiently(() =>
    Promise.all([lastOrDamage(access, subject), batchFrom(afterSequence + 1)]),
  );
  let batch: readonly StoredMessage[] = first;
  let sequence = afterSequence;
  if (last instanceof SubjectDamaged) {
    // What is still there helps whoever has to mend it.
    for (const message of batch) yield message;
    throw last;
  }
  while (last !== null && sequence < last.sequence) {
    if (batch.length === 0) batch = await patiently(() => nextOf(access, subject, sequence + 1));
    for (const message of batch) {
      if (signal?.aborted || message.sequence > last.sequence) return;
      if (message.sequence <= sequence) continue; // Delivered twice.
      sequence = message.sequence;
      yield message;
    }
    if (sequence < last.sequence) batch = await patiently(() => batchFrom(sequence + 1));
  }
}

/**
 * The last message of a subject, from the stream's leader; null when it never had one.
 *
 * A server whose store was damaged answers the same for a message that it has lost, and would then take the first
 * message of the subject once more. So "none" is believed only of a subject that counts none.
 *
 * @throws SubjectDamaged, StreamUnreachable
 */
export async function lastOf(access: StreamAccess, subject: string): Promise<StoredMessage | null> {
  const last = await lastReadable(access, subject);
  if (last !== null) return last;
  const count = await access.count(subject, requestTimeoutMs);
  if (count === 0) return null;
  const written = await lastReadable(access, subject); // Perhaps it came in between.
  if (written === null) throw new SubjectDamaged(access.stream, subject, count);
  return written;
}

async function lastOrDamage(
  access: StreamAccess,
  subject: string,
): Promise<StoredMessage | SubjectDamaged | null> {
  try {
    return await lastOf(access, subject);
  } catch (error) {
    if (error instanceof SubjectDamaged) return error;
    throw error;
  }
}

const lastReadable = (access: StreamAccess, subject: string): Promise<StoredMessage | null> =>
  askLeader(access, { last_by_subj: subject });

async function nextOf(
  access: StreamAccess,
  subject: string,
  from: number,
): Promise<readonly StoredMessage[]> {
  const got = await access.get({ seq: from, next_by_subj: subject }, requestTimeoutMs);
  if (got.kind !== 'found') {
    const cause = got.kind === 'unreachable' ? got.cause : 'its end has gone';
    throw new StreamUnreachable(access.stream, cause);
  }
  return [got.message];
}

/** One message, from the stream's leader; null when it has none. Throws StreamUnreachable when it does not say. */
export async function askLeader(access: StreamAccess, which: Which): Promise<StoredMessage | null> {
  const got = await access.get(which, requestTimeoutMs);
  if (got.kind === 'unreachable') throw new StreamUnreachable(access.stream, got.cause);
  return got.kind === 'found' ? got.message : null;
}

/** Which server answers a batch is chance: of three, one is missed by all of so many with a probability of 0.8 %. */
const copyTries = 12;

export interface Between {
  readonly subject: string;
  readonly from: number;
  /** Not looked at any more. */
  readonly before: number;
  readonly patienceMs: number;
  readonly signal: AbortSignal | undefined;
}

/**
 * The messages between two others that one server did not give out, as far as any server has them: its leader, or one
 * that has a copy. Whoever reads them checks that they are in their place.
 *
 * @throws StreamUnreachable when the broker gives no answer for `patienceMs`.
 */
export async function* readBetween(
  requests: Requests,
  access: StreamAccess,
  { subject, from, before, patienceMs, signal }: Between,
): AsyncGenerator<StoredMessage> {
  const patiently = <T>(work: () => Promise<T>) => withPatience(requests, patienceMs, signal, work);
  const isBetween = (message: StoredMessage | null): message is StoredMessage =>
    message !== null && message.sequence < before;
  for (let seq = from; seq < before;) {
    const next = { seq, next_by_subj: subject };
    const ofLeader = await patiently(() => askLeader(access, next));
    const place = isBetween(ofLeader) ? ofLeader.sequence : before;
    // The leader's copy may be the damaged one.
    const ofOthers =
      place === seq
        ? null
        : await patiently(() => askCopies(access, { seq, before: place, subject }));
    const message = ofOthers ?? ofLeader;
    if (!isBetween(message)) return;
    yield message;
    seq = message.sequence + 1;
  }
}

async function askCopies(
  access: StreamAccess,
  { seq: from, before, subject }: { seq: number; before: number; subject: string },
): Promise<StoredMessage | null> {
  const extent = await access.extent(requestTimeoutMs);
  if (extent === null || extent.replicas === 1) return null;
  const batches = await Promise.all(
    Array.from({ length: copyTries }, () =>
      access.batch({ from, messagesMax: 1, subject }, requestTimeoutMs),
    ),
  );
  const found = batches.flat().filter(({ sequence }) => sequence < before);
  return found.sort((a, b) => a.sequence - b.sequence)[0] ?? null;
}

/** Repeats reading work while the broker does not answer. Reading again does no harm. */
export async function withPatience<T>(
  requests: Requests,
  patienceMs: number,
  signal: AbortSignal | undefined,
  work: () => Promise<T>,
): Promise<T> {
  const { clock } = requests;
  const deadline = clock.now() + patienceMs;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof StreamUnreachable) || requests.closed) throw error;
      if (signal?.aborted || clock.now() >= deadline) throw error;
    }
    await clock.delay(pauseMs);
    await requests.whenConnected(Math.max(0, deadline - clock.now()));
  }
}
