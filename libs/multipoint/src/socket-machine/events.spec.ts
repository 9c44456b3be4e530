import { describe, expect, it } from '@jest/globals';
import type { NodeAddress } from '../address.js';
import { deferWaiting, rejectWaiting, acceptWaiting } from './accept.js';
import { Rehearsal } from './rehearsal.js';
import { enumNetworkEvents, eventSelect } from './select.js';

const endpoint = 'ada:1' as NodeAddress;
const accepts = [{ event: 'FD_ACCEPT', code: null }];

const joinedLeaf = (node: Rehearsal) => {
  const leaf = node.leaf();
  node.joinLeaf(leaf, 'conf-7');
  node.hears(node.fdConnect(leaf, 'J1'));
  return leaf;
};
const link = (node: Rehearsal, root: number, join: `J${number}`) => {
  const { descriptor } = node.joinLeaf(root, 'bob:1');
  node.hears(node.fdConnect(root, join, { link: node.name(descriptor) }));
  return descriptor;
};

describe('recording', () => {
  it('[R117] without a registration nothing is recorded, and nothing nominated is reported', () => {
    const node = new Rehearsal();
    const listener = node.listener(1);
    node.hears(node.fdAccept(endpoint, 'J1'));
    expect(node.enumerate(listener)).toEqual([]);
    node.register(listener, 5, 'FD_CLOSE');
    node.hears(node.fdAccept(endpoint, 'J2'));
    expect(node.signals).toEqual([]);
    expect(node.enumerate(listener)).toEqual([]);
  });

  it('[R29] [R36] signals the event object and records FD_ACCEPT once', () => {
    const node = new Rehearsal();
    const listener = node.listener(1);
    node.register(listener, 5, 'FD_ACCEPT');
    node.hears(node.fdAccept(endpoint, 'J1'));
    expect(node.signals).toEqual([5]);
    expect(node.enumerate(listener)).toEqual(accepts);
    expect(node.enumerate(listener)).toEqual([]);
  });

  it('[R118] a new registration replaces the old one and clears its record', () => {
    const node = new Rehearsal();
    const leaf = node.leaf();
    node.register(leaf, 5, 'FD_CONNECT');
    node.joinLeaf(leaf, 'conf-7');
    node.hears(node.fdConnect(leaf, 'J1', { code: 'WSAETIMEDOUT' }));
    node.register(leaf, 5, 'FD_CLOSE');
    expect(node.enumerate(leaf)).toEqual([]);
  });

  it.each(['an empty mask', 'none'])('[R118] %s cancels', (how) => {
    const node = new Rehearsal();
    const leaf = joinedLeaf(node);
    node.register(leaf, 5, 'FD_CLOSE');
    const registration = how === 'none' ? null : { object: 5, mask: [] };
    node.run(eventSelect(node.state, { socket: leaf, registration }));
    node.hears(node.fdClose(leaf));
    expect(node.signals).toEqual([]);
    expect(node.enumerate(leaf)).toEqual([]);
  });

  it.each<[string, (node: Rehearsal) => number, 'FD_ACCEPT' | 'FD_CONNECT' | 'FD_CLOSE']>([
    [
      'a waiting request',
      (node) => {
        const listener = node.listener(1);
        node.hears(node.fdAccept(endpoint, 'J1'));
        return listener;
      },
      'FD_ACCEPT',
    ],
    ['an outcome', joinedLeaf, 'FD_CONNECT'],
    [
      'an end',
      (node) => {
        const leaf = joinedLeaf(node);
        node.hears(node.fdClose(leaf));
        return leaf;
      },
      'FD_CLOSE',
    ],
  ])('[R119] %s from before the registration is recorded with it', (_, make, event) => {
    const node = new Rehearsal();
    const socket = make(node);
    node.register(socket, 5, event);
    expect(node.signals).toEqual([5]);
    expect(node.enumerate(socket)).toEqual([{ event, code: null }]);
  });

  it('[R120] enumerating answers, clears and resets in one step', () => {
    const node = new Rehearsal();
    const leaf = joinedLeaf(node);
    node.register(leaf, 5, 'FD_CONNECT');
    const step = enumNetworkEvents(node.state, { socket: leaf, reset: 5 });
    expect(step.effects).toEqual([{ type: 'reset', object: 5 }]);
    expect(node.run(step)).toHaveLength(1);
    expect(node.enumerate(leaf)).toEqual([]);
  });

  it('[R120] a refused enumeration clears nothing', () => {
    const node = new Rehearsal();
    const step = enumNetworkEvents(node.state, { socket: 9, reset: 5 });
    expect(step).toMatchObject({ result: { ok: false }, effects: [], state: node.state });
  });

  it('[R121] only what happened has an error slot', () => {
    const node = new Rehearsal();
    const leaf = node.leaf();
    node.register(leaf, 5, 'FD_CONNECT', 'FD_CLOSE');
    node.joinLeaf(leaf, 'conf-7');
    node.hears(node.fdConnect(leaf, 'J1', { code: 'WSAECONNREFUSED' }));
    expect(node.enumerate(leaf)).toEqual([{ event: 'FD_CONNECT', code: 'WSAECONNREFUSED' }]);
  });
});

