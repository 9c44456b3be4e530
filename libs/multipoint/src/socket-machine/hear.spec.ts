import { describe, expect, it } from '@jest/globals';
import type { NodeAddress, SessionAddress } from '../address.js';
import type { JoinId } from '../event.js';
import { socketId, type SocketId } from '../socket-id.js';
import { acceptWaiting } from './accept.js';
import { bindSocket } from './bind.js';
import { closeSocket } from './close.js';
import { createSocket } from './create.js';
import { listenAt } from './listen.js';
import { loseNode } from './lose.js';
import { protocols } from './protocol.js';
import { Rehearsal } from './rehearsal.js';

const endpoint = 'ada:1' as NodeAddress;

const linkedTold = (node: Rehearsal, root: number, join: JoinId, session = 'conf-7') =>
  ({
    kind: 'LINKED',
    session: session as SessionAddress,
    to: node.name(root),
    join,
    link: node.name(join),
    leafAddress: 'bob:1' as NodeAddress,
    flags: 'both',
    callerData: null,
    peer: 'bob/run7/3' as SocketId,
  }) as const;
const linksHeard = (node: Rehearsal) =>
  node.heard.flatMap(({ what }) => (what.kind === 'LINKED' ? [what.link] : []));

describe('a notification that comes before the reply', () => {
  it('[A26] FD_CONNECT at a c_root finds its join by the link', () => {
    const node = new Rehearsal();
    const root = node.root();
    const { call, descriptor } = node.joinLeaf(root, 'bob:1');
    const calleeData = 'AAECAw==';
    node.hears(node.fdConnect(root, 'J4', { link: node.name(descriptor), calleeData }));
    expect(node.ends).toEqual([
      expect.objectContaining({
        call,
        end: { ok: true, value: { join: 'J4', link: descriptor, calleeData } },
      }),
    ]);
    node.started(call, 'J4');
    expect(node.effects).toEqual([]);
    expect(node.socket(descriptor)).toMatchObject({ phase: 'joined' });
  });

  it('[A26] FD_CONNECT at a c_leaf finds its join by the socket', () => {
    const node = new Rehearsal();
    const leaf = node.leaf();
    const { call } = node.joinLeaf(leaf, 'conf-7');
    node.hears(node.fdConnect(leaf, 'J4'));
    expect(node.ends).toHaveLength(1);
    node.started(call, 'J4');
    expect(node.socket(leaf)).toMatchObject({ phase: { name: 'joined', join: 'J4' } });
  });

  it('[A26] FD_CONNECT and FD_CLOSE both: the reply changes nothing any more', () => {
    const node = new Rehearsal();
    const leaf = node.leaf();
    const { call } = node.joinLeaf(leaf, 'conf-7');
    node.hears(node.fdConnect(leaf, 'J4'));
    node.hears(node.fdClose(leaf, 'WSAECONNRESET'));
    node.answers(call, { type: 'joined', join: 'J4', link: null });
    expect(node.socket(leaf)).toMatchObject({ phase: { name: 'over' } });
    expect(node.ends).toHaveLength(1);
  });

  it('[A26] FD_ACCEPT at a c_root waits though its listen is not answered', () => {
    const node = new Rehearsal();
    const root = node.root();
    node.run(listenAt(node.state, { socket: root, backlog: 1 }));
    expect(node.hears(node.fdAccept(node.name(root), 'J1'))).toBe('heard');
    expect(node.accept(root).waiting.join).toBe('J1');
  });

  it('an old outcome told again is not taken for that of a join without a number yet', () => {
    const node = new Rehearsal();
    const leaf = node.leaf();
    node.joinLeaf(leaf, 'conf-7');
    const old = node.fdConnect(leaf, 'J3', { code: 'WSAETIMEDOUT' });
    node.hears(old);
    node.joinLeaf(leaf, 'conf-7');
    expect(node.hears(old)).toBe('repeated');
    expect(node.hears(node.fdConnect(leaf, 'J5'))).toBe('heard');
    expect(node.ends).toHaveLength(2);
  });
});

