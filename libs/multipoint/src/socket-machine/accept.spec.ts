import { describe, expect, it } from '@jest/globals';
import type { NodeAddress, SessionAddress } from '../address.js';
import type { JoinId } from '../event.js';
import { backlogMax } from '../opening.js';
import { acceptWaiting, deferWaiting, rejectWaiting } from './accept.js';
import { bindSocket } from './bind.js';
import { listenAt } from './listen.js';
import { protocols } from './protocol.js';
import { Rehearsal } from './rehearsal.js';
import { queueOf } from './socket.js';

const refusedWith = (code: string, rule: string) => ({
  ok: false,
  error: expect.objectContaining({ code, rule }),
});
const endpoint = 'ada:1' as NodeAddress;
const session = 'conf-7' as SessionAddress;

const waitingAt = (node: Rehearsal, descriptor: number): readonly JoinId[] => {
  const socket = node.socket(descriptor);
  return (socket && queueOf(socket)?.waiting.map(({ join }) => join)) ?? [];
};
const admits = (node: Rehearsal, accepted: ReturnType<Rehearsal['accept']>) => {
  const { call, waiting } = accepted;
  const leaf = node.name(9);
  node.answers(call, { type: 'accepted', join: waiting.join, leaf, link: null });
};

describe('listening', () => {
  it('[R17] needs a bound socket', () => {
    const node = new Rehearsal();
    for (const socket of [node.leaf(), node.create(protocols['mp-rooted'], 'c_root', 'd_root')]) {
      expect(listenAt(node.state, { socket, backlog: 1 }).result).toEqual(
        refusedWith('WSAEINVAL', 'R17'),
      );
    }
  });

  it('[R18] is not for a member', () => {
    const node = new Rehearsal();
    const socket = node.leaf();
    node.joinLeaf(socket, 'conf-7');
    const pending = listenAt(node.state, { socket, backlog: 1 });
    expect(pending.result).toEqual(refusedWith('WSAEINVAL', 'A22'));
    node.hears(node.fdConnect(socket, 'J1'));
    const member = listenAt(node.state, { socket, backlog: 1 });
    expect(member.result).toEqual(refusedWith('WSAEISCONN', 'R18'));
  });

  it('[R20] [A21] does not stop a c_root from inviting, nor inviting it from listening', () => {
    const node = new Rehearsal();
    const root = node.listeningRoot();
    expect(node.joining(root, 'bob:1').result.ok).toBe(true);
    node.joinLeaf(root, 'bob:1');
    expect(listenAt(node.state, { socket: root, backlog: 2 }).result.ok).toBe(true);
  });

  it('[R24] is unsupported where nobody is ever asked', () => {
    const node = new Rehearsal();
    const socket = node.create(protocols['mp-group'], 'c_leaf', 'd_leaf');
    node.run(bindSocket(node.state, { socket, address: 'ada:1' }));
    expect(listenAt(node.state, { socket, backlog: 1 }).result).toEqual(
      refusedWith('WSAEOPNOTSUPP', 'R24'),
    );
  });

  it.each([
    [-5, 1],
    [0, 1],
    [2.9, 2],
    [1e9, backlogMax],
  ])('[R22] a backlog of %d becomes %d', (asked, places) => {
    const node = new Rehearsal();
    const root = node.root();
    node.run(listenAt(node.state, { socket: root, backlog: asked }));
    expect(node.commands).toEqual([{ verb: 'listen', socket: String(root), backlog: places }]);
    expect(node.socket(node.listener(1, asked))).toMatchObject({
      phase: { queue: { backlog: places } },
    });
  });

  it('[R22] again with a smaller backlog refuses the youngest beyond it', () => {
    const node = new Rehearsal();
    const socket = node.listener(1, 3);
    for (const join of ['J1', 'J2', 'J3'] as const) node.hears(node.fdAccept(endpoint, join));
    node.run(listenAt(node.state, { socket, backlog: 1 }));
    expect(waitingAt(node, socket)).toEqual(['J1']);
    const reason = 'backlog-full';
    expect(node.commands).toEqual([
      { verb: 'reject', join: 'J2', socket: null, reason },
      { verb: 'reject', join: 'J3', socket: null, reason },
    ]);
    expect(node.heard.slice(-2)).toMatchObject([
      { what: { kind: 'WITHDRAWN', join: 'J2' } },
      { what: { kind: 'WITHDRAWN', join: 'J3' } },
    ]);
  });

  it('a refused listen of a c_root leaves it as it was', () => {
    const node = new Rehearsal();
    const root = node.root();
    const { call } = node.run(listenAt(node.state, { socket: root, backlog: 2 }));
    node.refuses(call, { code: 'WSAESHUTDOWN', rule: 'R143' });
    expect(acceptWaiting(node.state, { socket: root, calleeData: null }).result).toEqual(
      refusedWith('WSAEINVAL', 'R86'),
    );
  });
});

