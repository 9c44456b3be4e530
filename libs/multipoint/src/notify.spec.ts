import { describe, expect, it } from '@jest/globals';
import {
  accepts,
  admitted,
  agrees,
  asked,
  bob,
  cancelled,
  carol,
  closes,
  dave,
  deferred,
  ended,
  failed,
  fdAccept,
  fdClose,
  fdConnect,
  fdConnectToGroup,
  groupMember,
  groupOpened,
  invited,
  joinedGroup,
  left,
  linked,
  listening,
  listens,
  madeLink,
  member,
  opened,
  policyChanged,
  root,
  shut,
  socket,
  timedOut,
  withdrawn,
} from './cast.js';
import { notify } from './notify.js';
import { unopened } from './session.js';
import { given, heard, sessionAfter } from './testing.js';

const hall = [opened(), listening()] as const;
const pair = [opened(), invited(bob, 'J1'), admitted(bob, 'J1')] as const;

describe('the three sockets of an invited member', () => {
  it('[A2] [R66] tells the outcome of the join to the root’s socket, not to the link', () => {
    given(opened(), invited(bob, 'J1'))
      .when(agrees(bob, 'J1'))
      .then(admitted(bob, 'J1'))
      .told(fdConnect(root, 'J1', { link: bob.link }));
  });

  it('[A2] [R68] [R136] tells the link, not the root’s socket, that the leaf has gone', () => {
    given(...pair)
      .when(closes(bob.socket))
      .then(left(bob, 'leaf-closed'))
      .told(fdClose(bob.link));
  });

  it('[A2] [R34] [R137] tells the accepted socket, not the listener, that the link has gone', () => {
    given(...pair)
      .when(closes(bob.link))
      .then(left(bob, 'link-closed'))
      .told(fdClose(bob.socket));
  });

  it('[A2] tells the listener’s endpoint of the invitation and of its withdrawal alone', () => {
    const invitation = invited(bob, 'J1');
    expect(heard([opened(), invitation, cancelled('J1')])).toEqual([
      fdAccept(invitation, bob.at),
      withdrawn(bob.at, 'J1'),
    ]);
  });
});

describe('who hears of a join', () => {
  it('[R36] [R53] the root hears FD_ACCEPT for each request, in the order of arrival', () => {
    const requests = [asked(bob, 'J1'), asked(carol, 'J2')] as const;
    expect(heard([...hall, ...requests])).toEqual(requests.map((request) => fdAccept(request)));
  });

  it('[R29] [R89] the invited endpoint hears who invites, with what, and until when', () => {
    const invitation = invited(bob, 'J1', { callerData: 'aGk=', flags: 'receiver-only' });
    expect(notify(sessionAfter(opened()), invitation)).toEqual([
      {
        kind: 'FD_ACCEPT',
        to: bob.at,
        join: 'J1',
        from: root,
        flags: 'receiver-only',
        callerData: 'aGk=',
        deadlineAt: invitation.deadlineAt,
        plane: { incarnation: 1, data: 'nonrooted', root },
      },
    ]);
  });

  it('[R44] nobody is asked about a group, and nobody but the caller hears of it', () => {
    const told = heard([groupOpened(), ...groupMember(carol, 'J1'), ...groupMember(bob, 'J2')]);
    expect(told).toEqual([
      fdConnectToGroup(carol.socket, 'J1'),
      fdConnectToGroup(bob.socket, 'J2'),
    ]);
  });

  it('[H2] nobody is asked where the arbiter admits, and the root learns of the link', () => {
    const request = asked(bob, 'J1', { deadlineAt: null });
    const admission = admitted(bob, 'J1', { link: madeLink('J1') });
    expect(heard([opened({ admit: 'auto' }), listening(), request, admission])).toEqual([
      fdConnect(bob.socket, 'J1', { peer: madeLink('J1') }),
      linked(request),
    ]);
  });

  it('[R110] the root learns with which flags and data a member came that it never saw ask', () => {
    const more = { flags: 'sender-only', callerData: 'aGk=' } as const;
    const request = asked(bob, 'J1', { deadlineAt: null, ...more });
    const admission = admitted(bob, 'J1', { link: madeLink('J1') });
    expect(heard([opened(), request, admission])[1]).toEqual({
      kind: 'LINKED',
      to: root,
      join: 'J1',
      link: madeLink('J1'),
      leafAddress: bob.at,
      peer: bob.socket,
      ...more,
    });
  });

  it('[R125] [R67] each join that ends is told once to its caller, as it ended', () => {
    const endings = [
      [admitted(bob, 'J1'), null],
      [failed('J1', 'rejected'), 'WSAECONNREFUSED'],
      [failed('J1', 'nobody-listens'), 'WSAECONNREFUSED'],
      [failed('J1', 'backlog-full'), 'WSAECONNREFUSED'],
      [failed('J1', 'session-over'), 'WSAECONNREFUSED'],
      [timedOut('J1'), 'WSAETIMEDOUT'],
    ] as const;
    for (const [ending, code] of endings) {
      const told = notify(sessionAfter(opened(), invited(bob, 'J1')), ending);
      expect(told[0]).toEqual(fdConnect(root, 'J1', { code, link: bob.link }));
      expect(told.filter(({ kind }) => kind === 'FD_CONNECT')).toHaveLength(1);
    }
  });

  it('[R147] [A7] a join that was cancelled is never told as finished', () => {
    for (const reason of ['closed', 'node-lost', 'session-over'] as const) {
      const late = [cancelled('J1', reason), admitted(bob, 'J1'), failed('J1', 'rejected')];
      const asInvited = heard(late, sessionAfter(opened(), invited(bob, 'J1')));
      expect(asInvited).toEqual([withdrawn(bob.at, 'J1')]);
      const asAsked = heard(late, sessionAfter(...hall, asked(bob, 'J1')));
      expect(asAsked).toEqual([withdrawn(root, 'J1')]);
    }
  });

  it('[R87] who was to accept hears that there is nothing left to accept', () => {
    const waiting = sessionAfter(...hall, asked(bob, 'J1'));
    expect(notify(waiting, timedOut('J1'))).toContainEqual(withdrawn(root, 'J1'));
    expect(notify(waiting, failed('J1', 'backlog-trimmed'))).toContainEqual(withdrawn(root, 'J1'));
    expect(notify(waiting, failed('J1', 'rejected'))).toHaveLength(1);
    expect(notify(waiting, failed('J1', 'session-over'))).toHaveLength(1);
  });

  it('[R83] a deferred request is silence to everybody', () => {
    expect(notify(sessionAfter(...hall, asked(bob, 'J1')), deferred('J1'))).toEqual([]);
  });
});

