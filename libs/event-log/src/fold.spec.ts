import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { unopened, type Session } from '@joinleaf/multipoint';
import { appended, newSession, nth, readAll } from './contract.js';
import {
  emptyHead,
  fold,
  foldCommit,
  foldTo,
  headOf,
  MemoryLog,
  nothingFolded,
  type StoredCommit,
} from './index.js';

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

// Commits of one, three and one decisions: the opening, then backlogs 2, 3, 4, then 3.
let commits: readonly StoredCommit[];
beforeAll(async () => {
  const log = new MemoryLog({ sha256, now: () => 1 });
  const session = newSession();
  let head = emptyHead;
  for (const decisions of [1, 3, 1]) {
    head = headOf(await appended(log, session, head, decisions));
  }
  commits = await readAll(log, session);
});

const backlog = (session: Session | null) =>
  session?.phase === 'open' ? session.backlog : session?.phase;

describe('fold', () => {
  it('gives the state and the head', () => {
    const { session, head } = fold(commits);
    expect(backlog(session)).toBe(3);
    expect(head).toEqual(headOf(nth(commits, 2)));
  });

  it('of nothing is a session that nobody opened', () => {
    expect(fold([])).toEqual({ session: unopened, head: emptyHead });
  });

  it('goes on from what was folded before', () => {
    const before = fold(commits.slice(0, 1));
    expect(fold(commits.slice(1), before)).toEqual(fold(commits));
    expect(commits.reduce(foldCommit, nothingFolded)).toEqual(fold(commits));
  });
});

describe('foldTo', () => {
  it.each([
    [0, 0, 'unopened'],
    [0, 1, null],
    [1, 0, null],
    [1, 1, 2],
    [1, 2, 3],
    [1, 3, 4],
    [2, 0, 4],
    [2, 1, 3],
    [3, 0, 3],
  ])('after revision %i and %i decisions more', (revision, decisions, expected) => {
    expect(backlog(foldTo(commits, { revision, decisions }))).toBe(expected);
  });

  it.each([
    [3, 1],
    [4, 0],
    [1, 4],
  ])('is null where revision %i and %i decisions do not exist', (revision, decisions) => {
    expect(foldTo(commits, { revision, decisions })).toBeNull();
  });
});
