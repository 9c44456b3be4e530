import { describe, expect, it } from '@jest/globals';
import { encode } from '@joinleaf/wire';
import type { Housekeeping } from './housekeeping.js';
import { NodeKeeper } from './node-keeper.js';
import type { World } from './ports.js';
import { MemoryBook, settled, timelessWorld } from './testing.js';
import { Watch } from './watch.js';

const boundMs = 2_000;
const tickMs = 100;

/** A watch over one node, `ada`, on a clock that the test sets. */
async function watched() {
  const book = new MemoryBook();
  const listeners: (() => void)[] = [];
  let clockMs = 0;
  let tick: () => void = () => undefined;
  const world: World = {
    ...timelessWorld(() => clockMs),
    every: (_, work) => {
      tick = work;
      return () => undefined;
    },
  };
  const nodes = new NodeKeeper({ name: 'session-1', book, world, ended: () => undefined });
  await nodes.start('ada', encode({ v: 1, incarnation: 'run1', boundMs }));
  const housekeeping = {
    takeOut: async () => undefined,
    expire: async () => undefined,
    untilDeadlineMs: () => null,
  } as unknown as Housekeeping;
  const connection = {
    connected: () => true, // It is back before anybody looks.
    onChange: (listener: () => void) => {
      listeners.push(listener);
    },
  };
  const fail = (what: string) => {
    throw new Error(what);
  };
  new Watch(housekeeping, nodes, connection, world, fail).start();
  return {
    types: () => book.records.map(({ record }) => record.type),
    change: () => {
      for (const listener of listeners) listener();
    },
    pass: async (ms: number) => {
      for (const until = clockMs + ms; clockMs < until;) {
        clockMs += tickMs;
        tick();
        await settled();
      }
    },
  };
}

describe('the watch over nodes', () => {
  it('loses a node that is silent for its bound', async () => {
    const { pass, types } = await watched();
    await pass(boundMs + tickMs);
    expect(types()).toEqual(['NodeStarted', 'NodeSuspected', 'NodeLost']);
  });

  it('gives a whole window again after a connection that was lost and back between two ticks', async () => {
    const { pass, change, types } = await watched();
    await pass(boundMs);
    change();
    await pass(boundMs);
    expect(types()).toEqual(['NodeStarted', 'NodeSuspected']);
    await pass(tickMs);
    expect(types().at(-1)).toBe('NodeLost');
  });
});
