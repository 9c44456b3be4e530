import { describe, it } from '@jest/globals';
import { nodeAddress } from './address.js';
import {
  accepts,
  admitted,
  asked,
  asks,
  at,
  bob,
  cancelled,
  carol,
  changesPolicy,
  closes,
  closesGroup,
  dave,
  deferred,
  ended,
  expires,
  failed,
  fdAccept,
  fdClose,
  fdConnect,
  heirElected,
  invited,
  left,
  linked,
  listening,
  listens,
  loses,
  member,
  opened,
  opens,
  policyChanged,
  rejects,
  root,
  rootLost,
  rootLostAt,
  rootReplaced,
  rootReplacedAt,
  shut,
  shutsDown,
  socket,
  timedOut,
  withdrawn,
} from './cast.js';
import { given } from './testing.js';

const until = at + 30_000;
const lingering = [opened({ rootLoss: 'linger' }), listening()] as const;
const electing = [opened({ rootLoss: 'elect-oldest' }), listening()] as const;
const two = [...member(bob, 'J1'), ...member(carol, 'J2')] as const;
/** Bob and Carol are in, and the root is lost. */
const vacant = [...lingering, ...two, rootLost()] as const;
const heirs = [...electing, ...two, rootLost(bob)] as const;
/** Ada again, after a restart. */
const adaAgain = socket('ada', 1, 'run2');
const linkAt = (who: string, join: string, run = 'run1') => socket(who, join, run);

describe('losing the root', () => {
  it('[H18] ends the session where its policy says nothing else', () => {
    given(opened(), listening(), ...two)
      .when(loses('ada'))
      .then(ended('root-lost'))
      .by('R135');
  });

  it('[H18] [H19] lets it wait under `linger`: members stay, and the invitation is withdrawn', () => {
    given(...lingering, ...two, invited(dave, 'J3'))
      .when(loses('ada'))
      .then(cancelled('J3', 'node-lost'), rootLost())
      .by('H18')
      .told(withdrawn(dave.at, 'J3'), rootLostAt(bob), rootLostAt(carol));
  });

  it('[H18] waits for as long as the policy says', () => {
    given(opened({ rootLoss: 'linger', lingerMs: 5_000 }))
      .when(loses('ada'))
      .then(rootLost(null, { until: at + 5_000 }))
      .told();
  });

  it('[H18] takes members and requests of the same run out first', () => {
    const onAda = { caller: socket('ada', 5), leafAddress: nodeAddress('ada', 1) };
    const isIn = [asked(bob, 'J1', onAda), admitted(bob, 'J1', { leaf: onAda.caller })] as const;
    const alsoOnAda = { caller: socket('ada', 6), leafAddress: nodeAddress('ada', 2) };
    given(...electing, ...isIn, ...member(carol, 'J2'), asked(dave, 'J3', alsoOnAda))
      .when(loses('ada'))
      .then(
        cancelled('J3', 'node-lost'),
        { type: 'MemberLeft', leaf: onAda.caller, departure: 'node-lost' },
        rootLost(carol),
      );
  });

  it('[H21] elects the oldest member that is left under `elect-oldest`', () => {
    given(...electing, ...two)
      .when(loses('ada'))
      .then(rootLost(bob))
      .by('H18')
      .told(rootLostAt(bob, true), rootLostAt(carol));
  });

  it('[H22] ends it when nobody is left to be heir', () => {
    given(...electing, asked(dave, 'J1'))
      .when(loses('ada'))
      .then(failed('J1', 'session-over'), ended('root-lost'))
      .by('H22');
    given(opened({ rootLoss: 'linger' }))
      .when(loses('ada'))
      .then(rootLost());
  });

  it('[H18] is not meant by a root that closes, breaks off or has shut down', () => {
    given(...lingering, ...two)
      .when(closes(root))
      .then(ended())
      .by('R131');
    given(...lingering, ...two)
      .when({ type: 'CloseSocket', socket: root, abortive: true })
      .then(ended('root-reset'));
    given(...lingering, ...two)
      .when(shutsDown())
      .then(shut);
    given(...lingering, ...two, shut)
      .when(loses('ada'))
      .then(ended('root-lost'))
      .by('R135');
  });

  it('[H18] ends the session by a command of before there was a choice', () => {
    const { type, node, incarnation, evidence } = loses('ada');
    given(...lingering, ...two)
      .when({ type, node, incarnation, evidence })
      .then(ended('root-lost'));
  });
});

