import { describe, it } from '@jest/globals';
import { nodeAddress } from './address.js';
import {
  accepts,
  admitted,
  agrees,
  asked,
  asks,
  at,
  bob,
  cancelled,
  carol,
  dave,
  deferred,
  expires,
  failed,
  fdAccept,
  fdConnect,
  fdConnectToGroup,
  groupMember,
  groupOpened,
  invited,
  invites,
  joinedGroup,
  left,
  linked,
  listening,
  madeLink,
  member,
  opened,
  policyChanged,
  root,
  shut,
  socket,
  timedOut,
  withdrawn,
  type Person,
} from './cast.js';
import { given } from './testing.js';

const hall = [opened(), listening()] as const;

describe('a root that invites', () => {
  it('[R27] [R29] asks the one leaf it names, with FD_ACCEPT at its endpoint', () => {
    const invitation = invited(bob, 'J1');
    given(opened()).when(invites(bob)).then(invitation).by('R32').told(fdAccept(invitation));
  });

  it('[R32] needs not listen, and may invite one after another', () => {
    given(opened(), invited(bob, 'J1'), admitted(bob, 'J1'))
      .when(invites(carol))
      .then(invited(carol, 'J2'));
  });

  it('[R20] may listen at the same time', () => {
    given(...hall, asked(bob, 'J1'))
      .when(invites(carol))
      .then(invited(carol, 'J2'));
  });

  it('[R63] [R64] [R33] is answered at once with the new link, before the leaf has done anything', () => {
    given(opened())
      .when(invites(bob))
      .then(invited(bob, 'J1'))
      .answered({ type: 'started', join: 'J1', link: bob.link, deadlineAt: at + 30_000 });
  });

  it('[R33] brings a link that plays no part yet', () => {
    const crowd = [...hall, ...member(bob, 'J1'), asked(carol, 'J2')];
    for (const link of [root, bob.link, bob.socket, carol.socket, madeLink('J9')]) {
      given(...crowd)
        .when(invites(dave, { link }))
        .thenRefused({ code: 'WSAEINVAL', rule: 'R33', facts: { link } });
    }
  });

  it('[R92] [R110] sends its caller data and flags along, unmodified', () => {
    const more = { callerData: 'AAH/', flags: 'sender-only' } as const;
    const invitation = invited(bob, 'J1', more);
    given(opened()).when(invites(bob, more)).then(invitation).told(fdAccept(invitation));
  });

  it('[E11] [A32] hears that a node is unknown or lost', () => {
    given(opened())
      .when(invites(bob, { leafNode: 'unknown' }))
      .thenRefused({
        code: 'WSAENETUNREACH',
        rule: 'E11',
        facts: { node: 'bob', known: 'unknown' },
      });
    given(opened())
      .when(invites(bob, { leafNode: 'lost' }))
      .thenRefused({ code: 'WSAENETUNREACH', rule: 'E11', facts: { node: 'bob', known: 'lost' } });
  });

  it('[E13] is the root of this session', () => {
    const notRoot = { code: 'WSAENOTSOCK', rule: 'E13' } as const;
    given().when(invites(bob)).thenRefused(notRoot);
    given(opened())
      .when(invites(bob, { caller: carol.socket }))
      .thenRefused(notRoot);
    given(...hall, ...member(bob, 'J1'))
      .when(invites(carol, { caller: bob.link }))
      .thenRefused(notRoot);
    given(groupOpened()).when(invites(bob)).thenRefused(notRoot);
  });

  it('[R143] has not shut down', () => {
    given(opened(), shut).when(invites(bob)).thenRefused({ code: 'WSAESHUTDOWN', rule: 'R143' });
  });

  it('[R59] [A8] invites nobody twice', () => {
    given(opened(), invited(bob, 'J1'), admitted(bob, 'J1'))
      .when(invites(bob, { link: socket('ada', 50) }))
      .thenRefused({ code: 'WSAEISCONN', rule: 'R59', facts: { leaf: bob.at } });
  });
});

