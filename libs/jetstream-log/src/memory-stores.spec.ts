import { describe, expect, it } from '@jest/globals';
import { aBulletin, describeStoresContract } from './contract.js';
import { MemoryDecisionLog, MemoryNodeLog, MemoryNotificationStore } from './index.js';

describeStoresContract('The stores in memory', async () => {
  const stores = {
    decisions: new MemoryDecisionLog(),
    nodes: new MemoryNodeLog(),
    notifications: new MemoryNotificationStore(),
  };
  return { ...stores, others: stores, close: async () => undefined };
});

describe('MemoryNotificationStore', () => {
  it('tells what a node would hear', async () => {
    const heard: number[] = [];
    const store = new MemoryNotificationStore(
      () => 1,
      ({ first }) => heard.push(first),
    );
    await store.store(aBulletin('ada', 1), { afterSequence: 0 });
    await store.store(aBulletin('ada', 1, 2), { afterSequence: 0 });
    expect(heard).toEqual([1]);
  });
});
