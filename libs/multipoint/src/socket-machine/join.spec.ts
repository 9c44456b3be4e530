import { describe, expect, it } from '@jest/globals';
import type { SessionAddress } from '../address.js';
import { acceptWaiting } from './accept.js';
import { bindSocket } from './bind.js';
import { closeSocket, shutdownSocket } from './close.js';
import { listenAt } from './listen.js';
import { protocols } from './protocol.js';
import { Rehearsal } from './rehearsal.js';
import { enumNetworkEvents, eventSelect } from './select.js';

const refusedWith = (code: string, rule: string) => ({
  ok: false,
  error: expect.objectContaining({ code, rule }),
});

const group = (node: Rehearsal) => node.create(protocols['mp-group'], 'c_leaf', 'd_leaf');
const joined = (node: Rehearsal) => {
  const leaf = node.leaf();
  const { call } = node.joinLeaf(leaf, 'conf-7');
  node.started(call, 'J1');
  node.hears(node.fdConnect(leaf, 'J1'));
  return leaf;
};
const invited = (node: Rehearsal, root: number, join: `J${number}` = 'J1') => {
  const { call, descriptor } = node.joinLeaf(root, 'bob:1');
  node.started(call, join);
  return { call, link: descriptor };
};

describe('JoinLeaf on a c_root', () => {
  it('[R27] [R33] returns a new c_leaf at once and asks for the one leaf named', () => {
    const node = new Rehearsal();
    const root = node.root();
    const { descriptor } = node.joinLeaf(root, 'bob:1', { flags: 'sender-only', deadlineMs: 50 });
    expect(descriptor).not.toBe(root);
    expect(node.socket(descriptor)).toMatchObject({
      kind: 'link',
      roles: { control: 'c_leaf' },
      phase: 'pending',
    });
    expect(node.commands).toEqual([
      {
        verb: 'join',
        as: 'root',
        socket: String(root),
        leaf: 'bob:1',
        link: String(descriptor),
        flags: 'sender-only',
        callerData: null,
        deadlineMs: 50,
      },
    ]);
  });

  it('[R33] every link is another descriptor', () => {
    const node = new Rehearsal();
    const root = node.root();
    const links = (['J1', 'J2', 'J3'] as const).map((join) => {
      const { link } = invited(node, root, join);
      node.hears(node.fdConnect(root, join, { link: node.name(link) }));
      return link;
    });
    expect(new Set([root, ...links]).size).toBe(4);
  });

  it('[R49] [R50] [R51] the arbiter refuses one while another is outstanding, which it leaves alone', () => {
    const node = new Rehearsal();
    const root = node.root();
    const first = node.joinLeaf(root, 'bob:1');
    node.started(first.call, 'J1');
    const { sockets } = node.state;
    for (const name of ['bob:1', 'eve:1']) {
      const { call, descriptor } = node.joinLeaf(root, name);
      node.refuses(call, { code: 'WSAEALREADY', rule: 'R50' });
      expect(node.state.sockets.has(String(descriptor))).toBe(false);
      expect([...node.state.sockets]).toEqual([...sockets]);
    }
    node.hears(node.fdConnect(root, 'J1', { link: node.name(first.descriptor) }));
    expect(node.heard.filter(({ what }) => what.kind === 'FD_CONNECT')).toHaveLength(1);
    expect(node.ends).toHaveLength(3);
  });

  it('[R54] the arbiter starts one whose forerunner has ended there and is not heard of yet', () => {
    const node = new Rehearsal();
    const root = node.root();
    const first = node.joinLeaf(root, 'bob:1');
    node.started(first.call, 'J1');
    const second = node.joinLeaf(root, 'eve:1');
    node.started(second.call, 'J2');
    node.hears(node.fdConnect(root, 'J1', { link: node.name(first.descriptor) }));
    node.hears(node.fdConnect(root, 'J2', { link: node.name(second.descriptor) }));
    const joined = node.heard.flatMap(({ what }) =>
      what.kind === 'FD_CONNECT' ? [what.join] : [],
    );
    expect(joined).toEqual(['J1', 'J2']);
    expect(node.ends).toHaveLength(2);
  });

  it('[R52] other sockets of the node have their own outstanding join', () => {
    const node = new Rehearsal();
    const [one, other] = [node.root('conf-7'), node.root('conf-8')];
    node.joinLeaf(one, 'bob:1');
    expect(node.joining(other, 'bob:1').result.ok).toBe(true);
    expect(node.joining(node.leaf(), 'conf-9').result.ok).toBe(true);
  });

  it('[R53] requests in the backlog are not the outstanding join', () => {
    const node = new Rehearsal();
    const root = node.listeningRoot();
    node.joinLeaf(root, 'eve:1');
    node.hears(node.fdAccept(node.name(root), 'J2'));
    expect(node.accept(root).waiting.join).toBe('J2');
  });

  it.each(['before', 'after'])(
    '[R54] [R58] may be called again once the outcome is there, %s it is read',
    (when) => {
      const node = new Rehearsal();
      const root = node.root();
      node.register(root, 5, 'FD_CONNECT');
      const { link } = invited(node, root);
      node.hears(node.fdConnect(root, 'J1', { link: node.name(link) }));
      if (when === 'after') node.enumerate(root);
      expect(node.joining(root, 'eve:1').result.ok).toBe(true);
    },
  );

  it.each(['WSAECONNREFUSED', 'WSAETIMEDOUT', 'WSAENETUNREACH'] as const)(
    '[R60] [R61] [R69] %s frees the root for another, keeps its members and leaves a dead descriptor',
    (code) => {
      const node = new Rehearsal();
      const root = node.root();
      const member = invited(node, root, 'J1').link;
      node.hears(node.fdConnect(root, 'J1', { link: node.name(member) }));
      const { link } = invited(node, root, 'J2');
      node.hears(node.fdConnect(root, 'J2', { code, link: node.name(link) }));
      expect(node.ends.at(-1)?.end).toMatchObject({ ok: false, error: { code, join: 'J2' } });
      expect(node.joining(root, 'bob:1').result.ok).toBe(true);
      expect(node.socket(member)).toMatchObject({ phase: 'joined' });
      expect(enumNetworkEvents(node.state, { socket: link, reset: null }).result).toEqual(
        refusedWith('WSAENOTCONN', 'R69'),
      );
      expect(closeSocket(node.state, link)).toMatchObject({ result: { ok: true }, effects: [] });
    },
  );

  it.each<[string, (node: Rehearsal, socket: number) => { readonly result: unknown }]>([
    ['bind', (node, socket) => bindSocket(node.state, { socket, address: 'ada:1' })],
    ['listen', (node, socket) => listenAt(node.state, { socket, backlog: 1 })],
    ['JoinLeaf', (node, socket) => node.joining(socket, 'conf-7')],
    ['accept', (node, socket) => acceptWaiting(node.state, { socket, calleeData: null })],
    ['EventSelect', (node, socket) => eventSelect(node.state, { socket, registration: null })],
    ['EnumNetworkEvents', (node, socket) => enumNetworkEvents(node.state, { socket, reset: null })],
    ['shutdown', (node, socket) => shutdownSocket(node.state, { socket, how: 'both' })],
  ])('[R65] %s on the returned descriptor is refused until FD_CONNECT', (_, operate) => {
    const node = new Rehearsal();
    const root = node.root();
    const { link } = invited(node, root);
    expect(operate(node, link).result).toMatchObject({ ok: false, error: { code: 'WSAENOTCONN' } });
    node.hears(node.fdConnect(root, 'J1', { link: node.name(link) }));
    expect(node.socket(link)).toMatchObject({ phase: 'joined' });
  });

  it('[R66] [R67] announces success and failure on the c_root, not on the link', () => {
    const node = new Rehearsal();
    const root = node.root();
    node.register(root, 5, 'FD_CONNECT', 'FD_CLOSE');
    const first = invited(node, root, 'J1').link;
    node.hears(node.fdConnect(root, 'J1', { link: node.name(first) }));
    expect(node.enumerate(root)).toEqual([{ event: 'FD_CONNECT', code: null }]);
    expect(node.enumerate(first)).toEqual([]);
    const second = invited(node, root, 'J2').link;
    node.hears(node.fdConnect(root, 'J2', { code: 'WSAETIMEDOUT', link: node.name(second) }));
    expect(node.enumerate(root)).toEqual([{ event: 'FD_CONNECT', code: 'WSAETIMEDOUT' }]);
    expect(node.heard.map(({ socket }) => socket)).toEqual([root, root]);
  });

  it('[R70] a refusal by the arbiter allocates nothing', () => {
    const node = new Rehearsal();
    const root = node.root();
    const { call, descriptor } = node.joinLeaf(root, 'bob:1');
    node.refuses(call, { code: 'WSAENETUNREACH', rule: 'E11', facts: { node: 'bob' } });
    expect(node.socket(descriptor)).toBeUndefined();
    expect(node.ends).toEqual([
      expect.objectContaining({
        call,
        end: {
          ok: false,
          error: { code: 'WSAENETUNREACH', rule: 'E11', facts: { node: 'bob' }, join: null },
        },
      }),
    ]);
    expect(node.joining(root, 'bob:1').result.ok).toBe(true);
  });

  it('[R14] an unbound c_root gets an address of its own, asked for before the join', () => {
    const node = new Rehearsal();
    const root = node.create(protocols['mp-rooted'], 'c_root', 'd_root');
    node.joinLeaf(root, 'bob:1');
    expect(node.sent).toMatchObject([
      { call: 1, after: null, session: 's-run1-1', command: { verb: 'open' } },
      { call: 2, after: 1, session: 's-run1-1', command: { verb: 'join' } },
    ]);
    const again = bindSocket(node.state, { socket: root, address: 'conf-7' });
    expect(again.result).toEqual(refusedWith('WSAEINVAL', 'R11'));
  });

  it('[R76] a link is no c_root: it cannot call JoinLeaf, listen or accept', () => {
    const node = new Rehearsal();
    const root = node.listeningRoot();
    const { link } = invited(node, root);
    node.hears(node.fdConnect(root, 'J1', { link: node.name(link) }));
    expect(node.joining(link, 'bob:2').result).toEqual(refusedWith('WSAEISCONN', 'R57'));
    expect(listenAt(node.state, { socket: link, backlog: 1 }).result).toEqual(
      refusedWith('WSAEISCONN', 'R18'),
    );
    expect(acceptWaiting(node.state, { socket: link, calleeData: null }).result).toEqual(
      refusedWith('WSAEINVAL', 'R88'),
    );
  });
});