describe('a notification for somebody else', () => {
  it.each([
    ['an earlier run of this node', socketId({ node: 'ada', incarnation: 'run0', serial: '1' })],
    ['another node', socketId({ node: 'bob', incarnation: 'run1', serial: '1' })],
    ["another node's endpoint", 'bob:1' as NodeAddress],
  ])('for %s changes nothing', (_, to) => {
    const node = new Rehearsal();
    node.listener(1);
    const before = node.state;
    expect(node.hears(node.fdAccept(to, 'J1'))).toBe('other-incarnation');
    expect(node.hears(node.withdrawn(to, 'J1'))).toBe('other-incarnation');
    expect(node.state).toBe(before);
  });

  it('for a socket that is closed, or in another session, changes nothing', () => {
    const node = new Rehearsal();
    const leaf = node.leaf();
    node.joinLeaf(leaf, 'conf-7');
    const elsewhere = { session: 'conf-8' as SessionAddress };
    expect(node.hears(node.fdConnect(leaf, 'J1', elsewhere))).toBe('repeated');
    node.hears(node.fdConnect(leaf, 'J1'));
    expect(node.hears({ ...node.fdClose(leaf), ...elsewhere })).toBe('repeated');
    node.close(leaf);
    expect(node.hears(node.fdClose(leaf))).toBe('repeated');
  });

  it('[A2] FD_CONNECT is not for links, FD_CLOSE not for c_roots and listeners', () => {
    const node = new Rehearsal();
    const root = node.root();
    const { descriptor } = node.joinLeaf(root, 'bob:1');
    expect(node.hears(node.fdConnect(descriptor, 'J1'))).toBe('repeated');
    expect(node.hears(node.fdClose(root))).toBe('repeated');
    expect(node.hears(node.fdClose(node.listener(1)))).toBe('repeated');
    expect(node.heard).toEqual([]);
  });
});

describe('what a node hears is in order', () => {
  it("[R65] an FD_CLOSE for a link whose join has no outcome is nobody's", () => {
    const node = new Rehearsal();
    const { descriptor } = node.joinLeaf(node.root(), 'bob:1');
    expect(node.hears(node.fdClose(descriptor))).toBe('repeated');
    expect(node.socket(descriptor)).toMatchObject({ phase: 'pending' });
  });
});

describe('LINKED', () => {
  it('adopts a descriptor for the link that the arbiter made, once', () => {
    const node = new Rehearsal();
    const root = node.listeningRoot();
    const told = linkedTold(node, root, 'J7');
    expect([node.hears(told), node.hears(told)]).toEqual(['heard', 'repeated']);
    const [link] = linksHeard(node);
    expect(node.socket(link ?? 0)).toMatchObject({ kind: 'link', serial: 'J7', phase: 'joined' });
  });

  it('tells links of two sessions apart though the arbiter named them alike', () => {
    const node = new Rehearsal();
    const [one, other] = [node.listeningRoot('conf-7'), node.listeningRoot('conf-8')];
    node.hears(linkedTold(node, one, 'J1', 'conf-7'));
    node.hears(linkedTold(node, other, 'J1', 'conf-8'));
    const [first, second] = linksHeard(node);
    node.hears({ ...node.fdClose('J1'), session: 'conf-8' as SessionAddress });
    expect(node.socket(first ?? 0)).toMatchObject({ phase: 'joined' });
    expect(node.socket(second ?? 0)).toMatchObject({ phase: 'over' });
  });

  it('[R74] inherits the registration of its c_root', () => {
    const node = new Rehearsal();
    const root = node.listeningRoot();
    node.register(root, 5, 'FD_CLOSE');
    node.hears(linkedTold(node, root, 'J7'));
    node.hears(node.fdClose('J7'));
    expect(node.signals).toEqual([5]);
  });

  it('[A26] [H20] may come before the call that takes the session over has returned', () => {
    const node = new Rehearsal();
    const root = node.create(protocols['mp-conference'], 'c_root', 'd_leaf');
    const { call } = node.run(bindSocket(node.state, { socket: root, address: 'conf-7' }));
    const plane = { incarnation: 2, data: 'nonrooted', root: node.name(root) } as const;
    node.hears({ ...linkedTold(node, root, 'J7'), plane });
    const [link] = linksHeard(node);
    expect(node.socket(link ?? 0)).toMatchObject({ phase: 'joined', traffic: { plane } });
    node.answers(call, { type: 'opened', incarnation: 2 });
    expect(node.socket(root)).toMatchObject({ phase: { name: 'open' }, traffic: { plane } });
  });

  it('[R10] closes the link again when the table is full', () => {
    const node = new Rehearsal({ descriptorMax: 1 });
    node.hears(linkedTold(node, node.listeningRoot(), 'J7'));
    expect(node.commands).toEqual([{ verb: 'close', socket: 'J7' }]);
    expect(node.heard).toEqual([]);
  });
});

