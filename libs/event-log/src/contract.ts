import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { SessionAddress } from '@joinleaf/multipoint';
import {
  appended,
  bytesOf,
  draftAfter,
  draftOfBytes,
  grown,
  newSession,
  nth,
  readAll,
  stored,
} from './contract/drafts.js';
import { Following } from './contract/following.js';
import {
  BadDraft,
  checkChain,
  commitBytesMax,
  emptyHead,
  headOf,
  LogRegressed,
  sealCommit,
  UnreadableCommit,
  type AppendOutcome,
  type ChainedCommit,
  type EventLog,
  type Followed,
  type Head,
  type StoredCommit,
} from './index.js';

export {
  appended,
  draftAfter,
  draftOfBytes,
  grown,
  newSession,
  nth,
  readAll,
  stored,
} from './contract/drafts.js';
export { Following } from './contract/following.js';

// What every log promises, as a test. The fast log in memory may stand for the real one only because
// both pass this.

/** A log under test. */
export interface LogUnderTest {
  readonly log: EventLog;
  /** A second writer and reader of the same log, over a connection of its own where there are any. */
  readonly other: EventLog;
  /** Whether it has a leader that may be behind: then it says `unavailable` where another would name a loss. */
  readonly isReplicated?: boolean;
  /** Stores bytes on a session's subject that no log of ours would store; returns their sequence. */
  plant(session: SessionAddress, bytes: Uint8Array): Promise<number>;
  /** Where the log ends now. */
  lastSequence(): Promise<number>;
  close(): Promise<void>;
}
/** What was appended, of what was read: everything but the time at the broker. */
const asAppended = ({ storedAt: _, ...commit }: StoredCommit): ChainedCommit => commit;