describe('JoinLeaf on a c_leaf', () => {
  it('[R39] returns the socket itself, and binds it if nobody has [R14]', () => {
    const node = new Rehearsal();
    const leaf = node.leaf();
    expect(node.joinLeaf(leaf, 'conf-7').descriptor).toBe(leaf);
    expect(node.commands).toMatchObject([{ as: 'leaf', socket: '1', local: 'ada:49152' }]);
    const bound = bindSocket(node.state, { socket: leaf, address: 'ada:3' });
    expect(bound.result).toEqual(refusedWith('WSAEINVAL', 'R11'));
  });

  it.each(['by the call', 'by FD_CONNECT'])(
    '[R15] [R60] keeps its name and may ask again when it fails %s',
    (how) => {
      const node = new Rehearsal();
      const leaf = node.leaf();
      const { call } = node.joinLeaf(leaf, 'conf-7');
      if (how === 'by the call') {
        node.refuses(call, { code: 'WSAECONNREFUSED', rule: 'R35' });
      } else {
        node.started(call, 'J1');
        node.hears(node.fdConnect(leaf, 'J1', { code: 'WSAECONNREFUSED' }));
      }
      expect(node.socket(leaf)).toMatchObject({ local: 'ada:49152', phase: { name: 'idle' } });
      node.joinLeaf(leaf, 'conf-7');
      expect(node.commands).toMatchObject([{ local: 'ada:49152' }]);
    },
  );

  it('[R50] is refused while one is outstanding, whatever it names', () => {
    const node = new Rehearsal();
    const leaf = node.leaf();
    node.joinLeaf(leaf, 'conf-7');
    for (const name of ['conf-7', 'conf-8']) {
      expect(node.joining(leaf, name).result).toEqual(refusedWith('WSAEALREADY', 'R50'));
    }
  });

  it('[R57] is refused once it is a member', () => {
    const node = new Rehearsal();
    expect(node.joining(joined(node), 'conf-8').result).toEqual(refusedWith('WSAEISCONN', 'R57'));
  });

  it('[R62] is refused once its connection is over', () => {
    const node = new Rehearsal();
    const leaf = joined(node);
    node.hears(node.fdClose(leaf, 'WSAECONNABORTED'));
    expect(node.joining(leaf, 'conf-7').result).toEqual(refusedWith('WSAEISCONN', 'R62'));
  });

  it('[R43] the reply alone can say that it joined; FD_CONNECT still comes once', () => {
    const node = new Rehearsal();
    const leaf = group(node);
    const { call } = node.joinLeaf(leaf, '@news');
    node.answers(call, { type: 'joined', join: 'J4', link: null });
    expect(node.ends).toMatchObject([{ call, end: { ok: true, value: { join: 'J4' } } }]);
    const told = node.fdConnect(leaf, 'J4', { session: '@news' as SessionAddress });
    expect([node.hears(told), node.hears(told)]).toEqual(['heard', 'repeated']);
    expect(node.heard).toHaveLength(1);
    expect(node.ends).toHaveLength(1);
  });

  it.each([
    ['[E9] no address', 'a b', 'WSAEFAULT', 'E9'],
    ['[E1] an endpoint', 'bob:1', 'WSAEAFNOSUPPORT', 'E1'],
    ['[E1] a group, on a socket for rooted sessions', '@news', 'WSAEAFNOSUPPORT', 'E1'],
  ])('%s is refused', (_, name, code, rule) => {
    const node = new Rehearsal();
    expect(node.joining(node.leaf(), name).result).toEqual(refusedWith(code, rule));
  });
});

