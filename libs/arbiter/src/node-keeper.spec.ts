import { beforeEach, describe, expect, it } from '@jest/globals';
import type { LossEvidence } from '@joinleaf/multipoint';
import { encode, type NodeRecord } from '@joinleaf/wire';
import { NodeKeeper } from './node-keeper.js';
import { NotKnownYet, type NodeBook } from './ports.js';
import { MemoryBook, timelessWorld } from './testing.js';

/** A book that answers a moment later. */
class SlowBook extends MemoryBook {
  waiting = 0;
  waitingMax = 0;

  override async append(record: NodeRecord, options: { readonly afterSequence: number }) {
    this.waiting += 1;
    this.waitingMax = Math.max(this.waitingMax, this.waiting);
    await new Promise((resolve) => setImmediate(resolve));
    this.waiting -= 1;
    return super.append(record, options);
  }
}

const heard = { v: 1, ok: true };
let clockMs = 0;
const world = timelessWorld(() => clockMs);

const message = (incarnation: string, more: object = {}) => encode({ v: 1, incarnation, ...more });

function keeperOn(book: NodeBook, owns: (node: string) => boolean = () => true) {
  const ended: { run: string; evidence: LossEvidence }[] = [];
  const keeper = new NodeKeeper({
    name: 'session-1',
    book,
    world,
    owns,
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

describe('a node that falls silent', () => {
  beforeEach(() => {
    clockMs = 0;
  });

  const typesIn = (book: MemoryBook) => book.records.map(({ record }) => record.type);

  it('is suspected at half its bound, and heard when it speaks again', async () => {
    const book = new MemoryBook();
    const { keeper, ended } = keeperOn(book);
    await keeper.start('ada', message('run1', { boundMs: 2_000 }));
    clockMs = 1_001;
    await keeper.judge();
    await keeper.judge();
    expect(book.records.at(-1)?.record).toMatchObject({
      ...{ type: 'NodeSuspected', silentMs: 1_001, boundMs: 2_000, by: 'session-1' },
    });
    // Who is suspected counts as up: nothing is refused to it, and it can be invited.
    expect(await keeper.status('ada')).toBe('up');
    expect(await keeper.fence('ada', 'run1')).toBeNull();
    expect(keeper.figures).toEqual({ up: 1, suspected: 1 });

    clockMs = 1_500;
    keeper.beat('ada', message('run1'));
    await keeper.judge();
    clockMs = 2_400;
    await keeper.judge();
    expect(typesIn(book)).toEqual(['NodeStarted', 'NodeSuspected', 'NodeHeard']);
    expect(keeper.figures).toEqual({ up: 1, suspected: 0 });
    expect(ended).toEqual([]);
  });

  it('is lost with the evidence: since when it was suspected, and who judged', async () => {
    const book = new MemoryBook();
    const { keeper } = keeperOn(book);
    await keeper.start('ada', message('run1', { boundMs: 2_000 }));
    clockMs = 1_001;
    await keeper.judge();
    clockMs = 2_001;
    await keeper.judge();
    expect(book.records.at(-1)?.record).toMatchObject({
      ...{ type: 'NodeLost', silentMs: 2_001, boundMs: 2_000, by: 'session-1' },
      suspectedAt: 1_700_000_001_001,
    });
  });

  it('is not taken for heard because we listen anew', async () => {
    const book = new MemoryBook();
    const { keeper } = keeperOn(book);
    await keeper.start('ada', message('run1', { boundMs: 2_000 }));
    clockMs = 1_001;
    await keeper.judge();
    keeper.rearm();
    clockMs = 1_100;
    await keeper.judge();
    expect(typesIn(book)).toEqual(['NodeStarted', 'NodeSuspected']);
    clockMs = 3_000;
    await keeper.judge();
    expect(typesIn(book)).toEqual(['NodeStarted', 'NodeSuspected']);
    clockMs = 3_002;
    await keeper.judge();
    expect(typesIn(book)).toEqual(['NodeStarted', 'NodeSuspected', 'NodeLost']);
  });

  it('is judged by the arbiter that is to, and by another one a second later', async () => {
    const book = new MemoryBook();
    const { keeper } = keeperOn(book, () => false);
    await keeper.start('ada', message('run1', { boundMs: 4_000 }));
    clockMs = 2_900;
    await keeper.judge();
    expect(typesIn(book)).toEqual(['NodeStarted']);
    clockMs = 4_500;
    await keeper.judge();
    expect(typesIn(book)).toEqual(['NodeStarted', 'NodeSuspected']);
    clockMs = 5_001;
    await keeper.judge();
    expect(typesIn(book)).toEqual(['NodeStarted', 'NodeSuspected', 'NodeLost']);
  });

  it('is suspected by one arbiter, and all know it', async () => {
    const book = new MemoryBook();
    const [one, other] = [keeperOn(book), keeperOn(book)];
    await one.keeper.start('ada', message('run1', { boundMs: 2_000 }));
    await other.keeper.status('ada');
    clockMs = 1_001;
    await Promise.all([one.keeper.judge(), other.keeper.judge()]);
    expect(typesIn(book)).toEqual(['NodeStarted', 'NodeSuspected']);
    expect([one.keeper.figures, other.keeper.figures]).toEqual([
      { up: 1, suspected: 1 },
      { up: 1, suspected: 1 },
    ]);
  });

  it('[H10] learns from its beat that it was lost, and so does a run that was replaced', async () => {
    const { keeper } = keeperOn(new MemoryBook());
    await keeper.start('ada', message('run1', { boundMs: 2_000 }));
    expect(keeper.beat('ada', message('run1'))).toEqual(heard);
    expect(keeper.beat('eve', message('run1'))).toBeUndefined();
    clockMs = 2_001;
    await keeper.judge();
    await keeper.judge();
    const fenced = { ok: false, code: 'WSAENETRESET', rule: 'H10' };
    expect(keeper.beat('ada', message('run1'))).toMatchObject(fenced);
    await keeper.start('ada', message('run2'));
    expect(keeper.beat('ada', message('run1'))).toMatchObject(fenced);
    expect(keeper.beat('ada', message('run2'))).toEqual(heard);
  });

  it('is told that it is heard by the arbiter that judges it, and by no other', async () => {
    const book = new MemoryBook();
    const [judge, other] = [keeperOn(book), keeperOn(book, () => false)];
    await judge.keeper.start('ada', message('run1'));
    expect(other.keeper.beat('ada', message('run1'))).toBeUndefined();
    await other.keeper.status('ada');
    expect(other.keeper.beat('ada', message('run1'))).toBeUndefined();
    expect(judge.keeper.beat('ada', message('run1'))).toEqual(heard);
    expect(judge.keeper.beat('ada', message('run0'))).toBeUndefined();
  });

  it('vanishes with a thousand others: so many records at a time, and each once', async () => {
    const book = new SlowBook();
    const { keeper, ended } = keeperOn(book);
    const nodes = Array.from({ length: 1_000 }, (_, index) => `node-${String(index)}`);
    await Promise.all(nodes.map((node) => keeper.start(node, message('run1', { boundMs: 2_000 }))));
    book.waitingMax = 0;
    clockMs = 2_001;
    await Promise.all([keeper.judge(), keeper.judge()]);
    expect(ended).toHaveLength(1_000);
    expect(book.waitingMax).toBeLessThanOrEqual(64);
    expect(typesIn(book).filter((type) => type === 'NodeLost')).toHaveLength(1_000);
  });

  it('[E18] tells nobody that it never started while the records may be behind', async () => {
    const book = new MemoryBook();
    const { keeper } = keeperOn(book);
    book.mayLag = true;
    await expect(keeper.fence('ada', 'run1')).rejects.toThrow(NotKnownYet);
    await expect(keeper.status('ada')).rejects.toThrow(NotKnownYet);
    book.mayLag = false;
    expect(await keeper.fence('ada', 'run1')).toMatchObject({ code: 'WSANOTINITIALISED' });
    expect(await keeper.status('ada')).toBe('unknown');
  });
});
