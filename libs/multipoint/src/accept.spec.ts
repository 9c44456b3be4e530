import { describe, it } from '@jest/globals';
import {
  accepts,
  admitted,
  agrees,
  asked,
  bob,
  cancelled,
  carol,
  dave,
  deferred,
  defers,
  ended,
  failed,
  fdClose,
  fdConnect,
  invited,
  left,
  linked,
  listening,
  madeLink,
  member,
  opened,
  policyChanged,
  rejects,
  root,
  shut,
  socket,
  timedOut,
  type Person,
} from './cast.js';
import { given } from './testing.js';

const hall = [opened(), listening()] as const;
const gone = { code: 'WSAEACCES', rule: 'R87', facts: { join: 'J1' } } as const;
const notYours = { code: 'WSAEINVAL', rule: 'R86', facts: { join: 'J1' } } as const;

describe('a root that accepts a request', () => {
  it('[R37] [R38] makes a member over its new link, and the leaf hears FD_CONNECT on its own socket', () => {
    given(...hall, asked(bob, 'J1'))
      .when(accepts(bob, 'J1'))
      .then(admitted(bob, 'J1'))
      .by('R37')
      .told(fdConnect(bob.socket, 'J1'))
      .answered({ type: 'accepted', join: 'J1', leaf: bob.socket, link: bob.link });
  });

  it('[R96] [R93] answers with callee data, which arrives with FD_CONNECT and not before', () => {
    const calleeData = 'AAH/';
    given(...hall, asked(bob, 'J1'))
      .when(accepts(bob, 'J1', { calleeData }))
      .then(admitted(bob, 'J1', { calleeData }))
      .told(fdConnect(bob.socket, 'J1', { calleeData }));
  });

  it.each(['', 'AA==', 'A'.repeat(5_460), null])(
    '[R95] answers with as much as it says (%#)',
    (calleeData) => {
      given(...hall, asked(bob, 'J1'))
        .when(accepts(bob, 'J1', { calleeData }))
        .then(admitted(bob, 'J1', { calleeData }))
        .told(fdConnect(bob.socket, 'J1', { calleeData }));
    },
  );

  it('[H2] may leave the link to the arbiter, and hears which it is', () => {
    const link = madeLink('J1');
    given(...hall, asked(bob, 'J1'))
      .when(accepts(bob, 'J1', { accepted: null }))
      .then(admitted(bob, 'J1', { link }))
      .told(fdConnect(bob.socket, 'J1', { peer: link }), linked(asked(bob, 'J1')))
      .answered({ type: 'accepted', join: 'J1', leaf: bob.socket, link });
  });

  it('[R33] [R37] brings a link that plays no part yet, or no link', () => {
    const crowd = [...hall, ...member(carol, 'J1'), asked(bob, 'J2'), invited(dave, 'J3')];
    const parts = [root, carol.link, carol.socket, bob.socket, dave.link, madeLink('J2')];
    for (const accepted of parts) {
      given(...crowd)
        .when(accepts(bob, 'J2', { accepted }))
        .thenRefused({ code: 'WSAEINVAL', rule: 'R33', facts: { accepted } });
    }
  });

  it('[R25] may take them in any order; Winsock takes the oldest', () => {
    given(...hall, asked(bob, 'J1'), asked(carol, 'J2'))
      .when(accepts(carol, 'J2'))
      .then(admitted(carol, 'J2'));
  });

  it('[R83] may accept what it deferred before', () => {
    given(...hall, asked(bob, 'J1'), deferred('J1'))
      .when(accepts(bob, 'J1'))
      .then(admitted(bob, 'J1'));
  });

  it('[R86] is the root itself', () => {
    given(...hall, asked(bob, 'J1'))
      .when(accepts(bob, 'J1', { acceptor: carol.socket }))
      .thenRefused(notYours);
    given(...hall, asked(bob, 'J1'))
      .when(accepts(bob, 'J1', { acceptor: socket('ada', 2) }))
      .thenRefused(notYours);
    given(...hall, asked(bob, 'J1'))
      .when(agrees(bob, 'J1'))
      .thenRefused(notYours);
  });
});