describe('a leaf that asks', () => {
  it('[R35] [R36] reaches a root that listens', () => {
    const request = asked(bob, 'J1');
    given(...hall)
      .when(asks(bob))
      .then(request)
      .by('R35')
      .told(fdAccept(request));
  });

  it('[R39] [R63] keeps its socket, and is answered before the root has done anything', () => {
    given(...hall)
      .when(asks(bob))
      .then(asked(bob, 'J1'))
      .answered({ type: 'started', join: 'J1', link: null, deadlineAt: at + 30_000 });
  });

  it('[R35] [E8] is refused where no root listens', () => {
    given(opened())
      .when(asks(bob))
      .thenRefused({ code: 'WSAECONNREFUSED', rule: 'R35', facts: { listening: false } });
  });

  it('[R42] finds no session that nobody opened, and opens none', () => {
    given()
      .when(asks(bob))
      .thenRefused({ code: 'WSAECONNREFUSED', rule: 'R35', facts: { session: 'unopened' } });
  });

  it('[R92] [R93] [R110] sends caller data and flags along, or none', () => {
    const more = { callerData: 'AAH/', flags: 'receiver-only' } as const;
    given(...hall)
      .when(asks(bob, more))
      .then(asked(bob, 'J1', more))
      .told(fdAccept(asked(bob, 'J1', more)));
    given(...hall)
      .when(asks(bob))
      .then(asked(bob, 'J1', { callerData: null }));
  });

  it('[R23] is refused when the backlog is full, and the waiting ones wait on', () => {
    const full = [opened(), listening(2), asked(bob, 'J1'), asked(carol, 'J2')];
    given(...full)
      .when(asks(dave))
      .thenRefused({ code: 'WSAECONNREFUSED', rule: 'R23', facts: { backlog: 2 } });
    given(...full, cancelled('J1'))
      .when(asks(dave))
      .then(asked(dave, 'J3'));
  });

  it('[R23] finds a deferred request still in its place', () => {
    given(opened(), listening(1), asked(bob, 'J1'), deferred('J1'))
      .when(asks(carol))
      .thenRefused({ code: 'WSAECONNREFUSED', rule: 'R23' });
  });

  it('[E17] is no root and no link of this session', () => {
    const crowd = [...hall, ...member(bob, 'J1'), invited(carol, 'J2')];
    for (const caller of [root, bob.link, carol.link, madeLink('J9')]) {
      given(...crowd)
        .when(asks(dave, { caller }))
        .thenRefused({ code: 'WSAEINVAL', rule: 'E17', facts: { caller } });
    }
  });
});

describe('a rooted session', () => {
  it('[R40] knows both ways in, side by side', () => {
    const bothWays = [...hall, invited(bob, 'J1'), asked(carol, 'J2')];
    given(...bothWays)
      .when(accepts(carol, 'J2'))
      .then(admitted(carol, 'J2'));
    given(...bothWays, admitted(carol, 'J2'))
      .when(agrees(bob, 'J1'))
      .then(admitted(bob, 'J1'));
  });
});

describe('a session that admits by itself', () => {
  const open = opened({ admit: 'auto' });

  it('[H2] records request and admission in one decision', () => {
    const request = asked(bob, 'J1', { deadlineAt: null });
    given(open, listening())
      .when(asks(bob))
      .then(request, admitted(bob, 'J1', { link: madeLink('J1') }))
      .by('H2')
      .told(fdConnect(bob.socket, 'J1', { peer: madeLink('J1') }), linked(request))
      .answered({ type: 'joined', join: 'J1', link: madeLink('J1') });
  });

  it('[H2] [R35] still wants a root that listens', () => {
    given(open).when(asks(bob)).thenRefused({ code: 'WSAECONNREFUSED', rule: 'R35' });
  });

  it('[H2] has no waiting room that could be full', () => {
    const full = [opened(), listening(1), asked(bob, 'J1'), policyChanged({ admit: 'auto' })];
    given(...full)
      .when(asks(carol))
      .then(
        asked(carol, 'J2', { deadlineAt: null }),
        admitted(carol, 'J2', { link: madeLink('J2') }),
      );
  });
});