/** Registers the promises of the port as tests over the log that `makeLog` makes. */
export function describeEventLogContract(name: string, makeLog: () => Promise<LogUnderTest>): void {
  describe(`${name} keeps the promises of an event log`, () => {
    let made: LogUnderTest;
    let session: SessionAddress;
    beforeEach(async () => {
      made = await makeLog();
      session = newSession();
    });
    afterEach(async () => {
      await made.close();
    });

    describe('append', () => {
      it('stores a commit that is then read as it was appended', async () => {
        const draft = draftAfter(emptyHead, session);
        const commit = stored(await made.log.append(session, emptyHead, draft));
        expect(commit).toEqual({
          ...sealCommit(session, emptyHead, draft),
          hash: expect.stringMatching(/^[0-9a-f]{64}$/),
          sequence: expect.any(Number),
        });
        const [read, ...more] = await readAll(made.log, session);
        expect(more).toEqual([]);
        expect(read).toBeDefined();
        if (read === undefined) return;
        expect(asAppended(read)).toEqual(commit);
        expect(read.storedAt).toBeGreaterThan(1_600_000_000_000);
      });

      it('chains commits by revision, hash and sequence', async () => {
        const commits = await grown(made.log, session, 5);
        expect(commits.map(({ revision }) => revision)).toEqual([1, 2, 3, 4, 5]);
        expect(commits.map(({ prevHash }) => prevHash)).toEqual([
          null,
          ...commits.slice(0, -1).map(({ hash }) => hash),
        ]);
        expect(checkChain(await readAll(made.log, session))).toEqual({
          ok: true,
          value: headOf(nth(commits, -1)),
        });
      });

      it('stores a group of decisions whole', async () => {
        const commit = await appended(made.log, session, emptyHead, 40);
        const [read] = await readAll(made.log, session);
        expect(read?.decisions).toEqual(commit.decisions);
        expect(read?.decisions).toHaveLength(40);
      });

      it('says conflict, with everything that came after the head', async () => {
        const commits = await grown(made.log, session, 3);
        const outcome = await made.other.append(
          session,
          headOf(nth(commits, 0)),
          draftAfter(emptyHead, session),
        );
        expect(outcome.kind).toBe('conflict');
        if (outcome.kind !== 'conflict') return;
        expect(outcome.tail.map(asAppended)).toEqual(commits.slice(1));
        expect(await readAll(made.log, session)).toHaveLength(3);
      });

      it('stores a repeated draft once, and says ok each time', async () => {
        const draft = draftAfter(emptyHead, session);
        const first = stored(await made.log.append(session, emptyHead, draft));
        expect(stored(await made.log.append(session, emptyHead, draft))).toMatchObject(first);
        expect(stored(await made.other.append(session, emptyHead, draft))).toMatchObject(first);
        expect(await readAll(made.log, session)).toHaveLength(1);
      });

      it('recognises a repeated draft after others have followed it', async () => {
        const draft = draftAfter(emptyHead, session);
        const first = stored(await made.log.append(session, emptyHead, draft));
        await appended(made.other, session, headOf(first));
        expect(stored(await made.log.append(session, emptyHead, draft))).toMatchObject(first);
        expect(await readAll(made.log, session)).toHaveLength(2);
      });

      it('stores one draft that two writers send at once, and tells both', async () => {
        const draft = draftAfter(emptyHead, session);
        const outcomes = await Promise.all(
          [made.log, made.other, made.log].map((log) => log.append(session, emptyHead, draft)),
        );
        const sequences = outcomes.map((outcome) => stored(outcome).sequence);
        expect(new Set(sequences).size).toBe(1);
        expect(await readAll(made.log, session)).toHaveLength(1);
      });

      it('lets exactly one of many racing writers win, at every head', async () => {
        let head = emptyHead;
        for (let round = 1; round <= 20; round += 1) {
          const outcomes = await race([made.log, made.other], session, head, 6);
          const winners = outcomes.filter(({ kind }) => kind === 'ok').map(stored);
          expect(outcomes.map(({ kind }) => kind).sort()).toEqual([
            ...Array.from({ length: 5 }, () => 'conflict'),
            'ok',
          ]);
          const [winner] = winners;
          if (winner === undefined) return;
          for (const outcome of outcomes) {
            if (outcome.kind !== 'conflict') continue;
            expect(outcome.tail.map(({ commitId }) => commitId)).toEqual([winner.commitId]);
          }
          head = headOf(winner);
        }
        const commits = await readAll(made.log, session);
        expect(commits).toHaveLength(20);
        expect(checkChain(commits)).toEqual({ ok: true, value: head });
      });

      it('keeps sessions apart', async () => {
        const sessions = Array.from({ length: 10 }, () => newSession());
        const all = await Promise.all(sessions.map(async (one) => grown(made.log, one, 4)));
        for (const [index, one] of sessions.entries()) {
          expect((await readAll(made.other, one)).map(asAppended)).toEqual(all[index]);
        }
      });

      it('keeps a group apart from a session of the same name', async () => {
        const group = `@${session}` as SessionAddress;
        await appended(made.log, session, emptyHead);
        await grown(made.log, group, 2);
        expect(await readAll(made.log, session)).toHaveLength(1);
        expect(await readAll(made.log, group)).toHaveLength(2);
      });

      it('refuses a commit that is too large, and stays usable', async () => {
        const draft = draftAfter(emptyHead, session, Math.ceil(commitBytesMax / 100));
        expect(await made.log.append(session, emptyHead, draft)).toEqual({
          kind: 'refused',
          reason: 'too-large',
        });
        expect(await readAll(made.log, session)).toEqual([]);
        await appended(made.log, session, emptyHead);
      });

      it('stores and reads a commit of exactly the largest size', async () => {
        const draft = draftOfBytes(session, commitBytesMax);
        const commit = stored(await made.log.append(session, emptyHead, draft));
        expect((await readAll(made.other, session)).map(asAppended)).toEqual([commit]);
        const larger = draftOfBytes(newSession(), commitBytesMax + 1);
        expect(await made.log.append(newSession(), emptyHead, larger)).toEqual({
          kind: 'refused',
          reason: 'too-large',
        });
      });

      it.each(['', 'a.b', 'a*', '*', '>', 'a b', 'a\r\nPUB x', '@', 'x'.repeat(65)])(
        'throws for the session %j before anything is sent',
        async (name) => {
          const before = await made.lastSequence();
          const bad = name as SessionAddress;
          await expect(
            made.log.append(bad, emptyHead, draftAfter(emptyHead, session)),
          ).rejects.toThrow(BadDraft);
          await expect(readAll(made.log, bad)).rejects.toThrow(/session/);
          expect(await made.lastSequence()).toBe(before);
        },
      );

      it.each(['', 'short', 'has blank in it', 'line\r\nbreak-in-it'])(
        'throws for the commit id %j before anything is sent',
        async (commitId) => {
          const before = await made.lastSequence();
          const draft = { ...draftAfter(emptyHead, session), commitId };
          await expect(made.log.append(session, emptyHead, draft)).rejects.toThrow(BadDraft);
          expect(await made.lastSequence()).toBe(before);
        },
      );

      it('throws when a foreign message holds the place after the head', async () => {
        const sequence = await made.plant(session, bytesOf('no commit'));
        const appending = made.log.append(session, emptyHead, draftAfter(emptyHead, session));
        await expect(appending).rejects.toThrow(UnreadableCommit);
        await expect(appending).rejects.toMatchObject({ sequence });
      });

      it('stores nothing, and says so, when the log has lost the commit that the head names', async () => {
        const commit = await appended(made.log, session, emptyHead);
        const head = { ...headOf(commit), revision: 2, sequence: commit.sequence + 1_000 };
        const draft = draftAfter(head, session);
        const appending = made.log.append(session, head, draft, { deadlineMs: 2_000 });
        if (made.isReplicated === true) {
          expect(await appending).toMatchObject({ kind: 'unavailable' });
        } else {
          await expect(appending).rejects.toThrow(LogRegressed);
        }
      });
    });

    describe('read', () => {
      it('is empty for a session that nobody opened', async () => {
        expect(await readAll(made.log, session)).toEqual([]);
      });

      it('sees an acknowledged append at once, whoever wrote it', async () => {
        let head = emptyHead;
        for (let i = 0; i < 50; i += 1) {
          const commit = await appended(made.log, session, head);
          head = headOf(commit);
          const commits = await readAll(made.other, session);
          expect(commits).toHaveLength(i + 1);
          expect(commits.at(-1)?.commitId).toBe(commit.commitId);
        }
      });

      it('leaves out what lies before a sequence', async () => {
        const commits = await grown(made.log, session, 6);
        for (const [index, { sequence }] of commits.entries()) {
          const rest = await readAll(made.log, session, { afterSequence: sequence });
          expect(rest.map(asAppended)).toEqual(commits.slice(index + 1));
        }
      });

      it('reads a long session whole and in order', async () => {
        const commits = await grown(made.log, session, 1_200);
        expect((await readAll(made.log, session)).map(asAppended)).toEqual(commits);
      });

      it('throws at a foreign message, after what lies before it', async () => {
        const [commit] = await grown(made.log, session, 1);
        const sequence = await made.plant(session, bytesOf('{"schema":1}'));
        const read: StoredCommit[] = [];
        const reading = (async () => {
          for await (const one of made.log.read(session)) read.push(one);
        })();
        await expect(reading).rejects.toThrow(UnreadableCommit);
        await expect(reading).rejects.toMatchObject({ sequence });
        expect(read.map(asAppended)).toEqual([commit]);
      });

      it("throws at another session's commit", async () => {
        const commit = sealCommit(newSession(), emptyHead, draftAfter(emptyHead, session));
        await made.plant(session, bytesOf(JSON.stringify(commit)));
        await expect(readAll(made.log, session)).rejects.toThrow(UnreadableCommit);
      });
    });

    describe('follow', () => {
      it('delivers all sessions in the order of the stream, says when it caught up, and goes on', async () => {
        const start = await made.lastSequence();
        const others = [newSession(), newSession(), newSession()];
        const before = (await Promise.all(others.map((one) => grown(made.log, one, 5)))).flat();
        const followed = new Following(made.other, start);
        await followed.until(({ kind }) => kind === 'caught-up');
        const after = await grown(made.log, session, 5);
        await followed.until((one) => isCommit(one, after.at(-1)));
        await followed.end();

        const bySequence = [...before, ...after].sort((a, b) => a.sequence - b.sequence);
        expect(followed.commits().map(asAppended)).toEqual(bySequence);
        const caughtUp = followed.all.filter(({ kind }) => kind === 'caught-up');
        expect(caughtUp).toEqual([{ kind: 'caught-up', sequence: start + 15 }]);
        expect(followed.all.indexOf(nth(caughtUp, 0))).toBe(15);
      });

      it('has caught up at once when there is nothing to read', async () => {
        const start = await made.lastSequence();
        const followed = new Following(made.log, start);
        await followed.until(({ kind }) => kind === 'caught-up');
        expect(followed.all).toEqual([{ kind: 'caught-up', sequence: start }]);
        await followed.end();
      });

      it('goes on after a sequence', async () => {
        const commits = await grown(made.log, session, 6);
        const followed = new Following(made.log, commits[3]?.sequence ?? 0);
        await followed.until((one) => isCommit(one, commits.at(-1)));
        await followed.end();
        expect(followed.commits().map(asAppended)).toEqual(commits.slice(4));
      });

      it('leaves out what the reader knows, and judges nothing of it', async () => {
        const start = await made.lastSequence();
        const mine = await grown(made.log, session, 3);
        const foreign = await made.plant(session, bytesOf('no commit'));
        const theirs = await grown(made.other, newSession(), 2);
        const followed = new Following(made.log, start, {
          known: (one, sequence) => one === session && sequence <= foreign,
        });
        await followed.until(({ kind }) => kind === 'caught-up');
        await followed.end();
        expect(mine).toHaveLength(3);
        expect(followed.commits().map(asAppended)).toEqual(theirs);
        expect(followed.all).toHaveLength(3);
      });

      it('serves several followers, each in full', async () => {
        const start = await made.lastSequence();
        const followers = [made.log, made.other, made.log].map((log) => new Following(log, start));
        const commits = await grown(made.other, session, 30);
        for (const followed of followers) {
          await followed.until((one) => isCommit(one, commits.at(-1)));
          await followed.end();
          expect(followed.commits().map(asAppended)).toEqual(commits);
        }
      });

      it('ends on the signal, also while nothing happens', async () => {
        const followed = new Following(made.log, await made.lastSequence());
        await followed.until(({ kind }) => kind === 'caught-up');
        await followed.end();
      });

      it('ends at once on a signal that was given before', async () => {
        await grown(made.log, session, 3);
        const followed = new Following(made.log, 0, { signal: AbortSignal.abort() });
        await followed.ended;
        expect(followed.all).toEqual([]);
      });

      it('names a foreign message and goes on', async () => {
        const start = await made.lastSequence();
        const [first] = await grown(made.log, session, 1);
        const sequence = await made.plant(session, bytesOf('{"poison":true}'));
        const followed = new Following(made.log, start);
        await followed.until(({ kind }) => kind === 'caught-up');
        const live = await made.plant(session, bytesOf('no JSON'));
        const [last] = await grown(made.log, newSession(), 1);
        await followed.until((one) => isCommit(one, last));
        await followed.end();
        expect(followed.commits().map(asAppended)).toEqual([first, last]);
        const unreadable = followed.all.filter((one) => one.kind === 'unreadable');
        expect(unreadable).toEqual([
          { kind: 'unreadable', sequence, subject: expect.any(String), reason: expect.any(String) },
          {
            kind: 'unreadable',
            sequence: live,
            subject: expect.any(String),
            reason: 'is not JSON in UTF-8',
          },
        ]);
        for (const { subject } of unreadable) expect(subject).toContain(session);
      });

      it('refuses to go on from where the log never was', async () => {
        const followed = new Following(made.log, (await made.lastSequence()) + 7);
        await expect(followed.ended).rejects.toThrow(LogRegressed);
      });
    });
  });
}

function race(
  writers: readonly EventLog[],
  session: SessionAddress,
  head: Head,
  count: number,
): Promise<readonly AppendOutcome[]> {
  const attempts = Array.from({ length: count }, async (_, index) => {
    return nth(writers, index % writers.length).append(session, head, draftAfter(head, session));
  });
  return Promise.all(attempts);
}

const isCommit = (followed: Followed, commit: ChainedCommit | undefined): boolean =>
  followed.kind === 'commit' && followed.commit.commitId === commit?.commitId;
