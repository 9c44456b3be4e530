import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { RefusalRecord } from '@joinleaf/event-log';
import { newSession } from '@joinleaf/event-log/contract';
import type { SessionAddress, SocketId } from '@joinleaf/multipoint';
import type { Bulletin, NodeRecord } from '@joinleaf/wire';
import type { DecisionLog, FollowedRecord, NodeLog, NotificationStore } from './index.js';

// What the stores beside the log promise, in JetStream and in memory.

export interface StoresUnderTest {
  readonly decisions: DecisionLog;
  readonly nodes: NodeLog;
  readonly notifications: NotificationStore;
  /** The same stores, as another process would see them. */
  readonly others: Omit<StoresUnderTest, 'others' | 'close'>;
  close(): Promise<void>;
}

const at = 1_766_000_000_000;

export const aRefusal = (
  session: SessionAddress,
  commandId: string,
  revision = 3,
): RefusalRecord => ({
  schema: 1,
  session,
  commandId,
  command: { type: 'Listen', root: 'ada/1k3f9x/1' as SocketId, backlog: 5 },
  basedOn: { revision, decisions: 0 },
  code: 'WSAEINVAL',
  rule: 'R41',
  facts: { phase: 'closed', members: 3 },
  arbiter: 'arbiter-1',
  decider: 'multipoint/1',
  decidedAt: at,
});

export const started = (node: string, incarnation: string): NodeRecord => ({
  schema: 1,
  type: 'NodeStarted',
  node,
  incarnation,
  boundMs: 15_000,
  at,
});

/** A bulletin with `count` notifications, numbered from `first`. */
export const aBulletin = (node: string, first: number, count = 1): Bulletin => ({
  v: 1,
  node,
  first,
  sequence: 100 + first,
  notifications: Array.from({ length: count }, (_, index) => ({
    id: `conf-7.${String(first)}.${String(index)}`,
    session: 'conf-7' as SessionAddress,
    revision: first,
    kind: 'FD_CLOSE',
    to: `${node}/1k3f9x/${String(first + index)}` as SocketId,
    code: null,
  })),
});

