import { checkChain, type StoredCommit } from '@joinleaf/event-log';
import type { AdmissionPolicy, EventOf, SessionEvent } from '@joinleaf/multipoint';
import { redecide } from '@joinleaf/replay';
import { commitsOf, refusalsOf, sessionsIn, type Records } from './records.js';

// Holds a log against what was promised about it. It folds the events by itself: a mistake in `evolve` is not
// repeated here. Every finding is a sentence; none means that all is well.

export interface LogExpectation {
  /** Joins may still wait for their outcome. By default everything has come to an end. */
  readonly mayWait?: boolean;
}

/** What is wrong with the log of a deployment. */
export function checkLog(records: Records, { mayWait = false }: LogExpectation = {}): string[] {
  return [
    ...records.foreign,
    ...sessionsIn(records).flatMap((session) => [
      ...chainFindings(records, session),
      ...lifeFindings(commitsOf(records, session), mayWait),
      ...redecisionFindings(records, session),
    ]),
  ];
}

function chainFindings(records: Records, session: string): string[] {
  const chain = checkChain(commitsOf(records, session));
  if (chain.ok) return [];
  const { kind, revision, detail } = chain.error;
  return [`${session}@${String(revision)}: ${kind}: ${detail}`];
}

function redecisionFindings(records: Records, session: string): string[] {
  const commits = commitsOf(records, session);
  const refusals = refusalsOf(records, session);
  const found: string[] = [];
  const history = { session: session as StoredCommit['session'], commits, refusals };
  const { diverged, first, counts } = redecide(history);
  if (diverged > 0) {
    found.push(
      `${session}: ${String(diverged)} decisions come out differently, the first: ` +
        JSON.stringify(
          first && {
            verdict: first.verdict,
            recorded: first.recorded,
            recomputed: first.recomputed,
          },
        ),
    );
  }
  if (counts.damaged > 0) {
    found.push(`${session}: ${String(counts.damaged)} records are based on a state that never was`);
  }
  return found;
}

function lifeFindings(commits: readonly StoredCommit[], mayWait: boolean): string[] {
  const life = new SessionLife();
  for (const { session, revision, decisions } of commits) {
    for (const { events } of decisions) {
      for (const event of events) life.take(event, `${session}@${String(revision)}`);
    }
  }
  if (!mayWait) life.end(commits.at(-1)?.session ?? '');
  return life.found;
}

/** One session address through all its incarnations, as its events tell it. */
class SessionLife {
  readonly found: string[] = [];
  readonly #waiting = new Map<string, EventOf<'JoinRequested'>>();
  readonly #ended = new Set<string>();
  readonly #members = new Map<string, string | null>();
  #phase: 'none' | 'open' | 'shut' = 'none';
  #policy: AdmissionPolicy | null = null;
  #incarnation = 0;
  #joins = 0;

  take(event: SessionEvent, where: string): void {
    const wrong = this.#wrongWith(event);
    this.found.push(...wrong.map((problem) => `${where}: ${event.type}: ${problem}`));
    this.#apply(event);
  }

  end(session: string): void {
    const waiting = [...this.#waiting.keys()];
    if (waiting.length > 0) this.found.push(`${session}: no outcome for ${waiting.join(', ')}`);
  }

  #wrongWith(event: SessionEvent): string[] {
    switch (event.type) {
      case 'SessionOpened':
        return this.#wrongOpening(event);
      case 'JoinRequested':
        return this.#wrongRequest(event);
      case 'LeafAdmitted':
        return this.#wrongAdmission(event);
      case 'JoinFailed':
      case 'JoinCancelled':
        return this.#wrongEnd(event.join);
      case 'MemberLeft':
        return this.#members.has(event.leaf) ? [] : [`${event.leaf} is no member`];
      case 'SessionShutDown':
      case 'SessionClosed':
        return this.#wrongClosing();
      case 'CommandSettled':
        return [];
      case 'ListenStarted':
      case 'PolicyChanged':
      case 'JoinDeferred':
      case 'RootLost':
      case 'HeirElected':
      case 'RootReplaced':
        return this.#phase === 'open' ? [] : ['the session is not open'];
    }
  }

  #wrongOpening({ incarnation }: EventOf<'SessionOpened'>): string[] {
    const wrong = this.#phase === 'none' ? [] : ['it is open already'];
    if (incarnation !== this.#incarnation + 1) wrong.push(`is incarnation ${String(incarnation)}`);
    return wrong;
  }

  #wrongRequest({ join, kind, caller }: EventOf<'JoinRequested'>): string[] {
    const wrong = this.#phase === 'open' ? [] : ['the session is not open'];
    if (Number(join.slice(1)) !== this.#joins + 1) wrong.push(`${join} is not the next join`);
    const others = [...this.#waiting.values()];
    const invitation = others.find((other) => other.kind === 'invitation');
    if (kind === 'invitation' && invitation !== undefined) {
      wrong.push(`${join} while ${invitation.join} is outstanding at the root (R50)`);
    }
    if (kind !== 'invitation' && others.some((other) => other.caller === caller)) {
      wrong.push(`${join} while another join of ${caller} is outstanding (R50)`);
    }
    if (this.#members.has(caller)) wrong.push(`${caller} is a member already (R57)`);
    return wrong;
  }

  #wrongAdmission({ join, leaf, link }: EventOf<'LeafAdmitted'>): string[] {
    const wrong = this.#wrongEnd(join);
    if (this.#members.has(leaf)) wrong.push(`${leaf} is a member already`);
    if (link !== null && [...this.#members.values()].includes(link)) wrong.push(`${link} is taken`);
    const capacity = this.#policy?.capacity ?? null;
    if (capacity !== null && this.#members.size >= capacity) {
      wrong.push(`${leaf} is member ${String(this.#members.size + 1)} of ${String(capacity)} (H5)`);
    }
    return wrong;
  }

  #wrongEnd(join: string): string[] {
    if (this.#waiting.has(join)) return [];
    return [this.#ended.has(join) ? `${join} ends a second time` : `${join} was never asked for`];
  }

  #wrongClosing(): string[] {
    const wrong = this.#phase === 'none' ? ['the session is not open'] : [];
    if (this.#waiting.size > 0) wrong.push(`${[...this.#waiting.keys()].join(', ')} left waiting`);
    return wrong;
  }

  #apply(event: SessionEvent): void {
    switch (event.type) {
      case 'SessionOpened':
        this.#phase = 'open';
        this.#policy = event.policy;
        this.#incarnation = event.incarnation;
        return;
      case 'PolicyChanged':
        this.#policy = event.policy;
        return;
      case 'JoinRequested':
        this.#joins = Number(event.join.slice(1));
        this.#waiting.set(event.join, event);
        return;
      case 'LeafAdmitted':
        this.#endJoin(event.join);
        this.#members.set(event.leaf, event.link);
        return;
      case 'JoinFailed':
      case 'JoinCancelled':
        this.#endJoin(event.join);
        return;
      case 'MemberLeft':
        this.#members.delete(event.leaf);
        return;
      case 'SessionShutDown':
      case 'SessionClosed':
        this.#phase = event.type === 'SessionShutDown' ? 'shut' : 'none';
        this.#members.clear();
        return;
      case 'RootLost':
      case 'RootReplaced':
        // The links are another root's from here on, or nobody's.
        for (const leaf of this.#members.keys()) this.#members.set(leaf, null);
        return;
      case 'ListenStarted':
      case 'HeirElected':
      case 'JoinDeferred':
      case 'CommandSettled':
        return;
    }
  }

  #endJoin(join: string): void {
    this.#waiting.delete(join);
    this.#ended.add(join);
  }
}
