import {
  assert,
  err,
  isName,
  isSessionAddress,
  ok,
  type Result,
  type SessionAddress,
} from '@joinleaf/multipoint';
import { emptyHead, headOf, type ChainedCommit, type Commit, type Head } from './commit.js';
import type { Draft } from './log.js';
import { BadDraft } from './trouble.js';

// A session's commits are a chain: revisions count from 1 without a gap, and each commit names the
// hash of the one before. The broker promises neither, so every reader checks.

export type DamageKind =
  /** Commits are missing before this one. */
  | 'gap'
  /** This revision was there already. */
  | 'repeated'
  /** The commit before is not the one that this one was written after. */
  | 'broken-hash'
  /** A command is decided a second time. */
  | 'repeated-command'
  /** A commit of another session. */
  | 'other-session'
  /** It lies before its predecessor in the stream. */
  | 'out-of-order';

/** Where a session's log is not what was written. */
export interface Damage {
  readonly kind: DamageKind;
  readonly session: SessionAddress;
  /** Of the commit at which it shows. */
  readonly revision: number;
  readonly detail: string;
}

const commitIdGrammar = /^[A-Za-z0-9_-]{8,64}$/;

/**
 * Gives a draft its place after `head`. The same draft and head always give the same bytes.
 *
 * @throws BadDraft for a session, commit id or arbiter outside the grammar.
 */
export function sealCommit(session: SessionAddress, head: Head, draft: Draft): Commit {
  const { commitId, arbiter, decider, decidedAt, decisions } = draft;
  if (!isSessionAddress(session)) throw new BadDraft('session', 'is not a session address');
  if (!commitIdGrammar.test(commitId)) throw new BadDraft('commitId', 'is not a command id');
  if (!isName(arbiter)) throw new BadDraft('arbiter', 'is not a name');
  assert(decisions.length > 0, 'a commit holds at least one decision');
  return {
    schema: 1,
    session,
    revision: head.revision + 1,
    prevHash: head.hash,
    commitId,
    arbiter,
    decider,
    decidedAt,
    decisions,
  };
}

/** What is wrong with `commit` as the next one of `session` after `head`; null when nothing is. */
export function damageAfter(
  head: Head,
  commit: ChainedCommit,
  session: SessionAddress = commit.session,
): Damage | null {
  const { revision, prevHash, sequence } = commit;
  const due = head.revision + 1;
  const damage = (kind: DamageKind, detail: string): Damage => ({
    kind,
    session,
    revision,
    detail,
  });
  if (commit.session !== session) {
    return damage('other-session', `the commit is of ${commit.session}`);
  }
  if (revision > due) {
    return damage('gap', `revision ${String(due)} should follow ${String(head.revision)}`);
  }
  if (revision < due) {
    return damage('repeated', `revision ${String(head.revision)} was there already`);
  }
  if (prevHash !== head.hash) {
    return damage(
      'broken-hash',
      `it follows ${short(prevHash)}, and before it lies ${short(head.hash)}`,
    );
  }
  if (sequence <= head.sequence) {
    return damage(
      'out-of-order',
      `it lies at ${String(sequence)}, not after ${String(head.sequence)}`,
    );
  }
  return null;
}

/**
 * Checks one session's commits as a chain that goes on from `head`, by default from the beginning.
 *
 * @returns Where the chain ends, or the first damage.
 */
export function checkChain(
  commits: Iterable<ChainedCommit>,
  head: Head = emptyHead,
): Result<Head, Damage> {
  const check = new ChainCheck(head);
  for (const commit of commits) {
    const damage = check.take(commit);
    if (damage !== null) return err(damage);
  }
  return ok(check.end);
}

/** The same check of commits that come one by one. */
export class ChainCheck {
  readonly #decided = new Set<string>();
  #session: SessionAddress | undefined;
  #end: Head;
  #damage: Damage | null = null;

  constructor(head: Head = emptyHead) {
    this.#end = head;
  }

  /** The last commit that follows from those before. */
  get end(): Head {
    return this.#end;
  }

  /** The first damage. */
  get damage(): Damage | null {
    return this.#damage;
  }

  /** Takes the next commit, and says the first damage so far. What comes after it is not looked at. */
  take(commit: ChainedCommit): Damage | null {
    if (this.#damage !== null) return this.#damage;
    this.#session ??= commit.session;
    const damage = damageAfter(this.#end, commit, this.#session);
    this.#damage = damage ?? repeatedCommand(commit, this.#decided);
    if (this.#damage === null) this.#end = headOf(commit);
    return this.#damage;
  }
}

function repeatedCommand(commit: ChainedCommit, decided: Set<string>): Damage | null {
  const { session, revision } = commit;
  for (const { commandId } of commit.decisions) {
    if (decided.has(commandId)) {
      const detail = `command ${commandId} was decided before`;
      return { kind: 'repeated-command', session, revision, detail };
    }
    decided.add(commandId);
  }
  return null;
}

const short = (hash: string | null): string => (hash === null ? 'nothing' : hash.slice(0, 12));