describe('who hears of an end', () => {
  const full = [...hall, ...member(bob, 'J1'), ...member(carol, 'J2'), ...member(dave, 'J3')];

  it('[R138] no leaf hears of another leaf', () => {
    const toOthers = ['leaf-closed', 'link-closed', 'replaced', 'node-lost'].flatMap((departure) =>
      notify(sessionAfter(...full), left(bob, departure as 'replaced')).filter(
        ({ to }) => to !== bob.socket && to !== bob.link,
      ),
    );
    expect(toOthers).toEqual([]);
  });

  it('[R133] nobody hears of its own close', () => {
    const session = sessionAfter(...full);
    expect(notify(session, left(bob, 'leaf-closed'))).toEqual([fdClose(bob.link)]);
    expect(notify(session, left(bob, 'link-closed'))).toEqual([fdClose(bob.socket)]);
    expect(notify(session, ended()).map(({ to }) => to)).not.toContain(root);
  });

  it('[R127] [R131] the code says how it ended', () => {
    const session = sessionAfter(...hall, ...member(bob, 'J1'));
    const codes = (...told: ReturnType<typeof notify>) =>
      told.map((n) => (n.kind === 'FD_CLOSE' ? n.code : n.kind));
    expect(codes(...notify(session, ended('root-closed')))).toEqual([null, null]);
    expect(codes(...notify(session, ended('group-closed')))).toEqual([null, null]);
    expect(codes(...notify(session, shut))).toEqual([null, null]);
    expect(codes(...notify(session, ended('root-lost')))).toEqual([
      'WSAECONNABORTED',
      'WSAECONNABORTED',
    ]);
    expect(codes(...notify(session, left(bob, 'replaced')))).toEqual([
      'WSAECONNRESET',
      'WSAECONNRESET',
    ]);
    expect(codes(...notify(session, left(bob, 'node-lost')))).toEqual([
      'WSAECONNABORTED',
      'WSAECONNABORTED',
    ]);
  });

  it('[R131] members hear in the order of their admission, also when one left and came back', () => {
    const back = { ...bob, socket: socket('bob', 2), link: socket('ada', 30) };
    const history = [...full, left(bob, 'leaf-closed'), ...member(back, 'J4')];
    expect(notify(sessionAfter(...history), ended()).map(({ to }) => to)).toEqual([
      ...[carol.link, carol.socket, dave.link, dave.socket, back.link, back.socket],
    ]);
  });

  it('[R129] a session that was shut down tells its end no second time', () => {
    expect(heard([shut, ended()], sessionAfter(...full))).toHaveLength(6);
    expect(notify(sessionAfter(...full, shut), ended())).toEqual([]);
  });
});

describe('events of no consequence', () => {
  it('[A26] tell nothing of sockets that the log does not know', () => {
    const session = sessionAfter(...hall);
    expect(notify(session, admitted(bob, 'J1'))).toEqual([]);
    expect(notify(session, failed('J1', 'rejected'))).toEqual([]);
    expect(notify(session, cancelled('J1'))).toEqual([]);
    expect(notify(session, left(bob, 'leaf-closed'))).toEqual([]);
  });

  it('tell nothing where no session is open', () => {
    const events = [opened(), asked(bob, 'J1'), shut, ended(), left(bob, 'replaced')];
    for (const event of events) expect(notify(unopened, event)).toEqual([]);
    for (const event of events) expect(notify(sessionAfter(...hall, ended()), event)).toEqual([]);
  });

  it('tell nothing of opening, listening and policy', () => {
    given(opened()).when(listens(3)).then(listening(3)).told();
    expect(notify(sessionAfter(...hall), policyChanged({ capacity: 3 }))).toEqual([]);
    expect(notify(sessionAfter(...hall), opened())).toEqual([]);
  });

  it('tell nothing of a cancelled group join', () => {
    const joining = sessionAfter(groupOpened(), joinedGroup(bob, 'J1'));
    expect(notify(joining, cancelled('J1'))).toEqual([]);
  });
});

describe('an accepted request', () => {
  it('[A2] is told to the leaf alone: the root has its link from accept', () => {
    given(...hall, asked(bob, 'J1'))
      .when(accepts(bob, 'J1'))
      .then(admitted(bob, 'J1'))
      .told(fdConnect(bob.socket, 'J1'));
  });
});
