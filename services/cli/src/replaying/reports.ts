import { availableParallelism } from 'node:os';
import type { Decider } from '@joinleaf/replay';
import { jetstreamManager } from '@nats-io/jetstream';
import { histories, liveSessionsIn, type HistoriesOptions } from '../histories.js';
import { connectLive, type Live } from '../live.js';
import type { Loaded } from '../sources.js';
import type { VerbContext } from '../verb.js';
import { DecidersHere, everyReport } from './every-report.js';
import { ReplayThreads } from './replay-threads.js';
import { reportOf, type Reporting, type SessionReport } from './session-report.js';
import type { ThreadSetup } from './thread-protocol.js';

export interface ReportsOptions extends HistoriesOptions {
  /** Threads that decide; 0 for none but this one, undefined for as many as there is use for. */
  readonly threads: number | undefined;
  readonly against: string | undefined;
  readonly decider: Decider;
  readonly reporting: Reporting;
}

/** Fewer commits are decided before a thread has started. */
const worthThreadsFrom = 10_000;
const threadsMax = 8;

/**
 * What comes of deciding sources again, one session after the other, in the order of the sources and sorted by name where it
 * is every session. Where that is worth while, several threads share the sessions; the reports are the same.
 */
export async function* reports(
  context: VerbContext,
  sources: readonly string[],
  options: ReportsOptions,
): AsyncGenerator<SessionReport> {
  const { against, reporting } = options;
  const { cwd, interrupted } = context.world;
  await using threads = new Threads(options.threads, { against, cwd, reporting }, interrupted);
  const { session } = options;
  if (options.all !== true || sources.length > 0) {
    const loaded = histories(context, sources, session === undefined ? {} : { session });
    yield* inOrder(decided(loaded, threads, options), 2 * threads.most);
  }
  if (options.all !== true) return;
  await using live = await connectLive(context.settings(), {
    role: 'auditor',
    signal: interrupted,
  });
  const started = threads.worthFor(await messagesIn(live));
  const deciders = started ?? new DecidersHere(options.decider, reporting);
  const told = liveSessionsIn(sources, cwd);
  for await (const report of everyReport(live, deciders, reporting, interrupted)) {
    if (!told.has(report.session)) yield report;
  }
}

/** The threads, from when there is enough to do for them. */
class Threads implements AsyncDisposable {
  readonly most: number;
  #started: ReplayThreads | null = null;

  constructor(
    private readonly wanted: number | undefined,
    private readonly setup: ThreadSetup,
    private readonly signal: AbortSignal,
  ) {
    // This one fetches, and has a core of its own.
    this.most = wanted ?? Math.max(1, Math.min(availableParallelism() - 1, threadsMax));
  }

  /** Null where they are not wanted, or not worth while for so many commits. */
  worthFor(commits: number): ReplayThreads | null {
    if (this.most === 0 || (this.wanted === undefined && commits < worthThreadsFrom)) return null;
    this.#started ??= new ReplayThreads(this.most, this.setup, this.signal);
    return this.#started;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#started?.[Symbol.asyncDispose]();
  }
}

async function* decided(
  sources: AsyncIterable<Loaded>,
  threads: Threads,
  { decider, reporting }: ReportsOptions,
): AsyncGenerator<() => Promise<SessionReport>> {
  let commits = 0;
  for await (const source of sources) {
    commits += source.history.commits.length;
    const started = threads.worthFor(commits);
    const report = started?.decideWhole(source);
    yield () => report ?? Promise.resolve(reportOf(source, decider, reporting));
  }
}

/** Waits for what was begun, in the order in which it was, with `ahead` of them begun before the first is waited for. */
async function* inOrder(
  begun: AsyncIterable<() => Promise<SessionReport>>,
  ahead: number,
): AsyncGenerator<SessionReport> {
  const waiting: (() => Promise<SessionReport>)[] = [];
  for await (const one of begun) {
    waiting.push(one);
    if (waiting.length > ahead) yield* next(waiting);
  }
  while (waiting.length > 0) yield* next(waiting);
}

async function* next(waiting: (() => Promise<SessionReport>)[]): AsyncGenerator<SessionReport> {
  const first = waiting.shift();
  if (first !== undefined) yield await first();
}

async function messagesIn({ nc, subjects }: Live): Promise<number> {
  const manager = await jetstreamManager(nc, { checkAPI: false });
  return (await manager.streams.info(subjects.streams.events)).state.messages;
}
