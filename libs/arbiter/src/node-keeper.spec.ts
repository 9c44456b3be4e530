import { beforeEach, describe, expect, it } from '@jest/globals';
import type { LossEvidence } from '@joinleaf/multipoint';
import { encode, type NodeRecord } from '@joinleaf/wire';
import { NodeKeeper } from './node-keeper.js';
import type { NodeBook, World } from './ports.js';

interface Written {
  readonly record: NodeRecord;
  readonly sequence: number;
}

/** JL_NODES in memory. */
class MemoryBook implements NodeBook {
  readonly records: Written[] = [];

  async last(node: string): Promise<Written | null> {
    return this.records.findLast(({ record }) => record.node === node) ?? null;
  }

  async append(record: NodeRecord, { afterSequence }: { readonly afterSequence: number }) {
    const last = await this.last(record.node);
    if ((last?.sequence ?? 0) !== afterSequence) return { kind: 'conflict' } as const;
    this.records.push({ record, sequence: this.records.length + 1 });
    return { kind: 'ok', sequence: this.records.length } as const;
  }
}

let clockMs = 0;
const world: World = {
  now: () => 1_700_000_000_000 + clockMs,
  monotonicMs: () => clockMs,
  newId: () => 'id-000001',
  sleep: async () => undefined,
  after: () => () => undefined,
  every: () => () => undefined,
  random: () => 0,
};

const message = (incarnation: string, more: object = {}) => encode({ v: 1, incarnation, ...more });

function keeperOn(book: NodeBook) {
  const ended: { run: string; evidence: LossEvidence }[] = [];
  const keeper = new NodeKeeper({
    name: 'session-1',
    book,
    world,
    ended: ({ node, incarnation }, evidence) => {
      ended.push({ run: `${node}/${incarnation}`, evidence });
    },
  });
  return { keeper, ended };
}

describe('the node keeper', () => {
  beforeEach(() => {
    clockMs = 0;
  });

  it('records a start once, and grants the bound that was asked for', async () => {
    const book = new MemoryBook();
    const { keeper } = keeperOn(book);
    const reply = await keeper.start('ada', message('run1', { boundMs: 2_000 }));
    expect(reply).toMatchObject({ ok: true, boundMs: 2_000, beatMs: 500 });
    expect(await keeper.start('ada', message('run1'))).toMatchObject({ ok: true });
    expect(book.records).toHaveLength(1);
    expect(await keeper.fence('ada', 'run1')).toBeNull();
  });

  it('[E18] refuses a run that has not started', async () => {
    const { keeper } = keeperOn(new MemoryBook());
    expect(await keeper.fence('ada', 'run1')).toMatchObject({ code: 'WSANOTINITIALISED' });
  });

  it('[H10] fences the older run when the node starts again, in every arbiter', async () => {
    const book = new MemoryBook();
    const [one, other] = [keeperOn(book), keeperOn(book)];
    await one.keeper.start('ada', message('run1'));
    expect(await other.keeper.fence('ada', 'run1')).toBeNull();
    await other.keeper.start('ada', message('run2'));

    expect(other.ended).toEqual([
      { run: 'ada/run1', evidence: { kind: 'superseded', by: 'run2' } },
    ]);
    expect(await other.keeper.fence('ada', 'run1')).toMatchObject({ code: 'WSAENETRESET' });
    expect(await other.keeper.start('ada', message('run1'))).toMatchObject({
      code: 'WSAENETRESET',
    });
    for (const { record, sequence } of book.records) one.keeper.hear(record, sequence);
    expect(await one.keeper.fence('ada', 'run1')).toMatchObject({ code: 'WSAENETRESET' });
    expect(await one.keeper.fence('ada', 'run2')).toBeNull();
  });

  it('loses a node that is silent for longer than its bound, with the evidence', async () => {
    const book = new MemoryBook();
    const { keeper, ended } = keeperOn(book);
    await keeper.start('ada', message('run1', { boundMs: 2_000 }));
    clockMs = 1_900;
    keeper.beat('ada', message('run1'));
    clockMs = 3_900;
    await keeper.judge();
    expect(ended).toEqual([]);
    clockMs = 3_901;
    await keeper.judge();
    const evidence = { kind: 'silent', silentMs: 2_001, boundMs: 2_000 };
    expect(ended).toEqual([{ run: 'ada/run1', evidence }]);
    expect(await keeper.status('ada')).toBe('lost');
    expect(book.records.at(-1)?.record).toMatchObject({ type: 'NodeLost', silentMs: 2_001 });
  });

  it('gives a whole window again after a pause of its own', async () => {
    const { keeper, ended } = keeperOn(new MemoryBook());
    await keeper.start('ada', message('run1', { boundMs: 2_000 }));
    clockMs = 60_000;
    keeper.rearm();
    await keeper.judge();
    expect(ended).toEqual([]);
  });

  it('does not hear the beat of an older run', async () => {
    const { keeper, ended } = keeperOn(new MemoryBook());
    await keeper.start('ada', message('run1', { boundMs: 2_000 }));
    await keeper.start('ada', message('run2', { boundMs: 2_000 }));
    clockMs = 1_500;
    keeper.beat('ada', message('run1'));
    clockMs = 2_500;
    await keeper.judge();
    expect(ended.map(({ run }) => run)).toEqual(['ada/run1', 'ada/run2']);
  });

  it('[H11] refuses a malformed start and ignores a malformed beat', async () => {
    const book = new MemoryBook();
    const { keeper } = keeperOn(book);
    const reply = await keeper.start('ada', message('run1', { boundMs: 5 }));
    expect(reply).toMatchObject({ ok: false, code: 'WSAEFAULT', facts: { field: 'boundMs' } });
    keeper.beat('ada', new Uint8Array([1, 2, 3]));
    expect(book.records).toEqual([]);
  });
});