describe('a session without its root', () => {
  it('[H19] refuses who asks now, whatever it would have said before', () => {
    given(...vacant)
      .when(asks(dave))
      .thenRefused({ code: 'WSAECONNREFUSED', rule: 'H19', facts: { lost: root, until } });
    given(opened({ rootLoss: 'linger', admit: 'auto' }), listening(), rootLost())
      .when(asks(dave))
      .thenRefused({ code: 'WSAECONNREFUSED', rule: 'H19' });
  });

  it('[H19] [E16] lets requests wait until their deadline', () => {
    given(...lingering, asked(dave, 'J1', { deadlineAt: until - 1 }), rootLost())
      .when(expires(until - 1))
      .then(timedOut('J1'))
      .by('E16')
      .told(fdConnect(dave.socket, 'J1', { code: 'WSAETIMEDOUT' }));
  });

  it('[H19] is nobody’s to govern or to answer for, nor the lost root’s', () => {
    const waits = [...lingering, asked(dave, 'J1'), rootLost()] as const;
    given(...waits)
      .when(listens(5))
      .thenRefused({ code: 'WSAENOTSOCK', rule: 'E13' });
    for (const by of [null, root]) {
      given(...waits)
        .when(changesPolicy({ capacity: 1 }, by))
        .thenRefused({ code: 'WSAENOTSOCK', rule: 'E13' });
    }
    given(...waits)
      .when(accepts(dave, 'J1'))
      .thenRefused({ code: 'WSAEINVAL', rule: 'R86' });
    given(...waits)
      .when(rejects('J1', { acceptor: null }))
      .thenRefused({ code: 'WSAEINVAL', rule: 'R86' });
    given(...waits)
      .when(closesGroup)
      .thenRefused({ code: 'WSAEINVAL', rule: 'H7' });
    given(...waits)
      .when(closes(root))
      .thenNothing();
  });

  it('[H19] [R136] loses members as ever, and nobody at the root hears of it', () => {
    given(...vacant)
      .when(closes(bob.socket))
      .then(left(bob, 'leaf-closed'))
      .told();
    given(...vacant)
      .when(loses('bob'))
      .then(left(bob, 'node-lost'))
      .told(fdClose(bob.socket, 'WSAECONNABORTED'));
  });

  it('[H22] ends when nobody has come in time, and everybody hears it', () => {
    given(...vacant)
      .when(expires(until - 1))
      .thenNothing();
    given(...vacant.slice(0, -1), asked(dave, 'J3', { deadlineAt: until + 1 }), rootLost())
      .when(expires(until))
      .then(failed('J3', 'session-over'), ended('root-lost'))
      .by('H22')
      .told(
        fdConnect(dave.socket, 'J3', { code: 'WSAECONNREFUSED' }),
        fdClose(bob.socket, 'WSAECONNABORTED'),
        fdClose(carol.socket, 'WSAECONNABORTED'),
      );
  });

  it('[H18] is not lost a second time', () => {
    given(...vacant)
      .when(loses('ada'))
      .thenNothing()
      .by('H8');
  });
});