describe('an invitation', () => {
  it('[R29] waits at the listening c_leaf it names', () => {
    const node = new Rehearsal();
    const socket = node.listener(1);
    expect(node.hears(node.fdAccept(endpoint, 'J1'))).toBe('heard');
    expect(node.heard).toMatchObject([{ socket, what: { kind: 'FD_ACCEPT', join: 'J1' } }]);
    expect(node.commands).toEqual([]);
  });

  it.each<[string, (node: Rehearsal) => void]>([
    ['at all', () => undefined],
    [
      'though it is bound',
      (node) => {
        const socket = node.leaf();
        node.run(bindSocket(node.state, { socket, address: 'ada:1' }));
      },
    ],
  ])('[R26] [R28] is refused where nobody listens %s', (_, prepare) => {
    const node = new Rehearsal();
    prepare(node);
    node.hears(node.fdAccept(endpoint, 'J1'));
    expect(node.sent.at(-1)).toMatchObject({
      session: 'conf-7',
      command: { verb: 'reject', join: 'J1', socket: null, reason: 'nobody-listens' },
    });
  });

  it('[R23] is refused when the backlog is full; who waits already is not disturbed', () => {
    const node = new Rehearsal();
    const socket = node.listener(1, 1);
    node.hears(node.fdAccept(endpoint, 'J1'));
    node.hears(node.fdAccept(endpoint, 'J2'));
    expect(node.commands).toEqual([
      { verb: 'reject', join: 'J2', socket: null, reason: 'backlog-full' },
    ]);
    expect(waitingAt(node, socket)).toEqual(['J1']);
  });

  it('is told apart from one of another session with the same join id', () => {
    const node = new Rehearsal();
    const socket = node.listener(1);
    node.hears(node.fdAccept(endpoint, 'J1', 'conf-7'));
    node.hears(node.fdAccept(endpoint, 'J1', 'conf-8'));
    const other = { session: 'conf-8' as SessionAddress, join: 'J1' } as const;
    node.accept(socket, other);
    expect(node.sent.at(-1)).toMatchObject({ session: 'conf-8', command: { join: 'J1' } });
  });

  it('that waited before this run of the node is kept for who listens at its port next', () => {
    const node = new Rehearsal();
    const early = [node.fdAccept(endpoint, 'J1'), node.fdAccept(endpoint, 'J2')];
    expect(early.map((told) => node.hearsWaiting(told))).toEqual(['heard', 'heard']);
    expect(node.hears(node.fdAccept(endpoint, 'J1'))).toBe('repeated');
    node.hears(node.withdrawn(endpoint, 'J2'));
    const socket = node.listener(1);
    expect(waitingAt(node, socket)).toEqual(['J1']);
    expect(node.heard).toMatchObject([{ socket, what: { kind: 'FD_ACCEPT', join: 'J1' } }]);
  });

  it('that waited before is refused beyond the backlog of who listens next', () => {
    const node = new Rehearsal();
    for (const join of ['J1', 'J2'] as const) node.hearsWaiting(node.fdAccept(endpoint, join));
    node.listener(1, 1);
    expect(node.commands).toMatchObject([{ verb: 'reject', join: 'J2', reason: 'backlog-full' }]);
  });
});