describe('a leaf that joins a group', () => {
  const group = groupOpened();
  const joins = (who: Person) => asks(who);

  it('[R41] [R43] is a member at once, and hears FD_CONNECT', () => {
    given(group)
      .when(joins(bob))
      .then(joinedGroup(bob, 'J1'), admitted(bob, 'J1', { link: null }))
      .by('R43')
      .told(fdConnectToGroup(bob.socket, 'J1'))
      .answered({ type: 'joined', join: 'J1', link: null });
  });

  it('[R44] [R45] is announced to nobody else, however many are there', () => {
    given(group, ...groupMember(carol, 'J1'), ...groupMember(dave, 'J2'))
      .when(joins(bob))
      .then(joinedGroup(bob, 'J3'), admitted(bob, 'J3', { link: null }))
      .told(fdConnectToGroup(bob.socket, 'J3'));
  });

  it('[R46] joins as a sender alone in the same way', () => {
    const flags = 'sender-only';
    given(group)
      .when(asks(bob, { flags }))
      .then({ ...joinedGroup(bob, 'J1'), flags }, admitted(bob, 'J1', { link: null }))
      .told(fdConnectToGroup(bob.socket, 'J1'));
  });

  it('[R47] [R57] is a member of one session with one socket', () => {
    given(group, ...groupMember(bob, 'J1'))
      .when(joins(bob))
      .thenRefused({ code: 'WSAEISCONN', rule: 'R57', facts: { join: 'J1' } });
  });

  it('[H5] [H4] meets the policy there too', () => {
    given(groupOpened({ capacity: 1 }), ...groupMember(bob, 'J1'))
      .when(joins(carol))
      .thenRefused({ code: 'WSAENOBUFS', rule: 'H5' });
    given(groupOpened({ deny: ['bob'] }))
      .when(joins(bob))
      .thenRefused({ code: 'WSAECONNREFUSED', rule: 'H4' });
  });
});

describe('capacity', () => {
  const small = [opened({ capacity: 2 }), listening()] as const;
  const full = { code: 'WSAENOBUFS', rule: 'H5', facts: { capacity: 2, members: 2 } } as const;

  it('[H5] [E12] turns away whoever comes to a full session', () => {
    const two = [...small, ...member(bob, 'J1'), ...member(carol, 'J2')];
    given(...two)
      .when(asks(dave))
      .thenRefused(full);
    given(...two)
      .when(invites(dave))
      .thenRefused(full);
    given(...two, left(bob, 'leaf-closed'))
      .when(asks(dave))
      .then(asked(dave, 'J3'));
  });

  it('[H5] counts an invitation on its way as a place that is taken', () => {
    given(...small, ...member(bob, 'J1'), invited(carol, 'J2'))
      .when(asks(dave))
      .thenRefused({ ...full, facts: { capacity: 2, members: 1 } });
    given(...small, ...member(bob, 'J1'), invited(carol, 'J2'), timedOut('J2'))
      .when(asks(dave))
      .then(asked(dave, 'J3'));
  });

  it('[H5] counts no request that waits', () => {
    given(...small, asked(bob, 'J1'), asked(carol, 'J2'))
      .when(asks(dave))
      .then(asked(dave, 'J3'));
  });

  it('[H5] is without bound by default', () => {
    const many = Array.from({ length: 50 }, (_, i): Person => {
      const node = `leaf-${i}`;
      const link = socket('ada', 100 + i);
      return { socket: socket(node, 1), at: nodeAddress(node, 1), link, listener: root };
    });
    const members = many.flatMap((who, i) => member(who, `J${i + 1}`));
    given(...hall, ...members)
      .when(asks(bob))
      .then(asked(bob, 'J51'));
  });
});

