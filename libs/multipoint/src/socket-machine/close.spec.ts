import { describe, expect, it } from '@jest/globals';
import type { NodeAddress } from '../address.js';
import type { SocketId } from '../socket-id.js';
import { closeSocket, shutdownSocket } from './close.js';
import { listenAt } from './listen.js';
import { protocols } from './protocol.js';
import { Rehearsal } from './rehearsal.js';

const refusedWith = (code: string, rule: string) => ({
  ok: false,
  error: expect.objectContaining({ code, rule }),
});
const endpoint = 'ada:1' as NodeAddress;

const linked = (node: Rehearsal, root: number) => {
  const { call, descriptor } = node.joinLeaf(root, 'bob:1');
  node.started(call, 'J1');
  node.hears(node.fdConnect(root, 'J1', { link: node.name(descriptor) }));
  return descriptor;
};

describe('closing', () => {
  it('[R73] a closed descriptor is no socket', () => {
    const node = new Rehearsal();
    const leaf = node.leaf();
    node.close(leaf);
    expect(closeSocket(node.state, leaf).result).toEqual(refusedWith('WSAENOTSOCK', 'R73'));
    expect(node.leaf()).not.toBe(leaf);
  });

  it('[R131] a c_root tells the arbiter; its links hear FD_CLOSE from there and are closed apart', () => {
    const node = new Rehearsal();
    const root = node.root();
    const link = linked(node, root);
    node.close(root);
    expect(node.commands).toEqual([{ verb: 'close', socket: String(root) }]);
    expect(node.hears(node.fdClose(link))).toBe('heard');
    expect(node.socket(link)).toMatchObject({ phase: 'over' });
    expect(closeSocket(node.state, link).effects).toEqual([]);
  });

  it('[R133] the closer hears no FD_CLOSE on what it closed', () => {
    const node = new Rehearsal();
    const leaf = node.leaf();
    const { call } = node.joinLeaf(leaf, 'conf-7');
    node.answers(call, { type: 'joined', join: 'J1', link: null });
    node.close(leaf);
    expect(node.hears(node.fdClose(leaf))).toBe('repeated');
    expect(node.heard).toEqual([]);
  });

  it.each<[string, (node: Rehearsal) => number]>([
    [
      '[R136] a member',
      (node) => {
        const leaf = node.leaf();
        node.joinLeaf(leaf, 'conf-7');
        node.hears(node.fdConnect(leaf, 'J1'));
        return leaf;
      },
    ],
    ['[R137] a link', (node) => linked(node, node.root())],
    [
      '[R136] an accepted member',
      (node) => {
        const listener = node.listener(1);
        node.hears(node.fdAccept(endpoint, 'J1'));
        const { call, descriptor } = node.accept(listener);
        node.answers(call, {
          type: 'accepted',
          join: 'J1',
          leaf: node.name(descriptor),
          link: null,
        });
        return descriptor;
      },
    ],
  ])('%s leaves its session', (_, make) => {
    const node = new Rehearsal();
    const socket = make(node);
    node.close(socket);
    expect(node.sent.at(-1)).toMatchObject({
      session: 'conf-7',
      command: { verb: 'close', socket: String(socket) },
    });
  });

  it('closes a link of the arbiter under the name that the arbiter gave it', () => {
    const node = new Rehearsal();
    const root = node.listeningRoot();
    node.hears({
      ...node.withdrawn(node.name(root), 'J7'),
      kind: 'LINKED',
      to: node.name(root),
      link: node.name('J7'),
      leafAddress: 'bob:1' as NodeAddress,
      flags: 'both',
      callerData: null,
      peer: 'bob/run7/3' as SocketId,
    });
    const link = node.heard.flatMap(({ what }) => (what.kind === 'LINKED' ? [what.link] : []))[0];
    node.close(link ?? 0);
    expect(node.commands).toEqual([{ verb: 'close', socket: 'J7' }]);
  });

  it('[R145] closing the pending link cancels the join and frees the root at once', () => {
    const node = new Rehearsal();
    const root = node.root();
    const { call, descriptor } = node.joinLeaf(root, 'bob:1');
    node.started(call, 'J1');
    node.close(descriptor);
    expect(node.commands).toEqual([{ verb: 'close', socket: String(descriptor) }]);
    expect(node.ends).toMatchObject([
      { call, end: { ok: false, error: { code: 'WSAEINTR', rule: 'R145', join: 'J1' } } },
    ]);
    expect(node.joining(root, 'bob:1').result.ok).toBe(true);
  });

  it('[R145] the arbiter hears join, close and the next join in this order', () => {
    const node = new Rehearsal();
    const root = node.root();
    const first = node.joinLeaf(root, 'bob:1');
    node.close(first.descriptor);
    node.joinLeaf(root, 'eve:1');
    expect(node.sent.slice(-3)).toMatchObject([
      { call: 2, command: { verb: 'join', leaf: 'bob:1' } },
      { call: 3, after: 2, command: { verb: 'close' } },
      { call: 4, after: 3, command: { verb: 'join', leaf: 'eve:1' } },
    ]);
  });

  it('[R147] after a cancel no FD_CONNECT of that join appears', () => {
    const node = new Rehearsal();
    const root = node.root();
    node.register(root, 5, 'FD_CONNECT');
    const { call, descriptor } = node.joinLeaf(root, 'bob:1');
    node.started(call, 'J1');
    node.close(descriptor);
    node.joinLeaf(root, 'eve:1');
    const late = node.fdConnect(root, 'J1', { link: node.name(descriptor) });
    expect(node.hears(late)).toBe('repeated');
    expect(node.enumerate(root)).toEqual([]);
    expect(node.ends).toHaveLength(1);
  });

  it('[R146] closing a c_leaf whose join is pending withdraws it, after the join was asked', () => {
    const node = new Rehearsal();
    const leaf = node.leaf();
    const { call } = node.joinLeaf(leaf, 'conf-7');
    node.close(leaf);
    expect(node.sent.at(-1)).toMatchObject({
      after: call,
      command: { verb: 'close', socket: '1' },
    });
    expect(node.ends).toMatchObject([{ end: { ok: false, error: { rule: 'R146' } } }]);
    expect(node.joining(leaf, 'conf-7').result).toEqual(refusedWith('WSAENOTSOCK', 'E13'));
    node.started(call, 'J1');
    expect(node.hears(node.fdConnect(leaf, 'J1'))).toBe('repeated');
    expect(node.ends).toHaveLength(1);
  });

  it('[R140] closing a c_root cancels its pending JoinLeaf; the link can only be closed', () => {
    const node = new Rehearsal();
    const root = node.root();
    const { descriptor } = node.joinLeaf(root, 'bob:1');
    node.close(root);
    expect(node.ends).toMatchObject([
      { end: { ok: false, error: { code: 'WSAEINTR', rule: 'R140' } } },
    ]);
    expect(node.socket(descriptor)).toMatchObject({ phase: 'failed' });
    expect(closeSocket(node.state, descriptor)).toMatchObject({
      result: { ok: true },
      effects: [],
    });
  });

  it('[R139] closing a listener refuses who waits there', () => {
    const node = new Rehearsal();
    const listener = node.listener(1);
    for (const join of ['J1', 'J2'] as const) node.hears(node.fdAccept(endpoint, join));
    node.accept(listener);
    node.close(listener);
    expect(node.commands).toEqual([
      { verb: 'reject', join: 'J2', socket: null, reason: 'nobody-listens' },
    ]);
  });

  it('[R137] an accept that was not answered is closed after it', () => {
    const node = new Rehearsal();
    const root = node.listeningRoot();
    node.hears(node.fdAccept(node.name(root), 'J1'));
    const { call, descriptor } = node.accept(root);
    node.close(descriptor);
    expect(node.sent.at(-1)).toMatchObject({
      after: call,
      command: { verb: 'close', socket: String(descriptor) },
    });
  });

  it('asks nothing for a c_root that has no address yet', () => {
    const node = new Rehearsal();
    node.close(node.create(protocols['mp-rooted'], 'c_root', 'd_root'));
    expect(node.sent).toEqual([]);
  });
});