describe('accepting', () => {
  it('[R25] [R80] takes the oldest first', () => {
    const node = new Rehearsal();
    const root = node.listeningRoot();
    for (const join of ['J1', 'J2'] as const) node.hears(node.fdAccept(node.name(root), join));
    expect([node.accept(root), node.accept(root)].map(({ waiting }) => waiting.join)).toEqual([
      'J1',
      'J2',
    ]);
  });

  it('takes the one that is named, and leaves the others in their order', () => {
    const node = new Rehearsal();
    const root = node.listeningRoot();
    for (const join of ['J1', 'J2', 'J3'] as const) {
      node.hears(node.fdAccept(node.name(root), join));
    }
    const accepted = node.accept(root, { session, join: 'J2' });
    admits(node, accepted);
    expect(waitingAt(node, root)).toEqual(['J1', 'J3']);
  });

  it('[R37] [R81] returns a new c_leaf for that leaf, joined once the arbiter agreed', () => {
    const node = new Rehearsal();
    const root = node.listeningRoot();
    node.hears(node.fdAccept(node.name(root), 'J1'));
    const accepted = node.accept(root);
    expect(node.commands).toEqual([
      {
        verb: 'accept',
        join: 'J1',
        socket: String(root),
        accepted: String(accepted.descriptor),
        calleeData: null,
      },
    ]);
    expect(node.socket(accepted.descriptor)).toMatchObject({ kind: 'link', phase: 'pending' });
    admits(node, accepted);
    expect(node.socket(accepted.descriptor)).toMatchObject({
      phase: 'joined',
      roles: { control: 'c_leaf' },
    });
  });

  it('[R34] [R88] gives an invited leaf a member socket; the listener goes on, the member accepts nothing', () => {
    const node = new Rehearsal();
    const socket = node.listener(1);
    node.hears(node.fdAccept(endpoint, 'J1'));
    const accepted = node.accept(socket);
    admits(node, accepted);
    const member = accepted.descriptor;
    expect(node.socket(member)).toMatchObject({ kind: 'accepted', phase: 'joined' });
    expect(acceptWaiting(node.state, { socket: member, calleeData: null }).result).toEqual(
      refusedWith('WSAEINVAL', 'R88'),
    );
    node.hears(node.fdAccept(endpoint, 'J2'));
    expect(node.accept(socket).waiting.join).toBe('J2');
  });

  it('[R86] is WSAEINVAL without listen and WSAEWOULDBLOCK when nothing waits', () => {
    const node = new Rehearsal();
    const accepting = (socket: number) =>
      acceptWaiting(node.state, { socket, calleeData: null }).result;
    expect(accepting(node.root())).toEqual(refusedWith('WSAEINVAL', 'R86'));
    expect(accepting(node.listener())).toEqual(refusedWith('WSAEWOULDBLOCK', 'R86'));
  });

  it('[R10] leaves the request where it was when the table is full', () => {
    const node = new Rehearsal({ descriptorMax: 1 });
    const root = node.listeningRoot();
    node.hears(node.fdAccept(node.name(root), 'J1'));
    expect(acceptWaiting(node.state, { socket: root, calleeData: null }).result).toEqual(
      refusedWith('WSAEMFILE', 'R10'),
    );
    expect(waitingAt(node, root)).toEqual(['J1']);
  });

  it('[A13] is refused with more callee data than the provider takes', () => {
    const node = new Rehearsal({ connectDataMax: 1 });
    const root = node.listeningRoot();
    node.hears(node.fdAccept(node.name(root), 'J1'));
    expect(acceptWaiting(node.state, { socket: root, calleeData: 'AAA=' }).result).toEqual(
      refusedWith('WSAEFAULT', 'A13'),
    );
  });

  it('[R87] is WSAEACCES for a request that was withdrawn', () => {
    const node = new Rehearsal();
    const root = node.listeningRoot();
    node.hears(node.fdAccept(node.name(root), 'J1'));
    node.hears(node.withdrawn(node.name(root), 'J1'));
    expect(node.heard.at(-1)).toMatchObject({ what: { kind: 'WITHDRAWN', join: 'J1' } });
    const waiting = { session, join: 'J1' } as const;
    expect(acceptWaiting(node.state, { socket: root, waiting, calleeData: null }).result).toEqual(
      refusedWith('WSAEACCES', 'R87'),
    );
  });

  it('[R87] an accept that races with the withdrawal ends without a live socket', () => {
    const node = new Rehearsal();
    const root = node.listeningRoot();
    node.hears(node.fdAccept(node.name(root), 'J1'));
    const { call, descriptor } = node.accept(root);
    node.hears(node.withdrawn(node.name(root), 'J1'));
    node.refuses(call, { code: 'WSAEACCES', rule: 'R87' });
    expect(node.socket(descriptor)).toBeUndefined();
    expect(waitingAt(node, root)).toEqual([]);
  });

  it('[A27] an accept whose FD_CLOSE came before its reply returns a socket that is over', () => {
    const node = new Rehearsal();
    const socket = node.listener(1);
    node.hears(node.fdAccept(endpoint, 'J1'));
    const accepted = node.accept(socket);
    node.hears(node.fdClose(accepted.descriptor));
    admits(node, accepted);
    expect(node.socket(accepted.descriptor)).toMatchObject({ phase: 'over' });
  });

  it('[H5] can be tried again, in the old place, when the session was full', () => {
    const node = new Rehearsal();
    const root = node.listeningRoot();
    for (const join of ['J1', 'J2'] as const) node.hears(node.fdAccept(node.name(root), join));
    const { call, descriptor } = node.accept(root);
    node.refuses(call, { code: 'WSAENOBUFS', rule: 'H5' });
    expect(node.socket(descriptor)).toBeUndefined();
    expect(node.accept(root).waiting.join).toBe('J1');
  });

  it('[H12] can be tried again when nobody knows what became of it', () => {
    const node = new Rehearsal();
    const root = node.listeningRoot();
    node.hears(node.fdAccept(node.name(root), 'J1'));
    node.givesUp(node.accept(root).call);
    expect(node.accept(root).waiting.join).toBe('J1');
  });

  it('one request is not answered twice at once', () => {
    const node = new Rehearsal();
    const root = node.listeningRoot();
    node.hears(node.fdAccept(node.name(root), 'J1'));
    node.accept(root);
    const waiting = { session, join: 'J1' } as const;
    expect(rejectWaiting(node.state, { socket: root, waiting }).result).toEqual(
      refusedWith('WSAEACCES', 'R87'),
    );
  });
});

describe('rejecting and deferring', () => {
  it('[R82] removes the request and tells the arbiter', () => {
    const node = new Rehearsal();
    const root = node.listeningRoot();
    for (const join of ['J1', 'J2'] as const) node.hears(node.fdAccept(node.name(root), join));
    const { call } = node.run(rejectWaiting(node.state, { socket: root }));
    expect(node.commands).toEqual([
      { verb: 'reject', join: 'J1', socket: String(root), reason: 'rejected' },
    ]);
    node.answers(call, { type: 'done', changed: true });
    expect(waitingAt(node, root)).toEqual(['J2']);
  });

  it('[R83] leaves a deferred request in front; a later accept takes it', () => {
    const node = new Rehearsal();
    const root = node.listeningRoot();
    for (const join of ['J1', 'J2'] as const) node.hears(node.fdAccept(node.name(root), join));
    node.run(deferWaiting(node.state, { socket: root }));
    expect(node.commands).toEqual([{ verb: 'defer', join: 'J1', socket: String(root) }]);
    expect(node.accept(root).waiting.join).toBe('J1');
  });
});