describe('one endpoint, several sockets', () => {
  const again: Person = { ...bob, socket: socket('bob', 2), link: socket('ada', 22) };

  describe('reject-new', () => {
    it('[R59] [H3] keeps the member that is there', () => {
      given(...hall, ...member(bob, 'J1'))
        .when(asks(again))
        .thenRefused({ code: 'WSAEISCONN', rule: 'R59', facts: { leaf: bob.at } });
    });

    it('[H3] keeps the join that waits, whoever started it', () => {
      const waits = {
        code: 'WSAEALREADY',
        rule: 'H3',
        facts: { leaf: bob.at, outstanding: 'J1' },
      } as const;
      given(...hall, asked(bob, 'J1'))
        .when(asks(again))
        .thenRefused(waits);
      given(...hall, invited(bob, 'J1'))
        .when(asks(again))
        .thenRefused(waits);
      given(...hall, asked(bob, 'J1'))
        .when(invites(bob))
        .thenRefused(waits);
    });

    it('[H3] knows endpoints by node and port', () => {
      given(...hall, ...member(bob, 'J1'))
        .when(asks(again, { leafAddress: nodeAddress('bob', 2) }))
        .then(asked(again, 'J2', { leafAddress: nodeAddress('bob', 2) }));
    });
  });

  describe('replace-old', () => {
    const newest = opened({ admit: 'auto', identity: { kind: 'replace-old' }, capacity: 2 });

    it('[H3] lets the new one in and the old one go, in one decision', () => {
      const request = asked(again, 'J2', { deadlineAt: null });
      given(newest, listening(), ...member(bob, 'J1'))
        .when(asks(again))
        .then(request, left(bob, 'replaced'), admitted(again, 'J2', { link: madeLink('J2') }));
    });

    it('[H3] [H5] needs no free place for that', () => {
      given(newest, listening(), ...member(bob, 'J1'), ...member(carol, 'J2'))
        .when(asks(again))
        .then(
          asked(again, 'J3', { deadlineAt: null }),
          left(bob, 'replaced'),
          admitted(again, 'J3', { link: madeLink('J3') }),
        );
      given(newest, listening(), ...member(bob, 'J1'), ...member(carol, 'J2'))
        .when(asks(dave))
        .thenRefused({ code: 'WSAENOBUFS', rule: 'H5' });
    });

    it('[H3] does not replace a join that waits', () => {
      given(opened({ identity: { kind: 'replace-old' } }), listening(), asked(bob, 'J1'))
        .when(asks(again))
        .thenRefused({ code: 'WSAEALREADY', rule: 'H3' });
    });
  });

  describe('allow', () => {
    const twice = opened({ identity: { kind: 'allow', max: 2 } });
    const third: Person = { ...bob, socket: socket('bob', 3), link: socket('ada', 23) };

    it('[H3] takes as many as it says', () => {
      given(twice, listening(), ...member(bob, 'J1'))
        .when(asks(again))
        .then(asked(again, 'J2'));
      given(twice, listening(), ...member(bob, 'J1'), ...member(again, 'J2'))
        .when(asks(third))
        .thenRefused({ code: 'WSAEISCONN', rule: 'H3', facts: { leaf: bob.at, max: 2 } });
    });

    it('[H3] counts who is still there', () => {
      const oneLeft = [...member(bob, 'J1'), ...member(again, 'J2'), left(bob, 'leaf-closed')];
      given(twice, listening(), ...oneLeft)
        .when(asks(third))
        .then(asked(third, 'J3'));
      given(twice, listening(), ...oneLeft, policyChanged({}))
        .when(asks(third))
        .thenRefused({ code: 'WSAEISCONN', rule: 'R59' });
    });

    it('[H3] lets several wait at once', () => {
      given(twice, listening(), asked(bob, 'J1')).when(asks(again)).then(asked(again, 'J2'));
    });
  });
});

