import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { fold, nothingFolded, type StoredCommit } from '@joinleaf/event-log';
import { decide, type Session, type SessionAddress } from '@joinleaf/multipoint';
import { drawCommand, type Chance } from '@joinleaf/multipoint/testing';
import fc from 'fast-check';
import { checkpointOf, foldedIn, FoldTo, isCheckpointDue, thawed } from './checkpoint.js';
import { asks, crowd, listens, opens, startAt } from './contract.js';
import { Recorder } from './recorder.js';
import { plainState, stateAt } from './state.js';

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const conf = 'conf-7' as SessionAddress;

/** What came of commands by chance, and chance to draw more. */
const lives = fc.array(fc.nat(0xffff), { minLength: 200, maxLength: 600 }).map((numbers) => {
  let spent = 0;
  const chance: Chance = (max) => (numbers[spent++ % numbers.length] ?? 0) % (max + 1);
  const recorder = new Recorder({ session: conf, sha256, startAt });
  for (let i = 0; i < 40; i += 1) recorder.wait(500).decide(drawCommand(chance, recorder.session));
  return { chance, ...recorder.history };
});

const throughText = (state: unknown): unknown => JSON.parse(JSON.stringify(state)) as unknown;

/** Everything about a session, the order of its maps included. */
function inFull(session: Session): unknown {
  if (session.phase !== 'open') return session;
  const { requests, requestsByCaller, members, leafByLink, leavesByAddress, ...rest } = session;
  const maps = [requests, requestsByCaller, members, leafByLink, leavesByAddress];
  return { ...rest, maps: maps.map((map) => [map.size, [...map]]) };
}

describe('a checkpoint', () => {
  it('is the session that was folded, and goes on as it would have', () => {
    fc.assert(
      fc.property(lives, ({ commits, chance }) => {
        for (let upTo = 0; upTo <= commits.length; upTo += 1) {
          const folded = fold(commits.slice(0, upTo));
          const kept = throughText(checkpointOf(conf, { ...folded, decisions: 7 })) as never;
          const found = foldedIn(kept, conf);
          if (found === null) throw new Error('it is ours');
          expect(found.head).toEqual(folded.head);
          expect(inFull(found.session)).toEqual(inFull(folded.session));
          const command = drawCommand(chance, folded.session);
          expect(decide(command, found.session)).toEqual(decide(command, folded.session));
          const rest = commits.slice(upTo);
          expect(inFull(fold(rest, found).session)).toEqual(inFull(fold(commits).session));
        }
      }),
      { numRuns: 50 },
    );
  });

  it('of another session, another fold or another kind is none', () => {
    const kept = checkpointOf(conf, { ...fold(crowd(sha256).history.commits), decisions: 8 });
    expect(foldedIn(kept, conf)).not.toBeNull();
    expect(foldedIn(kept, 'conf-8' as SessionAddress)).toBeNull();
    expect(foldedIn({ ...kept, fold: 'multipoint/0' }, conf)).toBeNull();
    expect(foldedIn({ ...kept, schema: 'joinleaf.checkpoint/3' }, conf)).toBeNull();
  });

  it('is due after many commits, and later when the session is large', () => {
    const { session } = new Recorder({ session: conf, sha256, startAt })
      .decide(opens({ admit: 'auto' }), listens(1))
      .decide(...Array.from({ length: 300 }, (_, i) => asks(`n${String(i)}`)));
    const folded = { ...nothingFolded, session };
    expect(isCheckpointDue(8_191, folded)).toBe(false);
    expect(isCheckpointDue(8_192, folded)).toBe(true);
    const crowded = { ...session, members: { size: 100_000 } } as unknown as Session;
    expect(isCheckpointDue(8_192, { ...folded, session: crowded })).toBe(false);
    expect(isCheckpointDue(50_000, { ...folded, session: crowded })).toBe(true);
  });

  it('of a closed session is that session', () => {
    const closed = {
      phase: 'closed',
      address: conf,
      incarnation: 1,
      joinCount: 0,
      ending: 'root-lost',
    };
    expect(thawed(throughText(closed))).toEqual(closed);
  });
});

describe('folding to a position', () => {
  const { commits } = crowd(sha256).history;

  it('comes to the same from every checkpoint before it, and takes no more than it needs', () => {
    const positions = commits.flatMap(({ revision, decisions }) =>
      Array.from({ length: decisions.length + 1 }, (_, i) => ({
        revision: revision - 1,
        decisions: i,
      })),
    );
    for (const basis of positions) {
      const whole = stateAt(commits, basis);
      if (!whole.ok) throw new Error('it is there');
      for (let from = 0; from <= basis.revision; from += 1) {
        const to = new FoldTo(basis, { ...fold(commits.slice(0, from)), decisions: 0 });
        const taken: StoredCommit[] = [];
        for (const commit of commits.slice(from)) {
          taken.push(commit);
          if (!to.take(commit)) break;
        }
        const found = to.end();
        expect(found.ok && plainState(found.value)).toEqual(plainState(whole.value));
        expect(taken.length).toBeLessThanOrEqual(basis.revision - from + 1);
      }
    }
  });
});
