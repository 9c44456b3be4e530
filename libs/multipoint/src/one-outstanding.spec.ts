import { describe, expect, it } from '@jest/globals';
import {
  accepts,
  admitted,
  asked,
  asks,
  at,
  bob,
  cancelled,
  carol,
  closes,
  dave,
  failed,
  fdConnect,
  groupMember,
  groupOpened,
  invited,
  invites,
  left,
  listening,
  member,
  opened,
  root,
  socket,
  timedOut,
} from './cast.js';
import { decide } from './decide.js';
import { given, sessionAfter } from './testing.js';
import { retryClass } from './wsa.js';

const hall = [opened(), listening()] as const;
const pending = [opened(), invited(bob, 'J1')] as const;
const deadlineAt = at + 30_000;
const already = {
  code: 'WSAEALREADY',
  rule: 'R50',
  facts: { outstanding: 'J1', leaf: bob.at, deadlineAt },
} as const;

describe('one outstanding JoinLeaf', () => {
  it('[R49] [R50] [E6] refuses a root’s second one, whichever leaf it names', () => {
    given(...pending)
      .when(invites(carol))
      .thenRefused(already);
    given(...pending)
      .when(invites(bob))
      .thenRefused(already);
  });

  it('[R50] refuses it as often as it is tried', () => {
    const session = sessionAfter(...pending);
    expect(decide(invites(carol), session)).toEqual(decide(invites(carol), session));
    given(...pending)
      .when(invites(carol))
      .thenRefused(already);
  });

  it('[R50] comes before what else could be wrong', () => {
    const unwelcome = invites(carol, { leafNode: 'lost', link: root });
    given(opened({ deny: ['carol'], capacity: 1 }), invited(bob, 'J1'))
      .when(unwelcome)
      .thenRefused(already);
  });

  it('[R50] refuses a leaf’s second one', () => {
    given(...hall, asked(bob, 'J1'))
      .when(asks(bob))
      .thenRefused({ code: 'WSAEALREADY', rule: 'R50', facts: { outstanding: 'J1' } });
  });

  it('[R51] does the first one no harm: one FD_CONNECT in all', () => {
    given(...hall, asked(bob, 'J1'))
      .when(asks(bob))
      .thenRefused({ code: 'WSAEALREADY', rule: 'R50' });
    given(...hall, asked(bob, 'J1'))
      .when(accepts(bob, 'J1'))
      .then(admitted(bob, 'J1'))
      .told(fdConnect(bob.socket, 'J1'));
  });

  it('[R52] [A5] is counted by socket: other leaves, and the root, may have theirs', () => {
    given(...hall, asked(bob, 'J1'))
      .when(asks(carol))
      .then(asked(carol, 'J2'));
    given(...hall, asked(bob, 'J1'))
      .when(invites(carol))
      .then(invited(carol, 'J2'));
    given(...hall, invited(bob, 'J1'))
      .when(asks(carol))
      .then(asked(carol, 'J2'));
    const secondSocket = { caller: socket('bob', 2), leafAddress: 'bob:2' as typeof bob.at };
    given(...hall, asked(bob, 'J1'))
      .when(asks(bob, secondSocket))
      .then(asked(bob, 'J2', secondSocket));
  });

  it('[R53] counts no request that waits for the root', () => {
    const both = [...hall, invited(dave, 'J1'), asked(bob, 'J2'), asked(carol, 'J3')];
    given(...both)
      .when(accepts(bob, 'J2'))
      .then(admitted(bob, 'J2'));
    given(...both, admitted(bob, 'J2'))
      .when(accepts(carol, 'J3'))
      .then(admitted(carol, 'J3'));
  });

  it.each([
    ['succeeded', [admitted(bob, 'J1')]],
    ['was refused', [failed('J1', 'rejected')]],
    ['met nobody', [failed('J1', 'nobody-listens')]],
    ['timed out', [timedOut('J1')]],
    ['was cancelled', [cancelled('J1')]],
  ])('[R54] [R58] lets a root go on once the first %s', (_, outcome) => {
    given(...pending, ...outcome)
      .when(invites(carol))
      .then(invited(carol, 'J2'));
  });

  it('[R55] starts exactly one of many that come together, decided one after another', () => {
    let session = sessionAfter(opened());
    const codes = [bob, carol, dave].map((who) => {
      const decision = decide(invites(who), session);
      if (!decision.ok) return decision.error.code;
      session = sessionAfter(opened(), ...decision.value.events);
      return null;
    });
    expect(codes).toEqual([null, 'WSAEALREADY', 'WSAEALREADY']);
  });
});

describe('joining again', () => {
  it('[R57] [E10] is refused to a leaf that is a member', () => {
    given(...hall, ...member(bob, 'J1'))
      .when(asks(bob))
      .thenRefused({ code: 'WSAEISCONN', rule: 'R57', facts: { join: 'J1' } });
    given(opened(), listening(), invited(bob, 'J1'), admitted(bob, 'J1'))
      .when(asks(bob))
      .thenRefused({ code: 'WSAEISCONN', rule: 'R57', facts: { join: 'J1' } });
    given(groupOpened(), ...groupMember(bob, 'J1'))
      .when(asks(bob))
      .thenRefused({ code: 'WSAEISCONN', rule: 'R57' });
  });

  it.each([
    ['WSAECONNREFUSED', failed('J1', 'rejected')],
    ['WSAETIMEDOUT', timedOut('J1')],
    ['WSAENETUNREACH', failed('J1', 'rejected', 'WSAENETUNREACH')],
  ] as const)('[R60] is open to the same socket after %s', (code, outcome) => {
    given(...hall, asked(bob, 'J1'), outcome)
      .when(asks(bob))
      .then(asked(bob, 'J2'));
    given(...pending, outcome)
      .when(invites(bob, { link: socket('ada', 40) }))
      .then(invited(bob, 'J2', { link: socket('ada', 40) }));
    expect(retryClass(code)).toBe('same-socket');
  });

  it('[R60] is open to the same socket after it was refused at once', () => {
    given(opened()).when(asks(bob)).thenRefused({ code: 'WSAECONNREFUSED', rule: 'R35' });
    given(...hall)
      .when(asks(bob))
      .then(asked(bob, 'J1'));
  });

  it('[R61] leaves earlier members where they are when a later join fails', () => {
    const before = [...hall, ...member(bob, 'J1'), invited(carol, 'J2')];
    expect(sessionAfter(...before, timedOut('J2'))).toMatchObject({ members: { size: 1 } });
    given(...before, timedOut('J2'))
      .when(closes(bob.link))
      .then(left(bob, 'link-closed'));
  });

  it('[R62] is open to a fresh socket after the old one broke', () => {
    const fresh = { caller: socket('bob', 2) };
    given(...hall, ...member(bob, 'J1'), left(bob, 'link-closed'))
      .when(asks(bob, fresh))
      .then(asked(bob, 'J2', fresh));
  });
});