describe('another root', () => {
  const comes = opens({ admit: 'auto', capacity: 1 }, { root: adaAgain });

  it('[H20] [H23] opens the same session, and has a link for each member', () => {
    given(...vacant)
      .when(comes)
      .then(rootReplaced(adaAgain))
      .by('H20')
      .answered({ type: 'opened', incarnation: 1 })
      .told(
        ...[linkedAgain(bob, 'J1'), rootReplacedAt(bob, linkAt('ada', 'J1', 'run2'), adaAgain)],
        ...[linkedAgain(carol, 'J2'), rootReplacedAt(carol, linkAt('ada', 'J2', 'run2'), adaAgain)],
      );
  });

  it('[H20] brings no policy of its own', () => {
    given(...vacant, rootReplaced(adaAgain), listening())
      .when(asks(dave))
      .then(asked(dave, 'J3'));
  });

  it('[H20] hears FD_ACCEPT for what waits as soon as it listens, and may answer', () => {
    const waits = [asked(bob, 'J1'), deferred('J1'), asked(carol, 'J2')] as const;
    const back = [...lingering, ...waits, rootLost(), rootReplaced(adaAgain)] as const;
    const plane = { plane: { incarnation: 1, data: 'nonrooted' as const, root: adaAgain } };
    given(...back)
      .when(listens(5, adaAgain))
      .then(listening(5))
      .told(
        { ...fdAccept(waits[0], adaAgain), ...plane },
        { ...fdAccept(waits[2], adaAgain), ...plane },
      );
    given(...back, listening())
      .when(listens(3, adaAgain))
      .then(listening(3))
      .told();
    given(...back, listening())
      .when(accepts(bob, 'J1', { acceptor: adaAgain, accepted: null }))
      .then(admitted(bob, 'J1', { link: linkAt('ada', 'J1', 'run2') }));
  });

  it('[H20] [R137] closes its links as every root does', () => {
    given(...vacant, rootReplaced(adaAgain))
      .when(closes(linkAt('ada', 'J1', 'run2')))
      .then(left(bob, 'link-closed'))
      .told(fdClose(bob.socket));
    given(...vacant, rootReplaced(adaAgain))
      .when(closes(bob.link))
      .thenNothing();
  });

  it('[H20] [R33] is a new socket with the data plane of the session', () => {
    for (const taken of [bob.socket, socket('ada', 'J9', 'run2')]) {
      given(...vacant)
        .when(opens({}, { root: taken }))
        .thenRefused({ code: 'WSAEINVAL', rule: 'H20', facts: { root: taken } });
    }
    given(...vacant)
      .when(opens({}, { root: adaAgain, data: 'rooted' }))
      .thenRefused({ code: 'WSAEINVAL', rule: 'H20', facts: { data: 'nonrooted' } });
  });

  it('[H20] [H4] is nobody whom the lists turn away, but may be on the node of the lost one', () => {
    const others = [
      [{ allow: ['bob', 'carol'] }, { notAllowed: 'dave' }],
      [{ deny: ['dave', 'ada'] }, { denied: 'dave' }],
    ] as const;
    for (const [lists, facts] of others) {
      const waits = [opened({ rootLoss: 'linger', ...lists }), rootLost()] as const;
      given(...waits)
        .when(opens({}, { root: socket('dave', 2) }))
        .thenRefused({ code: 'WSAEACCES', rule: 'H20', facts });
      for (const by of [socket('bob', 2), adaAgain]) {
        given(...waits)
          .when(opens({}, { root: by }))
          .then(rootReplaced(by));
      }
    }
  });

  it('[H20] [R12] comes once', () => {
    given(...vacant, rootReplaced(adaAgain))
      .when(opens({}, { root: socket('dave', 1) }))
      .thenRefused({ code: 'WSAEADDRINUSE', rule: 'R12', facts: { heldBy: adaAgain } });
    given(...vacant)
      .when(opens({}, { root: null, control: 'nonrooted' }))
      .thenRefused({ code: 'WSAEADDRINUSE', rule: 'R12' });
  });

  it('[H18] may be lost as well', () => {
    given(...vacant, rootReplaced(adaAgain))
      .when(loses('ada', 'run2'))
      .then(rootLost(null, { root: adaAgain }));
  });
});

describe('the heir', () => {
  const bobsRoot = socket('bob', 2);

  it('[H21] alone may open the session', () => {
    given(...heirs)
      .when(opens({}, { root: bobsRoot }))
      .then(rootReplaced(bobsRoot))
      .by('H20');
    for (const other of [adaAgain, socket('carol', 2)]) {
      given(...heirs)
        .when(opens({}, { root: other }))
        .thenRefused({
          code: 'WSAEADDRINUSE',
          rule: 'H21',
          facts: { heir: bob.socket, until },
        });
    }
  });

  it('[H21] stays heir though the policy would not let it in any more', () => {
    const denied = policyChanged({ rootLoss: 'elect-oldest', deny: ['bob'] });
    given(...electing, ...member(bob, 'J1'), denied, rootLost(bob))
      .when(opens({}, { root: bobsRoot }))
      .then(rootReplaced(bobsRoot));
  });

  it('[H21] [H23] is the next oldest when it leaves or is lost, who is told', () => {
    given(...heirs)
      .when(closes(bob.socket))
      .then(left(bob, 'leaf-closed'), heirElected(carol))
      .told(rootLostAt(carol, true));
    given(...heirs)
      .when(loses('bob'))
      .then(left(bob, 'node-lost'), heirElected(carol))
      .told(fdClose(bob.socket, 'WSAECONNABORTED'), rootLostAt(carol, true));
    given(...heirs)
      .when(closes(carol.socket))
      .then(left(carol, 'leaf-closed'));
  });

  it('[H22] that was the last one leaves nobody to wait for', () => {
    given(...electing, ...member(bob, 'J1'), asked(dave, 'J2'), rootLost(bob))
      .when(closes(bob.socket))
      .then(left(bob, 'leaf-closed'), failed('J2', 'session-over'), ended('root-lost'));
  });
});

function linkedAgain(who: typeof bob, join: 'J1' | 'J2') {
  const link = linkAt('ada', join, 'run2');
  const plane = { incarnation: 1, data: 'nonrooted' as const, root: adaAgain };
  return { ...linked(asked(who, join), link), to: adaAgain, plane };
}
