import { UnreadableCommit, type RefusalRecord, type StoredCommit } from '@joinleaf/event-log';
import { storedCommit, type StoredMessage } from '@joinleaf/jetstream-log';
import type { SessionAddress } from '@joinleaf/multipoint';
import { Cast, steps, type Decider } from '@joinleaf/replay';
import { sessionIn } from '@joinleaf/wire';
import { originOf, strayIn } from '../histories.js';
import type { Live } from '../live.js';
import type { Loaded } from '../sources.js';
import { quoted } from '../targets.js';
import { SessionsDeciding } from './deciding.js';
import type { ReplayThreads } from './replay-threads.js';
import { pageOf, reportOf, worded, type Reporting, type SessionReport } from './session-report.js';

/** Whoever decides sessions again while they are read: this thread, or others. */
export type Deciders = Pick<ReplayThreads, 'begin' | 'take' | 'finish' | 'decideWhole'>;

/** Sessions decided in this thread. */
export class DecidersHere implements Deciders {
  readonly #deciding: SessionsDeciding;

  constructor(
    private readonly decider: Decider,
    private readonly reporting: Reporting,
  ) {
    this.#deciding = new SessionsDeciding(decider);
  }

  begin(session: SessionAddress, refusals: readonly RefusalRecord[]): void {
    this.#deciding.begin(session, refusals);
  }

  take(session: SessionAddress, message: StoredMessage): null {
    this.#deciding.take(session, message);
    return null;
  }

  finish(
    session: SessionAddress,
    source: Pick<Loaded, 'origin' | 'again'>,
  ): Promise<SessionReport> {
    return new Promise((resolve) => {
      resolve(worded(this.#deciding.finish(session), source, this.reporting, null));
    });
  }

  decideWhole(loaded: Loaded): Promise<SessionReport> {
    return Promise.resolve(reportOf(loaded, this.decider, this.reporting));
  }
}

/**
 * Every session of a realm, decided while its log is read once; sorted by name, and last what lies on the subject of no session.
 * Refusals come first: each is decided on the state that it met, when that state is there.
 */
export async function* everyReport(
  live: Live,
  deciders: Deciders,
  reporting: Reporting,
  signal: AbortSignal,
): AsyncGenerator<SessionReport> {
  const refusals = await refusalsIn(live, signal);
  const begun = new Set<SessionAddress>();
  const begin = (session: SessionAddress) => {
    begun.add(session);
    deciders.begin(session, refusals.get(session) ?? []);
  };
  const strays: Loaded[] = [];
  for await (const one of live.events.messages({ signal })) {
    if (one.kind === 'caught-up') break;
    const session = one.kind === 'message' ? sessionIn(one.message.subject) : null;
    if (one.kind === 'message' && session !== null) {
      if (!begun.has(session)) begin(session);
      const room = deciders.take(session, one.message);
      if (room !== null) await room;
    } else {
      strays.push(strayIn(live, one.kind === 'message' ? unreadable(one.message) : one));
    }
  }
  signal.throwIfAborted(); // What was read is not all there is.
  for (const session of refusals.keys()) if (!begun.has(session)) begin(session);
  const origin = originOf(live);
  const reports = [...begun].sort().map((session) => {
    const report = deciders.finish(session, { origin, again: quoted(session) });
    report.catch(() => undefined); // Heard when its turn comes.
    return report;
  });
  for (const coming of reports) {
    const report = await coming;
    const { session, unworded } = report;
    if (unworded === null) yield report;
    else {
      const cast = await castOf(live, session, refusals.get(session) ?? [], signal);
      yield { ...report, unworded: null, page: pageOf(unworded, cast, reporting) };
    }
  }
  for (const stray of strays) yield await deciders.decideWhole(stray);
}

async function refusalsIn(
  live: Live,
  signal: AbortSignal,
): Promise<ReadonlyMap<SessionAddress, readonly RefusalRecord[]>> {
  const refusals = new Map<SessionAddress, RefusalRecord[]>();
  for await (const one of live.decisions.follow({ signal })) {
    if (one.kind === 'caught-up') break;
    if (one.kind !== 'record') continue;
    const known = refusals.get(one.record.session);
    if (known === undefined) refusals.set(one.record.session, [one.record]);
    else known.push(one.record);
  }
  return refusals;
}

// Who is who is asked for after a divergence alone; the session is read once more for it.
async function castOf(
  live: Live,
  session: SessionAddress,
  refusals: readonly RefusalRecord[],
  signal: AbortSignal,
): Promise<Cast> {
  const commits: StoredCommit[] = [];
  try {
    for await (const commit of live.events.read(session, { signal })) commits.push(commit);
  } catch (error) {
    if (!(error instanceof UnreadableCommit)) throw error; // The report says so already.
  }
  return Cast.of(steps({ session, commits, refusals }));
}

function unreadable(message: StoredMessage) {
  const { subject, sequence } = message;
  try {
    storedCommit(message);
  } catch (error) {
    if (error instanceof UnreadableCommit) return { subject, sequence, reason: error.reason };
    throw error;
  }
  throw new Error(`message ${String(sequence)} is a commit of no session`);
}