describe('[H10] a run of the node that is over', () => {
  it('ends every pending join and tells every socket of a session, once', () => {
    const node = new Rehearsal();
    const root = node.root();
    const member = node.joinLeaf(root, 'bob:1').descriptor;
    node.hears(node.fdConnect(root, 'J1', { link: node.name(member) }));
    node.joinLeaf(root, 'eve:1');
    const leaf = node.leaf();
    node.joinLeaf(leaf, 'conf-9');
    const listener = node.listener(1);
    node.leaf();
    const { state, effects } = loseNode(node.state, 'WSAENETRESET');
    const ended = effects.flatMap((effect) => (effect.type === 'ended' ? [effect.end] : []));
    expect(ended).toMatchObject([
      { ok: false, error: { code: 'WSAENETRESET', rule: 'H10' } },
      { ok: false, error: { code: 'WSAENETRESET', rule: 'H10' } },
    ]);
    const told = effects.flatMap((effect) => (effect.type === 'heard' ? [effect] : []));
    expect(told.map(({ socket }) => socket).sort()).toEqual([root, member, leaf, listener].sort());
    expect(told.every(({ what }) => what.kind === 'FD_CLOSE')).toBe(true);
    expect(loseNode(state, 'WSAENETRESET')).toEqual({ state, effects: [] });
  });

  it('ends the pending join of a c_root whose address was refused', () => {
    const node = new Rehearsal();
    const root = node.create(protocols['mp-rooted'], 'c_root', 'd_root');
    node.joinLeaf(root, 'bob:1');
    node.refuses(1, { code: 'WSAEADDRINUSE', rule: 'R12' });
    const { effects } = loseNode(node.state, 'WSAENETRESET');
    expect(effects).toMatchObject([
      { type: 'ended', call: 2 },
      { type: 'heard', socket: root },
    ]);
  });

  it('leaves nothing but closing and reading', () => {
    const node = new Rehearsal();
    const leaf = node.leaf();
    node.hears(node.fdAccept(endpoint, 'J1'));
    const { state } = loseNode(node.state, 'WSAENETRESET');
    const refusal = { ok: false, error: { code: 'WSAENETRESET', rule: 'H10' } };
    const flags = ['c_leaf', 'd_leaf'] as const;
    expect(createSocket(state, protocols['mp-rooted'], flags).result).toEqual(refusal);
    expect(bindSocket(state, { socket: leaf, address: 'ada:1' }).result).toEqual(refusal);
    expect(acceptWaiting(state, { socket: leaf, calleeData: null }).result).toEqual(refusal);
    expect(closeSocket(state, leaf)).toMatchObject({ result: { ok: true }, effects: [] });
  });
});
