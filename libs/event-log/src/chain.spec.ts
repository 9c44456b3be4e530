import { createHash } from 'node:crypto';
import { beforeEach, describe, expect, it } from '@jest/globals';
import type { SessionAddress } from '@joinleaf/multipoint';
import { draftAfter, grown, newSession, nth, readAll } from './contract.js';
import {
  BadDraft,
  checkChain,
  damageAfter,
  emptyHead,
  headOf,
  MemoryLog,
  sealCommit,
  type StoredCommit,
} from './index.js';

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

describe('sealCommit', () => {
  const session = newSession();

  it('gives a draft its place', () => {
    const draft = draftAfter(emptyHead, session);
    const head = { revision: 6, hash: 'f'.repeat(64), sequence: 90 };
    expect(sealCommit(session, head, draft)).toEqual({
      schema: 1,
      session,
      revision: 7,
      prevHash: head.hash,
      ...draft,
    });
  });

  it('gives the same bytes however the draft was put together', () => {
    const draft = draftAfter(emptyHead, session);
    const reversed = Object.fromEntries(Object.entries(draft).reverse()) as typeof draft;
    expect(JSON.stringify(sealCommit(session, emptyHead, reversed))).toBe(
      JSON.stringify(sealCommit(session, emptyHead, draft)),
    );
  });

  it('throws for a name outside the grammar, and says which', () => {
    const draft = draftAfter(emptyHead, session);
    const seal = (name: string, change: object) => () =>
      sealCommit(name as SessionAddress, emptyHead, { ...draft, ...change });
    expect(seal('a.b', {})).toThrow(BadDraft);
    expect(seal('conf-7', { commitId: 'x' })).toThrow("the draft's commitId is not a command id");
    expect(seal('conf-7', { arbiter: 'a b' })).toThrow("the draft's arbiter is not a name");
    expect(seal('conf-7', { decisions: [] })).toThrow('at least one decision');
  });
});

describe('checkChain', () => {
  let commits: StoredCommit[];
  const session = newSession();

  beforeEach(async () => {
    const log = new MemoryLog({ sha256, now: () => 1 });
    await grown(log, session, 5);
    commits = [...(await readAll(log, session))];
  });

  const at = (index: number): StoredCommit => nth(commits, index);
  const change = (index: number, to: Partial<StoredCommit>) => {
    commits[index] = { ...at(index), ...to };
  };
  const damage = (from = emptyHead) => {
    const checked = checkChain(commits, from);
    return checked.ok ? null : checked.error;
  };

  it('finds nothing wrong with what a log returns, and says where it ends', () => {
    expect(checkChain(commits)).toEqual({ ok: true, value: headOf(at(4)) });
    expect(checkChain([])).toEqual({ ok: true, value: emptyHead });
  });

  it('goes on from a head', () => {
    const head = headOf(at(1));
    expect(checkChain(commits.slice(2), head)).toEqual({ ok: true, value: headOf(at(4)) });
    expect(checkChain(commits.slice(3), head)).toMatchObject({ error: { kind: 'gap' } });
  });

  it('finds a missing commit', () => {
    commits.splice(2, 1);
    expect(damage()).toEqual({
      kind: 'gap',
      session,
      revision: 4,
      detail: 'revision 3 should follow 2',
    });
  });

  it('finds a missing beginning', () => {
    commits.shift();
    expect(damage()).toMatchObject({ kind: 'gap', revision: 2 });
  });

  it('finds a commit that is there twice', () => {
    commits.splice(2, 0, at(1));
    expect(damage()).toMatchObject({ kind: 'repeated', revision: 2 });
  });

  it('finds a commit whose predecessor was changed', () => {
    change(2, { hash: '0'.repeat(64) });
    expect(damage()).toMatchObject({ kind: 'broken-hash', revision: 4 });
  });

  it('finds a first commit that claims a predecessor', () => {
    change(0, { prevHash: '0'.repeat(64) });
    expect(damage()).toMatchObject({ kind: 'broken-hash', revision: 1 });
  });

  it('finds a command that was decided twice', () => {
    change(3, { decisions: at(1).decisions });
    expect(damage()).toMatchObject({ kind: 'repeated-command', revision: 4 });
  });

  it('finds a commit of another session', () => {
    change(3, { session: newSession() });
    expect(damage()).toMatchObject({ kind: 'other-session', session, revision: 4 });
  });

  it('finds a commit that lies before its predecessor', () => {
    change(3, { sequence: at(1).sequence });
    expect(damage()).toMatchObject({ kind: 'out-of-order', revision: 4 });
  });

  it('judges a single next commit as well', () => {
    expect(damageAfter(headOf(at(2)), at(3))).toBeNull();
    expect(damageAfter(headOf(at(2)), at(4))).toMatchObject({ kind: 'gap' });
    expect(damageAfter(headOf(at(2)), at(3), newSession())).toMatchObject({
      kind: 'other-session',
    });
  });
});
