import { describe, expect, it } from '@jest/globals';
import { Rehearsal } from './rehearsal.js';

const threeBytes = 'AQID';

describe('callee data', () => {
  it('[R95] that fits is what the join ends with', () => {
    const node = new Rehearsal();
    const leaf = node.leaf();
    const { call } = node.joinLeaf(leaf, 'conf-7', { calleeBytesMax: 3 });
    node.started(call, 'J1');
    node.hears(node.fdConnect(leaf, 'J1', { calleeData: threeBytes }));
    expect(node.ends).toMatchObject([{ end: { ok: true, value: { calleeData: threeBytes } } }]);
    expect(node.commands).toEqual([]);
  });

  it('[R97] [A13] that does not fit fails the join of a c_leaf, which leaves again', () => {
    const node = new Rehearsal();
    const leaf = node.leaf();
    node.register(leaf, 1, 'FD_CONNECT');
    const { call } = node.joinLeaf(leaf, 'conf-7', { calleeBytesMax: 2 });
    node.started(call, 'J1');
    node.hears(node.fdConnect(leaf, 'J1', { calleeData: threeBytes }));
    expect(node.ends).toMatchObject([
      { end: { ok: false, error: { code: 'WSAEFAULT', rule: 'R97' } } },
    ]);
    expect(node.commands).toEqual([{ verb: 'close', socket: String(leaf) }]);
    expect(node.enumerate(leaf)).toEqual([{ event: 'FD_CONNECT', code: 'WSAEFAULT' }]);
    expect(node.joining(leaf, 'conf-7').result).toMatchObject({ error: { code: 'WSAEISCONN' } });
  });

  it('[R97] [A13] that does not fit fails the join of a c_root, whose link is dead', () => {
    const node = new Rehearsal();
    const root = node.root();
    const { call, descriptor: link } = node.joinLeaf(root, 'bob:1', { calleeBytesMax: 2 });
    node.started(call, 'J1');
    node.hears(node.fdConnect(root, 'J1', { link: node.name(link), calleeData: threeBytes }));
    expect(node.ends).toMatchObject([{ end: { ok: false, error: { code: 'WSAEFAULT' } } }]);
    expect(node.commands).toEqual([{ verb: 'close', socket: String(link) }]);
    expect(node.socket(link)).toMatchObject({ phase: 'failed' });
    expect(node.joining(root, 'bob:2').result).toMatchObject({ ok: true });
  });
});