describe('JoinLeaf is refused before anything is asked', () => {
  it.each<[string, (node: Rehearsal) => number, string, string, string]>([
    ['[E13] [R73] on a closed descriptor', () => 99, 'conf-7', 'WSAENOTSOCK', 'E13'],
    [
      '[R1] without multipoint flags',
      (node) => node.create(protocols['mp-rooted']),
      'conf-7',
      'WSAEINVAL',
      'R1',
    ],
    ['[A22] on a listening c_leaf', (node) => node.listener(), 'conf-7', 'WSAEINVAL', 'A22'],
    ['[E7] with port 0', (node) => node.root(), 'bob:0', 'WSAEADDRNOTAVAIL', 'E7'],
    ['[E1] for a session, on a c_root', (node) => node.root(), 'conf-8', 'WSAEAFNOSUPPORT', 'E1'],
    ['[E1] for a rooted session, on a group socket', group, 'conf-7', 'WSAEAFNOSUPPORT', 'E1'],
  ])('%s', (_, make, name, code, rule) => {
    const node = new Rehearsal();
    const socket = make(node);
    const before = node.state;
    const step = node.joining(socket, name);
    expect(step).toEqual({ state: before, result: refusedWith(code, rule), effects: [] });
  });

  it('[R97] with more caller data than the provider takes', () => {
    const node = new Rehearsal({ connectDataMax: 4 });
    const leaf = node.leaf();
    const callerData = 'AAAAAAA='; // five bytes
    expect(node.joining(leaf, 'conf-7', { callerData }).result).toEqual(
      refusedWith('WSAEFAULT', 'R97'),
    );
    expect(node.joining(leaf, 'conf-7', { callerData: 'AAAAAA==' }).result.ok).toBe(true);
  });

  it('[R10] when no descriptor is left for the link', () => {
    const node = new Rehearsal({ descriptorMax: 1 });
    expect(node.joining(node.root(), 'bob:1').result).toEqual(refusedWith('WSAEMFILE', 'R10'));
  });
});