describe('allow and deny lists', () => {
  it('[H4] let in whom they name, and deny wins', () => {
    const lists = opened({ allow: ['bob', 'carol'], deny: ['carol'] });
    given(lists, listening()).when(asks(bob)).then(asked(bob, 'J1'));
    given(lists, listening())
      .when(asks(carol))
      .thenRefused({ code: 'WSAECONNREFUSED', rule: 'H4', facts: { denied: 'carol' } });
    given(lists, listening())
      .when(asks(dave))
      .thenRefused({ code: 'WSAECONNREFUSED', rule: 'H4', facts: { notAllowed: 'dave' } });
  });

  it('[H4] are looked at after the endpoint, and before capacity', () => {
    const denied = policyChanged({ deny: ['bob'], capacity: 1 });
    given(...hall, ...member(bob, 'J1'), denied)
      .when(asks({ ...bob, socket: socket('bob', 2) }))
      .thenRefused({ code: 'WSAEISCONN', rule: 'R59' });
    given(...hall, ...member(carol, 'J1'), denied)
      .when(asks(bob))
      .thenRefused({ code: 'WSAECONNREFUSED', rule: 'H4' });
  });

  it('[H4] hold for the root that invites as well', () => {
    given(opened({ deny: ['bob'] }))
      .when(invites(bob))
      .thenRefused({ code: 'WSAECONNREFUSED', rule: 'H4' });
  });

  it('[H4] name nodes, not beginnings of their names', () => {
    given(opened({ deny: ['bo'] }), listening())
      .when(asks(bob))
      .then(asked(bob, 'J1'));
  });
});

describe('deadlines', () => {
  const short = opened({ joinDeadlineMs: 5_000 });

  it('[A28] are the policy’s, or the shorter one that was asked for', () => {
    given(short, listening())
      .when(asks(bob))
      .then(asked(bob, 'J1', { deadlineAt: at + 5_000 }));
    given(short, listening())
      .when(asks(bob, { deadlineMs: 700 }))
      .then(asked(bob, 'J1', { deadlineAt: at + 700 }));
    given(short)
      .when(invites(bob, { deadlineMs: 60_000 }))
      .then(invited(bob, 'J1', { deadlineAt: at + 5_000 }));
  });

  it('[E16] [R25] end a request that nobody answered, at both sides', () => {
    given(...hall, asked(bob, 'J1', { deadlineAt: 2_000 }))
      .when(expires(2_000))
      .then(timedOut('J1'))
      .by('E16')
      .told(fdConnect(bob.socket, 'J1', { code: 'WSAETIMEDOUT' }), withdrawn(root, 'J1'));
  });

  it('[E16] end an invitation, at both sides', () => {
    given(opened(), invited(bob, 'J1', { deadlineAt: 2_000 }))
      .when(expires(9_000))
      .then(timedOut('J1'))
      .told(
        fdConnect(root, 'J1', { code: 'WSAETIMEDOUT', link: bob.link }),
        withdrawn(bob.at, 'J1'),
      );
  });

  it('[E16] are looked at one by one, the invitation first', () => {
    given(
      ...hall,
      asked(bob, 'J1', { deadlineAt: 2_000 }),
      asked(carol, 'J2', { deadlineAt: 3_000 }),
      invited(dave, 'J3', { deadlineAt: 2_500 }),
    )
      .when(expires(2_999))
      .then(timedOut('J3'), timedOut('J1'));
  });

  it('[E16] have passed already, or not yet: nothing changes', () => {
    given(...hall, asked(bob, 'J1', { deadlineAt: 2_000 }))
      .when(expires(1_999))
      .thenNothing();
    given(...hall, asked(bob, 'J1', { deadlineAt: 2_000 }), timedOut('J1'))
      .when(expires(2_000))
      .thenNothing();
    given().when(expires(2_000)).thenNothing().by('E16');
    given(...hall, asked(bob, 'J1'), failed('J1', 'session-over'), shut)
      .when(expires(1e12))
      .thenNothing();
  });
});