describe('a leaf that accepts an invitation', () => {
  it('[R30] [R31] [A9] becomes a member only now, and the root hears FD_CONNECT', () => {
    given(opened(), invited(bob, 'J1'))
      .when(agrees(bob, 'J1', { calleeData: 'aGk=' }))
      .then(admitted(bob, 'J1', { calleeData: 'aGk=' }))
      .by('R30')
      .told(fdConnect(root, 'J1', { link: bob.link, calleeData: 'aGk=' }))
      .answered({ type: 'accepted', join: 'J1', leaf: bob.socket, link: bob.link });
  });

  it('[R34] [H6] is a member with the socket that accept returned, never with its listener', () => {
    given(opened(), invited(bob, 'J1'))
      .when(agrees(bob, 'J1', { accepted: null }))
      .thenRefused({ code: 'WSAEINVAL', rule: 'H6', facts: { accepted: null } });
    given(opened(), invited(bob, 'J1'))
      .when(agrees(bob, 'J1', { acceptor: bob.listener, accepted: socket('bob', 4) }))
      .then(admitted(bob, 'J1', { leaf: socket('bob', 4) }));
  });

  it('[H6] brings a socket that plays no part yet', () => {
    const twice = opened({ identity: { kind: 'allow', max: 2 } });
    given(twice, listening(), ...member(bob, 'J1'), invited(bob, 'J2', { link: dave.link }))
      .when(agrees(bob, 'J2'))
      .thenRefused({ code: 'WSAEINVAL', rule: 'H6', facts: { accepted: bob.socket } });
  });

  it('[R86] is on the invited node, in whatever run of it', () => {
    given(opened(), invited(bob, 'J1')).when(agrees(carol, 'J1')).thenRefused(notYours);
    const restarted = { acceptor: socket('bob', 1, 'run2'), accepted: socket('bob', 2, 'run2') };
    given(opened(), invited(bob, 'J1'))
      .when(agrees(bob, 'J1', restarted))
      .then(admitted(bob, 'J1', { leaf: restarted.accepted }));
  });

  it('[R86] is not the root that invited it', () => {
    given(opened(), invited(bob, 'J1')).when(accepts(bob, 'J1')).thenRefused(notYours);
  });
});

describe('an acceptance that comes too late', () => {
  it.each([
    ['withdrawn', [cancelled('J1')]],
    ['timed out', [timedOut('J1')]],
    ['rejected', [failed('J1', 'rejected')]],
    ['accepted already', [admitted(bob, 'J1')]],
    ['shut down', [failed('J1', 'session-over'), shut]],
    ['closed', [failed('J1', 'session-over'), ended()]],
  ])('[R87] [E20] [A27] finds the request %s', (_, since) => {
    given(...hall, asked(bob, 'J1'), ...since)
      .when(accepts(bob, 'J1'))
      .thenRefused(gone);
    given(...hall, asked(bob, 'J1'), ...since)
      .when(rejects('J1'))
      .thenRefused(gone);
    given(...hall, asked(bob, 'J1'), ...since)
      .when(defers('J1'))
      .thenRefused(gone);
  });

  it('[R87] finds no join where there never was one', () => {
    given(...hall)
      .when(accepts(bob, 'J1'))
      .thenRefused(gone);
    given().when(accepts(bob, 'J1')).thenRefused(gone);
  });
});

describe('the policy at the moment of admission', () => {
  const waiting = [...hall, asked(bob, 'J1')] as const;

  it('[H5] refuses an accept that would be one too many, and the request waits on', () => {
    const full = [opened({ capacity: 1 }), listening(), asked(bob, 'J1'), asked(carol, 'J2')];
    given(...full, admitted(bob, 'J1'))
      .when(accepts(carol, 'J2'))
      .thenRefused({ code: 'WSAENOBUFS', rule: 'H5', facts: { capacity: 1, members: 1 } });
    given(...full, admitted(bob, 'J1'), left(bob, 'leaf-closed'))
      .when(accepts(carol, 'J2'))
      .then(admitted(carol, 'J2'));
  });

  it('[H5] keeps the place of an invitation free', () => {
    const promised = [opened({ capacity: 1 }), listening(), asked(carol, 'J1'), invited(bob, 'J2')];
    given(...promised)
      .when(accepts(carol, 'J1'))
      .thenRefused({ code: 'WSAENOBUFS', rule: 'H5', facts: { capacity: 1, members: 0 } });
    given(...promised)
      .when(agrees(bob, 'J2'))
      .then(admitted(bob, 'J2'));
  });

  it('[H5] [H1] refuses an invited leaf too, when capacity was lowered since', () => {
    given(
      opened(),
      listening(),
      ...member(bob, 'J1'),
      invited(carol, 'J2'),
      policyChanged({ capacity: 1 }),
    )
      .when(agrees(carol, 'J2'))
      .thenRefused({ code: 'WSAENOBUFS', rule: 'H5', facts: { capacity: 1, members: 1 } });
  });

  it('[H4] [H1] refuses a node that was denied since', () => {
    given(...waiting, policyChanged({ deny: ['bob'] }))
      .when(accepts(bob, 'J1'))
      .thenRefused({ code: 'WSAECONNREFUSED', rule: 'H4', facts: { denied: 'bob' } });
  });

  it('[H3] [H1] refuses one more of an endpoint than it takes now', () => {
    const again: Person = { ...bob, socket: socket('bob', 2), link: socket('ada', 22) };
    const two = [
      opened({ identity: { kind: 'allow', max: 2 } }),
      listening(),
      asked(bob, 'J1'),
      asked(again, 'J2'),
      admitted(bob, 'J1'),
    ];
    given(...two, policyChanged({ identity: { kind: 'allow', max: 1 } }))
      .when(accepts(again, 'J2'))
      .thenRefused({ code: 'WSAEISCONN', rule: 'H3', facts: { leaf: bob.at, max: 1 } });
    given(...two, policyChanged({}))
      .when(accepts(again, 'J2'))
      .thenRefused({ code: 'WSAEISCONN', rule: 'R59', facts: { leaf: bob.at } });
  });

  it('[H3] lets several wait, and never more in than it says', () => {
    const again: Person = { ...bob, socket: socket('bob', 2), link: socket('ada', 22) };
    given(
      opened({ identity: { kind: 'allow', max: 1 } }),
      listening(),
      asked(bob, 'J1'),
      asked(again, 'J2'),
      admitted(bob, 'J1'),
    )
      .when(accepts(again, 'J2'))
      .thenRefused({ code: 'WSAEISCONN', rule: 'H3' });
  });

  it('[H3] replaces the old member when the root accepts the new one', () => {
    const again: Person = { ...bob, socket: socket('bob', 2), link: socket('ada', 22) };
    given(
      opened({ identity: { kind: 'replace-old' }, capacity: 1 }),
      listening(),
      ...member(bob, 'J1'),
      asked(again, 'J2'),
    )
      .when(accepts(again, 'J2'))
      .then(left(bob, 'replaced'), admitted(again, 'J2'))
      .told(
        fdClose(bob.link, 'WSAECONNRESET'),
        fdClose(bob.socket, 'WSAECONNRESET'),
        fdConnect(again.socket, 'J2', { peer: again.link }),
      );
  });
});

