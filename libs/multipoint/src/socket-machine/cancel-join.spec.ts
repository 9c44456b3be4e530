import { describe, expect, it } from '@jest/globals';
import { cancelJoin } from './cancel-join.js';
import { Rehearsal } from './rehearsal.js';

describe('a JoinLeaf that blocks a c_leaf', () => {
  it('[R148] [R150] is withdrawn by cancelling it, and its socket is left for close', () => {
    const node = new Rehearsal();
    const leaf = node.leaf();
    const { call } = node.joinLeaf(leaf, 'conf-7');
    node.started(call, 'J1');
    node.run(cancelJoin(node.state, { socket: leaf, call }));
    expect(node.ends).toMatchObject([
      { end: { ok: false, error: { code: 'WSAEINTR', rule: 'R148' } } },
    ]);
    expect(node.commands).toEqual([{ verb: 'close', socket: String(leaf) }]);
    expect(node.joining(leaf, 'conf-7').result).toMatchObject({ ok: false });
    // Closing it has nothing to tell any more.
    expect(node.close(leaf)).toBeNull();
  });

  it('[R148] is withdrawn in its turn: after the call that asked', () => {
    const node = new Rehearsal();
    const leaf = node.leaf();
    const { call } = node.joinLeaf(leaf, 'conf-7');
    node.run(cancelJoin(node.state, { socket: leaf, call }));
    expect(node.effects.find(({ type }) => type === 'send')).toMatchObject({ after: call });
    node.started(call, 'J1');
    expect(node.hears(node.fdConnect(leaf, 'J1'))).toBe('repeated');
  });

  it('[R149] that has its outcome is not touched', () => {
    const node = new Rehearsal();
    const leaf = node.leaf();
    const { call } = node.joinLeaf(leaf, 'conf-7');
    node.started(call, 'J1');
    node.hears(node.fdConnect(leaf, 'J1'));
    expect(node.run(cancelJoin(node.state, { socket: leaf, call })).call).toBeNull();
    expect(node.effects).toEqual([]);
    expect(node.socket(leaf)).toMatchObject({ phase: { name: 'joined' } });
  });
});