describe('FD_ACCEPT', () => {
  it('[R122] is not recorded again until accept is called', () => {
    const node = new Rehearsal();
    const listener = node.listener(1);
    node.register(listener, 5, 'FD_ACCEPT');
    node.hears(node.fdAccept(endpoint, 'J1'));
    node.enumerate(listener);
    node.hears(node.fdAccept(endpoint, 'J2'));
    expect(node.signals).toEqual([]);
    expect(node.enumerate(listener)).toEqual([]);
  });

  it('[R91] [R123] is recorded again by accept while another waits, and not after the last', () => {
    const node = new Rehearsal();
    const listener = node.listener(1);
    node.register(listener, 5, 'FD_ACCEPT');
    for (const join of ['J1', 'J2'] as const) node.hears(node.fdAccept(endpoint, join));
    node.enumerate(listener);
    node.accept(listener);
    expect(node.signals).toEqual([5]);
    expect(node.enumerate(listener)).toEqual(accepts);
    node.accept(listener);
    expect(node.enumerate(listener)).toEqual([]);
  });

  it('[R82] [R122] is re-enabled by an accept that rejects', () => {
    const node = new Rehearsal();
    const listener = node.listener(1);
    node.register(listener, 5, 'FD_ACCEPT');
    for (const join of ['J1', 'J2'] as const) node.hears(node.fdAccept(endpoint, join));
    node.enumerate(listener);
    node.run(rejectWaiting(node.state, { socket: listener }));
    expect(node.enumerate(listener)).toEqual(accepts);
  });

  it('[R122] is re-enabled by an accept that finds nothing', () => {
    const node = new Rehearsal();
    const listener = node.listener(1);
    node.register(listener, 5, 'FD_ACCEPT');
    node.hears(node.fdAccept(endpoint, 'J1'));
    node.enumerate(listener);
    node.hears(node.withdrawn(endpoint, 'J1'));
    node.attempt(acceptWaiting(node.state, { socket: listener, calleeData: null }));
    node.hears(node.fdAccept(endpoint, 'J2'));
    expect(node.enumerate(listener)).toEqual(accepts);
  });

  it('[R84] [R91] a deferred request in front holds it up, until it is decided', () => {
    const node = new Rehearsal();
    const listener = node.listener(1);
    node.register(listener, 5, 'FD_ACCEPT');
    node.hears(node.fdAccept(endpoint, 'J1'));
    node.enumerate(listener);
    node.run(deferWaiting(node.state, { socket: listener }));
    node.hears(node.fdAccept(endpoint, 'J2'));
    node.register(listener, 5, 'FD_ACCEPT');
    expect(node.enumerate(listener)).toEqual([]);
    node.accept(listener);
    expect(node.enumerate(listener)).toEqual(accepts);
  });

  it('[R84] who waits behind a deferred request is announced when that one is withdrawn', () => {
    const node = new Rehearsal();
    const listener = node.listener(1);
    node.register(listener, 5, 'FD_ACCEPT');
    node.hears(node.fdAccept(endpoint, 'J1'));
    node.enumerate(listener);
    node.run(deferWaiting(node.state, { socket: listener }));
    node.hears(node.fdAccept(endpoint, 'J2'));
    node.hears(node.withdrawn(endpoint, 'J1'));
    expect(node.enumerate(listener)).toEqual(accepts);
  });
});

