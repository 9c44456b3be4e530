import { setTimeout as delay } from 'node:timers/promises';
import { emptyHead, type RefusalRecord, type StoredCommit } from '@joinleaf/event-log';
import type { SessionAddress } from '@joinleaf/multipoint';
import { timeOfDay } from '@joinleaf/replay';
import { bad, dim, good, line, recordLines, strong } from '@joinleaf/transcript';
import { jetstreamManager } from '@nats-io/jetstream';
import { BadWord, exitCodes, Trouble, type ExitCode } from '../exit-codes.js';
import { connectLive, type Live } from '../live.js';
import { LiveHistory } from '../live-history.js';
import { recordJson } from '../record-json.js';
import { loadSession } from '../live-sources.js';
import { parseSession } from '../targets.js';
import { suggest, type SourceOptions, type VerbContext } from '../verb.js';
import { plainRows } from './log.js';
import type { Step } from '@joinleaf/replay';

export interface TailOptions extends SourceOptions {
  readonly last?: string;
  readonly told?: boolean;
  readonly state?: boolean;
}

const commitPatienceMs = 1_000;

/** `joinleaf tail [SESSION…]`: what happens, as it happens; until Ctrl-C. */
export async function tail(
  context: VerbContext,
  sources: readonly string[],
  options: TailOptions,
): Promise<ExitCode> {
  const sessions = sources.map((source) => parseSession(source, context.world.cwd));
  const { settings, world } = context;
  await using live = await connectLive(settings(), {
    role: 'auditor',
    signal: world.interrupted,
    onStatus: (status) => {
      markConnection(context, status);
    },
  });
  const follower = new Follower(context, live, new Set(sessions), options);
  await follower.begin();
  const what =
    sessions.length === 0 ? `every session of realm ${settings().realm}` : sessions.join(', ');
  context.terminal.remark(`following ${what}; Ctrl-C ends it`);
  await Promise.all([follower.events(), follower.refusals()]);
  if (sessions.length === 1) suggest(context, `joinleaf show ${sources[0] ?? ''}`);
  return exitCodes.interrupted;
}

function markConnection({ terminal, world }: VerbContext, status: 'lost' | 'back'): void {
  const at = timeOfDay(world.now());
  terminal.complain(
    status === 'lost'
      ? line(bad(`── connection lost ${at} ──`), dim(' trying again'))
      : line(good(`── connected again ${at} ──`), dim(' reading goes on where it stopped')),
  );
}

/** Follows the streams, and tells each new record with the session that it met. */
class Follower {
  readonly #context: VerbContext;
  readonly #live: Live;
  readonly #wanted: ReadonlySet<SessionAddress>;
  readonly #options: TailOptions;
  readonly #histories = new Map<SessionAddress, Promise<LiveHistory>>();
  readonly #from = { events: 0, decisions: 0 };
  #lastTold: SessionAddress | null = null;

  constructor(
    context: VerbContext,
    live: Live,
    wanted: ReadonlySet<SessionAddress>,
    options: TailOptions,
  ) {
    this.#context = context;
    this.#live = live;
    this.#wanted = wanted;
    this.#options = options;
  }

  /** Finds where the streams end now, and tells the last records of the sessions that were named. */
  async begin(): Promise<void> {
    const { nc, subjects } = this.#live;
    const manager = await jetstreamManager(nc, { checkAPI: false });
    const lastOf = async (stream: string) => (await manager.streams.info(stream)).state.last_seq;
    this.#from.events = await lastOf(subjects.streams.events);
    this.#from.decisions = await lastOf(subjects.streams.decisions);
    const last = Number(this.#options.last ?? '10');
    if (!Number.isInteger(last) || last < 0) throw new BadWord('--last', '--last is a number');
    for (const session of this.#wanted) {
      const history = await this.#historyOf(session);
      for (const step of history.steps.slice(
        history.steps.length - Math.min(last, history.steps.length),
      )) {
        this.#tell(step, history);
      }
    }
  }

  async events(): Promise<void> {
    const afterSequence = this.#from.events;
    const { interrupted: signal } = this.#context.world;
    for await (const followed of this.#live.events.follow({ afterSequence, signal })) {
      if (followed.kind === 'commit') await this.#commit(followed.commit);
      if (followed.kind === 'unreadable') {
        const { sequence, reason } = followed;
        const words = `── message ${String(sequence)} is no commit: ${reason} ──`;
        this.#context.terminal.complain(line(bad(words)));
      }
    }
  }

  async refusals(): Promise<void> {
    const afterSequence = this.#from.decisions;
    const { interrupted: signal } = this.#context.world;
    for await (const followed of this.#live.decisions.follow({ afterSequence, signal })) {
      if (followed.kind === 'record') await this.#refusal(followed.record);
    }
  }

  async #commit(commit: StoredCommit): Promise<void> {
    if (!this.#isWanted(commit.session)) return;
    const history = await this.#historyOf(commit.session);
    for (const step of history.takeCommit(commit)) this.#tell(step, history);
  }

  async #refusal(refusal: RefusalRecord): Promise<void> {
    if (!this.#isWanted(refusal.session)) return;
    const history = await this.#historyOf(refusal.session);
    await this.#reached(history, refusal);
    const step = history.takeRefusal(refusal);
    if (step !== null) this.#tell(step, history);
  }

  // Two streams, two ways here: a refusal may arrive before the commit that it was based on.
  async #reached(history: LiveHistory, { basedOn }: RefusalRecord): Promise<void> {
    const revision = basedOn.revision + (basedOn.decisions > 0 ? 1 : 0);
    const deadline = performance.now() + commitPatienceMs;
    while (history.revision < revision && performance.now() < deadline) await delay(20);
  }

  #isWanted(session: SessionAddress): boolean {
    return this.#wanted.size === 0 || this.#wanted.has(session);
  }

  #historyOf(session: SessionAddress): Promise<LiveHistory> {
    const known = this.#histories.get(session);
    if (known !== undefined) return known;
    const loading = this.#load(session).then((history) => new LiveHistory(session, history));
    this.#histories.set(session, loading);
    return loading;
  }

  async #load(session: SessionAddress) {
    try {
      const { history } = await loadSession(this.#live, session, this.#context.world.interrupted);
      // What was stored after the beginning is still to come.
      const commits = history.commits.filter(({ sequence }) => sequence <= this.#from.events);
      const revision = commits.at(-1)?.revision ?? emptyHead.revision;
      const refusals = history.refusals.filter(({ basedOn }) => basedOn.revision <= revision);
      return { session, commits, refusals };
    } catch (error) {
      if (error instanceof Trouble && error.exitCode === exitCodes.notFound) {
        return { session, commits: [], refusals: [] };
      }
      throw error;
    }
  }

  #tell(step: Step, history: LiveHistory): void {
    const { terminal } = this.#context;
    const { reveal = false, told = false, state = false } = this.#options;
    switch (terminal.format) {
      case 'json':
      case 'ndjson':
        terminal.record(recordJson(step, history.cast, reveal));
        return;
      case 'plain':
        plainRows(this.#context, step, history.cast);
        return;
      case 'page': {
        const isSame = this.#wanted.size === 1 || this.#lastTold === history.session;
        const heading = isSame ? [] : [line(strong(history.session))];
        this.#lastTold = history.session;
        const telling = { width: terminal.width, reveal, redacted: false, told, state, all: false };
        terminal.page([
          ...heading,
          ...recordLines(step, history.before(step), history.cast, telling),
        ]);
      }
    }
  }
}