describe('rejecting', () => {
  it('[R82] [R67] [E8] tells the caller WSAECONNREFUSED with FD_CONNECT', () => {
    given(...hall, asked(bob, 'J1'))
      .when(rejects('J1'))
      .then(failed('J1', 'rejected'))
      .by('R82')
      .told(fdConnect(bob.socket, 'J1', { code: 'WSAECONNREFUSED' }))
      .answered({ type: 'done', changed: true });
  });

  it('[R82] is open to the invited leaf, and the root keeps a dead link', () => {
    given(opened(), invited(bob, 'J1'))
      .when(rejects('J1', { acceptor: bob.listener, node: 'bob' }))
      .then(failed('J1', 'rejected'))
      .told(fdConnect(root, 'J1', { code: 'WSAECONNREFUSED', link: bob.link }));
  });

  it('[R26] [R28] says that nobody listens at the invited endpoint', () => {
    given(opened(), invited(bob, 'J1'))
      .when(rejects('J1', { acceptor: null, node: 'bob', reason: 'nobody-listens' }))
      .then(failed('J1', 'nobody-listens'))
      .by('R26');
  });

  it('[R23] says that the listener has no place left', () => {
    given(opened(), invited(bob, 'J1'))
      .when(rejects('J1', { acceptor: null, node: 'bob', reason: 'backlog-full' }))
      .then(failed('J1', 'backlog-full'))
      .by('R23');
  });

  it('[R99] gives no callee data away', () => {
    given(...hall, asked(bob, 'J1', { callerData: 'aGk=' }))
      .when(rejects('J1'))
      .then(failed('J1', 'rejected'))
      .told(fdConnect(bob.socket, 'J1', { code: 'WSAECONNREFUSED', calleeData: null }));
  });

  it('[R86] is for the side that may accept', () => {
    given(...hall, asked(bob, 'J1'))
      .when(rejects('J1', { acceptor: bob.socket, node: 'bob' }))
      .thenRefused(notYours);
    given(...hall, asked(bob, 'J1'))
      .when(rejects('J1', { acceptor: null }))
      .thenRefused(notYours);
    given(opened(), invited(bob, 'J1'))
      .when(rejects('J1', { acceptor: null, node: 'carol' }))
      .thenRefused(notYours);
    given(opened(), invited(bob, 'J1')).when(rejects('J1')).thenRefused(notYours);
  });

  it('[R61] leaves the members alone', () => {
    given(...hall, ...member(carol, 'J1'), asked(bob, 'J2'))
      .when(rejects('J2'))
      .then(failed('J2', 'rejected'))
      .told(fdConnect(bob.socket, 'J2', { code: 'WSAECONNREFUSED' }));
  });
});

describe('deferring', () => {
  it('[R83] leaves the request where it is, and nobody hears of it', () => {
    given(...hall, asked(bob, 'J1'), asked(carol, 'J2'))
      .when(defers('J1'))
      .then(deferred('J1'))
      .by('R83')
      .told();
  });

  it('[R83] changes nothing the second time', () => {
    given(...hall, asked(bob, 'J1'), deferred('J1'))
      .when(defers('J1'))
      .thenNothing()
      .by('R83');
  });

  it('[R83] is open to the invited leaf', () => {
    given(opened(), invited(bob, 'J1')).when(defers('J1', bob.listener)).then(deferred('J1'));
    given(opened(), invited(bob, 'J1'), deferred('J1'))
      .when(defers('J1', bob.listener))
      .thenNothing();
  });

  it('[R86] is for the side that may accept', () => {
    given(...hall, asked(bob, 'J1'))
      .when(defers('J1', bob.socket))
      .thenRefused(notYours);
  });
});