describe('FD_CONNECT', () => {
  it('[R125] [A11] comes once per join on a c_root', () => {
    const node = new Rehearsal();
    const root = node.root();
    node.register(root, 5, 'FD_CONNECT');
    for (const join of ['J1', 'J2', 'J3'] as const) {
      link(node, root, join);
      expect(node.signals).toEqual([5]);
      expect(node.enumerate(root)).toEqual([{ event: 'FD_CONNECT', code: null }]);
      expect(node.enumerate(root)).toEqual([]);
    }
  });

  it('[A10] an outcome that was not read gives way to the next one', () => {
    const node = new Rehearsal();
    const root = node.root();
    node.register(root, 5, 'FD_CONNECT');
    link(node, root, 'J1');
    const { descriptor } = node.joinLeaf(root, 'eve:1');
    const code = 'WSAETIMEDOUT';
    node.hears(node.fdConnect(root, 'J2', { code, link: node.name(descriptor) }));
    expect(node.enumerate(root)).toEqual([{ event: 'FD_CONNECT', code }]);
  });

  it('[R54] an old outcome that nobody registered for is not taken for that of the next join', () => {
    const node = new Rehearsal();
    const leaf = node.leaf();
    node.joinLeaf(leaf, 'conf-7');
    node.hears(node.fdConnect(leaf, 'J1', { code: 'WSAETIMEDOUT' }));
    node.joinLeaf(leaf, 'conf-7');
    node.register(leaf, 5, 'FD_CONNECT');
    expect(node.enumerate(leaf)).toEqual([]);
  });
});

describe('FD_CLOSE', () => {
  it('[R68] [R127] is recorded on the link, with its code', () => {
    const node = new Rehearsal();
    const root = node.root();
    node.register(root, 5, 'FD_CLOSE');
    const member = link(node, root, 'J1');
    node.hears(node.fdClose(member, 'WSAECONNABORTED'));
    expect(node.enumerate(member)).toEqual([{ event: 'FD_CLOSE', code: 'WSAECONNABORTED' }]);
    expect(node.enumerate(root)).toEqual([]);
  });

  it('[R129] is reported once per socket, whatever is told or registered again', () => {
    const node = new Rehearsal();
    const leaf = joinedLeaf(node);
    node.register(leaf, 5, 'FD_CLOSE');
    const told = node.fdClose(leaf);
    expect([node.hears(told), node.hears(told)]).toEqual(['heard', 'repeated']);
    expect(node.enumerate(leaf)).toHaveLength(1);
    node.register(leaf, 5, 'FD_CLOSE');
    expect(node.enumerate(leaf)).toEqual([]);
  });

  it('[R130] one event object serves several sockets: each is enumerated', () => {
    const node = new Rehearsal();
    const root = node.root();
    node.register(root, 5, 'FD_CONNECT', 'FD_CLOSE');
    const [one, other] = [link(node, root, 'J1'), link(node, root, 'J2')];
    node.enumerate(root);
    node.hears(node.fdClose(other));
    expect(node.signals).toEqual([5]);
    expect([root, one, other].map((socket) => node.enumerate(socket).length)).toEqual([0, 0, 1]);
  });
});

describe('inheriting', () => {
  it('[R74] a link behaves as registered like its c_root', () => {
    const node = new Rehearsal();
    const root = node.root();
    node.register(root, 5, 'FD_CLOSE');
    const member = link(node, root, 'J1');
    node.hears(node.fdClose(member));
    expect(node.signals).toEqual([5]);
  });

  it('[R75] [R79] an accepted socket inherits the registration and nothing of the record', () => {
    const node = new Rehearsal();
    const listener = node.listener(1);
    node.register(listener, 5, 'FD_ACCEPT', 'FD_CLOSE');
    for (const join of ['J1', 'J2'] as const) node.hears(node.fdAccept(endpoint, join));
    const { call, descriptor } = node.accept(listener);
    node.answers(call, { type: 'accepted', join: 'J1', leaf: node.name(descriptor), link: null });
    expect(node.enumerate(descriptor)).toEqual([]);
    expect(node.enumerate(listener)).toEqual(accepts);
    node.hears(node.fdClose(descriptor));
    expect(node.enumerate(descriptor)).toEqual([{ event: 'FD_CLOSE', code: null }]);
  });

  it('[R78] the registration is a copy', () => {
    const node = new Rehearsal();
    const root = node.listeningRoot();
    node.register(root, 5, 'FD_CLOSE', 'FD_ACCEPT');
    const member = link(node, root, 'J1');
    node.register(member, 6, 'FD_CONNECT');
    node.hears(node.fdAccept(node.name(root), 'J2'));
    expect(node.signals).toEqual([5]);
    node.hears(node.fdClose(member));
    expect(node.signals).toEqual([]);
  });
});