export function describeStoresContract(name: string, make: () => Promise<StoresUnderTest>): void {
  describe(`${name} keep the promises of the stores beside the log`, () => {
    let made: StoresUnderTest;
    let session: SessionAddress;
    let node: string;
    beforeEach(async () => {
      made = await make();
      session = newSession();
      node = newSession('ada');
    });
    afterEach(async () => {
      await made.close();
    });

    describe('decisions', () => {
      it('are recorded without waiting, and read as they were recorded', async () => {
        const refusals = ['command-1', 'command-2', 'command-3'].map((id) => aRefusal(session, id));
        for (const refusal of refusals) made.decisions.record(refusal);
        made.decisions.record(aRefusal(newSession(), 'command-1'));
        expect(await made.decisions.flush()).toMatchObject({ waiting: 0, dropped: 0, refused: 0 });
        const read = await all(made.others.decisions.read(session));
        expect(read).toMatchObject(refusals);
        expect(read.every(({ storedAt, sequence }) => storedAt > 0 && sequence > 0)).toBe(true);
      });

      it('are kept once for each command and state', async () => {
        for (let i = 0; i < 3; i += 1) made.decisions.record(aRefusal(session, 'command-1', 3));
        made.decisions.record(aRefusal(session, 'command-1', 4));
        made.decisions.record(aRefusal(session, 'command-2', 4));
        await made.decisions.flush();
        const found = await made.others.decisions.byCommandId(session, 'command-1');
        expect(found.map(({ basedOn }) => basedOn.revision).sort()).toEqual([3, 4]);
        expect(await made.decisions.byCommandId(session, 'command-9')).toEqual([]);
      });

      it('are followed', async () => {
        made.decisions.record(aRefusal(session, 'command-1'));
        await made.decisions.flush();
        const heard = await followed(made.others.decisions, session, async (caughtUp) => {
          await caughtUp;
          made.decisions.record(aRefusal(session, 'command-2'));
        });
        expect(heard).toEqual(['command-1', 'command-2']);
      });
    });

    describe('nodes', () => {
      it('know nothing of a node that never started', async () => {
        expect(await made.nodes.last(node)).toBeNull();
      });

      it('append after the last record', async () => {
        const first = await made.nodes.append(started(node, 'run1'), { afterSequence: 0 });
        expect(first).toEqual({ kind: 'ok', sequence: expect.any(Number) });
        if (first.kind !== 'ok') return;
        const second = await made.others.nodes.append(started(node, 'run2'), {
          afterSequence: first.sequence,
        });
        expect(second.kind).toBe('ok');
        expect(await made.nodes.last(node)).toMatchObject({ record: started(node, 'run2') });
        const lives = (await all(made.others.nodes.all())).filter(
          (one) => one.record.node === node,
        );
        expect(lives.map(({ record }) => record)).toEqual([
          started(node, 'run1'),
          started(node, 'run2'),
        ]);
      });

      it('say who was first', async () => {
        await made.nodes.append(started(node, 'run1'), { afterSequence: 0 });
        expect(await made.others.nodes.append(started(node, 'run2'), { afterSequence: 0 })).toEqual(
          {
            kind: 'conflict',
            by: {
              record: started(node, 'run1'),
              sequence: expect.any(Number),
              storedAt: expect.any(Number),
            },
          },
        );
      });

      it('store the same record once', async () => {
        const once = await made.nodes.append(started(node, 'run1'), { afterSequence: 0 });
        const twice = await made.others.nodes.append(started(node, 'run1'), { afterSequence: 0 });
        expect(twice).toEqual(once);
      });

      it('let one of many win', async () => {
        const runs = Array.from({ length: 10 }, (_, i) => started(node, `run${String(i)}`));
        const outcomes = await Promise.all(
          runs.map((run, i) =>
            (i % 2 === 0 ? made : made.others).nodes.append(run, { afterSequence: 0 }),
          ),
        );
        expect(outcomes.filter(({ kind }) => kind === 'ok')).toHaveLength(1);
        expect(outcomes.filter(({ kind }) => kind === 'conflict')).toHaveLength(9);
      });

      it('refuse a name outside the grammar', async () => {
        await expect(made.nodes.last('a.b')).rejects.toThrow();
        await expect(
          made.nodes.append(started('a.b', 'run1'), { afterSequence: 0 }),
        ).rejects.toThrow();
      });
    });

    describe('notifications', () => {
      /** Stores bulletins of 1, 2, 3, 1, 2, 3, … notifications, with other nodes' between them. */
      async function told(count: number): Promise<readonly Bulletin[]> {
        const bulletins: Bulletin[] = [];
        const other = newSession('bob');
        let [first, afterSequence, otherSequence] = [1, 0, 0];
        for (let i = 0; i < count; i += 1) {
          const bulletin = aBulletin(node, first, (i % 3) + 1);
          const stored = await made.notifications.store(bulletin, { afterSequence });
          if (stored.kind !== 'ok') throw new Error(stored.kind);
          afterSequence = stored.sequence;
          first += bulletin.notifications.length;
          bulletins.push(bulletin);
          const noise = await made.notifications.store(aBulletin(other, i + 1), {
            afterSequence: otherSequence,
          });
          if (noise.kind === 'ok') otherSequence = noise.sequence;
        }
        return bulletins;
      }

      it('know nothing of a node that was told nothing', async () => {
        expect(await made.notifications.last(node)).toBeNull();
        expect(await made.notifications.readAfter(node, 0, 10)).toEqual([]);
        expect(await made.notifications.readAfter(node, 7, 10)).toEqual([]);
      });

      it('are stored after the last one, and by one of two writers', async () => {
        const [bulletin] = await told(1);
        const next = [aBulletin(node, 2, 1), aBulletin(node, 2, 2)] as const;
        const last = await made.others.notifications.last(node);
        expect(last?.record).toEqual(bulletin);
        const afterSequence = last?.sequence ?? -1;
        expect((await made.notifications.store(next[0], { afterSequence })).kind).toBe('ok');
        expect(await made.others.notifications.store(next[1], { afterSequence })).toMatchObject({
          kind: 'conflict',
          by: { record: next[0] },
        });
      });

      it('may be stored by two writers when they say the same', async () => {
        const bulletin = aBulletin(node, 1, 2);
        const once = await made.notifications.store(bulletin, { afterSequence: 0 });
        expect(await made.others.notifications.store(bulletin, { afterSequence: 0 })).toEqual(once);
      });

      it('are not taken for others of the same numbers', async () => {
        const bulletin = aBulletin(node, 1, 2);
        const another = { ...bulletin, sequence: bulletin.sequence + 1 };
        await made.notifications.store(bulletin, { afterSequence: 0 });
        expect(await made.others.notifications.store(another, { afterSequence: 0 })).toMatchObject({
          kind: 'conflict',
          by: { record: bulletin },
        });
      });

      it('are found again from any number', async () => {
        const bulletins = await told(25);
        const lastNumber = bulletins.reduce((sum, one) => sum + one.notifications.length, 0);
        for (let number = 0; number <= lastNumber; number += 1) {
          const due = bulletins.filter((one) => one.first + one.notifications.length - 1 > number);
          expect(await made.others.notifications.readAfter(node, number, 100)).toEqual(due);
          expect(await made.others.notifications.readAfter(node, number, 2)).toEqual(
            due.slice(0, 2),
          );
        }
        expect(await made.notifications.readAfter(node, lastNumber + 5, 10)).toEqual([]);
      });

      it('are read page by page', async () => {
        const bulletins = await told(20);
        const pages: Bulletin[] = [];
        for (let number = 0; ;) {
          const page = await made.others.notifications.readAfter(node, number, 3);
          const end = page.at(-1);
          if (end === undefined) break;
          pages.push(...page);
          number = end.first + end.notifications.length - 1;
        }
        expect(pages).toEqual(bulletins);
      });

      it('are all there, in their order', async () => {
        const bulletins = await told(4);
        const kept = (await all(made.others.notifications.all())).map(({ record }) => record);
        expect(kept.filter((one) => one.node === node)).toEqual(bulletins);
      });
    });
  });
}

export async function all<T>(items: AsyncIterable<T>): Promise<readonly T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

/** The command ids of a session, as a follower hears them, until it heard two. */
async function followed(
  decisions: DecisionLog,
  session: SessionAddress,
  meanwhile: (caughtUp: Promise<void>) => Promise<void>,
): Promise<readonly string[]> {
  const over = new AbortController();
  const caughtUp = Promise.withResolvers<undefined>();
  const doing = meanwhile(caughtUp.promise);
  const heard: string[] = [];
  for await (const one of decisions.follow({ signal: over.signal })) {
    if (one.kind === 'caught-up') caughtUp.resolve(undefined);
    if (isOf(session, one)) heard.push(one.record.commandId);
    if (heard.length === 2) over.abort();
  }
  await doing;
  return heard;
}

const isOf = (
  session: SessionAddress,
  one: FollowedRecord<RefusalRecord>,
): one is Extract<FollowedRecord<RefusalRecord>, { kind: 'record' }> =>
  one.kind === 'record' && one.record.session === session;