describe('shutdown', () => {
  it.each<[string, (node: Rehearsal) => number]>([
    ['an unbound c_root', (node) => node.create(protocols['mp-rooted'], 'c_root', 'd_root')],
    ['an idle c_leaf', (node) => node.leaf()],
    ['a socket without multipoint flags', (node) => node.create(protocols['mp-rooted'])],
  ])('[R143] of %s is WSAENOTCONN', (_, make) => {
    const node = new Rehearsal();
    const socket = make(node);
    expect(shutdownSocket(node.state, { socket, how: 'both' }).result).toEqual(
      refusedWith('WSAENOTCONN', 'R143'),
    );
  });

  it('[R144] SD_RECEIVE is local', () => {
    const node = new Rehearsal();
    const root = node.root();
    const step = shutdownSocket(node.state, { socket: root, how: 'receive' });
    expect(step).toMatchObject({ result: { ok: true, value: { call: null } }, effects: [] });
  });

  it.each(['send', 'both'] as const)(
    '[R132] shutdown(%s) ends the session and keeps the descriptor',
    (how) => {
      const node = new Rehearsal();
      const root = node.listeningRoot();
      const { call: joining, descriptor } = node.joinLeaf(root, 'bob:1');
      node.started(joining, 'J1');
      node.hears(node.fdAccept(node.name(root), 'J2'));
      const { call } = node.run(shutdownSocket(node.state, { socket: root, how }));
      expect(node.commands).toEqual([{ verb: 'shutdown', socket: String(root), how }]);
      node.answers(call, { type: 'done', changed: true });
      expect(node.ends).toMatchObject([{ end: { ok: false, error: { code: 'WSAESHUTDOWN' } } }]);
      expect(node.heard.at(-1)).toMatchObject({ what: { kind: 'WITHDRAWN', join: 'J2' } });
      expect(node.socket(descriptor)).toMatchObject({ phase: 'failed' });
      expect(node.joining(root, 'bob:1').result).toEqual(refusedWith('WSAESHUTDOWN', 'R143'));
      expect(listenAt(node.state, { socket: root, backlog: 1 }).result).toEqual(
        refusedWith('WSAESHUTDOWN', 'R143'),
      );
      node.close(root);
      expect(node.commands).toEqual([{ verb: 'close', socket: String(root) }]);
    },
  );
});
