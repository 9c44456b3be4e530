import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import type { StoredCommit } from '@joinleaf/event-log';
import type { SessionAddress } from '@joinleaf/multipoint';
import { readBack } from './check.js';
import { Life } from './replay-life.js';

const address = 'conf-7' as SessionAddress;
const firstJoin = 2;

/** So many commits of a session, as they are read back; the last ones let one member in each. */
function commits(count: number): StoredCommit[] {
  const life = new Life(address, 100);
  return Array.from({ length: count }, (_, index) => {
    const bytes = life.next();
    const commit = JSON.parse(Buffer.from(bytes).toString()) as StoredCommit;
    const hash = createHash('sha256').update(bytes).digest('hex');
    return { ...commit, hash, sequence: index + 1, storedAt: 1 };
  });
}

/** As if the session had been opened with so many places. */
function withCapacity(capacity: number, [opened, ...others]: StoredCommit[]): StoredCommit[] {
  if (opened === undefined) return [];
  const text = JSON.stringify(opened).replaceAll(
    '"capacity":null',
    `"capacity":${String(capacity)}`,
  );
  return [JSON.parse(text) as StoredCommit, ...others];
}

describe('a session that is read back', () => {
  it('is sound, and has as many members as were let in', () => {
    expect(readBack(address, commits(firstJoin + 3))).toEqual({ problem: null, members: 3 });
    expect(readBack(address, withCapacity(3, commits(firstJoin + 3)))).toEqual({
      problem: null,
      members: 3,
    });
  });

  it('is not with more members than its capacity', () => {
    const problem = 'conf-7 has 3 members and room for 2';
    expect(readBack(address, withCapacity(2, commits(firstJoin + 3)))).toEqual({ problem });
  });

  it('is not when a commit is missing', () => {
    const gap = commits(5).filter((_, index) => index !== 3);
    expect(readBack(address, gap)).toEqual({ problem: 'conf-7: gap at revision 5' });
  });

  it('is not when a commit is there twice', () => {
    const all = commits(4);
    expect(readBack(address, [...all, ...all.slice(-1)])).toEqual({
      problem: 'conf-7: repeated at revision 4',
    });
  });

  it('is not when a command was decided twice', () => {
    const all = commits(5);
    const [again, last] = [all[3], all[4]];
    if (again === undefined || last === undefined) throw new Error('there are five');
    const twice = [...all.slice(0, 4), { ...last, decisions: again.decisions }];
    expect(readBack(address, twice)).toEqual({
      problem: 'conf-7: repeated-command at revision 5',
    });
  });

  it('is not when nobody opened it', () => {
    expect(readBack(address, [])).toEqual({ problem: 'conf-7 is unopened' });
  });
});
