import { describe, it } from '@jest/globals';
import {
  accepts,
  admitted,
  agrees,
  asked,
  asks,
  bob,
  cancelled,
  carol,
  closes,
  closesGroup,
  dave,
  ended,
  failed,
  fdClose,
  fdConnect,
  groupMember,
  groupOpened,
  invited,
  invites,
  joinedGroup,
  left,
  listening,
  loses,
  madeLink,
  member,
  opened,
  opens,
  root,
  shut,
  shutsDown,
  socket,
  withdrawn,
} from './cast.js';
import { given } from './testing.js';

const hall = [opened(), listening()] as const;
const two = [...hall, ...member(bob, 'J1'), ...member(carol, 'J2')] as const;

describe('closing the root', () => {
  it('[R131] [R133] gives FD_CLOSE to every link and every leaf, once, in the order of their joins', () => {
    given(...two)
      .when(closes(root))
      .then(ended())
      .by('R131')
      .told(fdClose(bob.link), fdClose(bob.socket), fdClose(carol.link), fdClose(carol.socket));
  });

  it('[R139] refuses the requests that wait, and withdraws the invitation', () => {
    given(...hall, asked(bob, 'J1'), invited(dave, 'J2'), asked(carol, 'J3'))
      .when(closes(root))
      .then(
        cancelled('J2', 'session-over'),
        failed('J1', 'session-over'),
        failed('J3', 'session-over'),
        ended(),
      )
      .told(
        withdrawn(dave.at, 'J2'),
        fdConnect(bob.socket, 'J1', { code: 'WSAECONNREFUSED' }),
        fdConnect(carol.socket, 'J3', { code: 'WSAECONNREFUSED' }),
      );
  });

  it('[R12] gives the address back', () => {
    given(...two, ended())
      .when(opens({}, { root: dave.socket }))
      .then(opened({}, { root: dave.socket, incarnation: 2 }));
  });

  it('[R140] is done when it is done', () => {
    given(...two, ended())
      .when(closes(root))
      .thenNothing()
      .by('R140');
  });
});

describe('closing a leaf', () => {
  it('[R136] [R138] tells its link at the root, and nobody else', () => {
    given(...two)
      .when(closes(bob.socket))
      .then(left(bob, 'leaf-closed'))
      .by('R136')
      .told(fdClose(bob.link));
  });

  it('[R134] ends no session, not even as the last one', () => {
    given(...two, left(bob, 'leaf-closed'))
      .when(closes(carol.socket))
      .then(left(carol, 'leaf-closed'));
    given(...two, left(bob, 'leaf-closed'), left(carol, 'leaf-closed'))
      .when(asks(bob))
      .then(asked(bob, 'J3'));
  });

  it('[R48] leaves a group in silence', () => {
    given(groupOpened(), ...groupMember(bob, 'J1'), ...groupMember(carol, 'J2'))
      .when(closes(bob.socket))
      .then(left(bob, 'leaf-closed'))
      .by('R48')
      .told();
  });

  it('[R140] is done when it is done', () => {
    given(...two, left(bob, 'leaf-closed'))
      .when(closes(bob.socket))
      .thenNothing();
  });
});

describe('closing a link', () => {
  it('[R137] tells the leaf, and nobody else', () => {
    given(...two)
      .when(closes(bob.link))
      .then(left(bob, 'link-closed'))
      .by('R137')
      .told(fdClose(bob.socket));
  });

  it('[R137] works with the arbiter’s own link too', () => {
    const link = madeLink('J1');
    given(...hall, asked(bob, 'J1'), admitted(bob, 'J1', { link }))
      .when(closes(link))
      .then(left(bob, 'link-closed'))
      .told(fdClose(bob.socket));
  });

  it('[R137] leaves the root as it is', () => {
    given(...two, left(bob, 'link-closed'))
      .when(invites(bob, { link: socket('ada', 30) }))
      .then(invited(bob, 'J3', { link: socket('ada', 30) }));
  });

  it('[R140] is done when it is done, or when the leaf was first', () => {
    given(...two, left(bob, 'link-closed'))
      .when(closes(bob.link))
      .thenNothing()
      .by('R140');
    given(...two, left(bob, 'leaf-closed'))
      .when(closes(bob.link))
      .thenNothing();
  });
});

describe('cancelling', () => {
  it('[R145] [A7] closes the unusable link: no FD_CONNECT, and the leaf sees it withdrawn', () => {
    given(opened(), invited(bob, 'J1'))
      .when(closes(bob.link))
      .then(cancelled('J1'))
      .by('R145')
      .told(withdrawn(bob.at, 'J1'));
  });

  it('[R145] [R54] frees the root for another JoinLeaf at once', () => {
    given(opened(), invited(bob, 'J1'), cancelled('J1'))
      .when(invites(carol))
      .then(invited(carol, 'J2'));
  });

  it('[R146] closes the asking socket itself, and the root sees the request withdrawn', () => {
    given(...hall, asked(bob, 'J1'))
      .when(closes(bob.socket))
      .then(cancelled('J1'))
      .by('R146')
      .told(withdrawn(root, 'J1'));
  });

  it('[R147] [R87] wins over an accept that comes later', () => {
    given(opened(), invited(bob, 'J1'), cancelled('J1'))
      .when(agrees(bob, 'J1'))
      .thenRefused({ code: 'WSAEACCES', rule: 'R87' });
    given(...hall, asked(bob, 'J1'), cancelled('J1'))
      .when(accepts(bob, 'J1'))
      .thenRefused({ code: 'WSAEACCES', rule: 'R87' });
  });

  it('[R147] loses to an accept that came earlier: then it is an ordinary close', () => {
    given(opened(), invited(bob, 'J1'), admitted(bob, 'J1'))
      .when(closes(bob.link))
      .then(left(bob, 'link-closed'))
      .told(fdClose(bob.socket));
    given(...hall, asked(bob, 'J1'), admitted(bob, 'J1'))
      .when(closes(bob.socket))
      .then(left(bob, 'leaf-closed'))
      .told(fdClose(bob.link));
  });
});

describe('closing what plays no part', () => {
  it('[R140] changes nothing', () => {
    for (const stranger of [dave.socket, bob.listener, madeLink('J9'), socket('ada', 1, 'run2')]) {
      given(...two)
        .when(closes(stranger))
        .thenNothing()
        .by('R140')
        .told();
    }
    given().when(closes(root)).thenNothing().by('R140');
    given(opened(), shut).when(closes(bob.socket)).thenNothing().by('R140');
  });
});

describe('shutting the root down', () => {
  it('[R132] [A30] tells what a close tells', () => {
    for (const how of ['send', 'both'] as const) {
      given(...two, asked(dave, 'J3'))
        .when(shutsDown(how))
        .then(failed('J3', 'session-over'), shut)
        .by('R132')
        .told(
          fdConnect(dave.socket, 'J3', { code: 'WSAECONNREFUSED' }),
          fdClose(bob.link),
          fdClose(bob.socket),
          fdClose(carol.link),
          fdClose(carol.socket),
        );
    }
  });

  it('[R132] [R129] keeps the descriptor: its close follows, and tells nobody a second time', () => {
    given(...two, shut)
      .when(closes(root))
      .then(ended())
      .by('R132')
      .told();
  });

  it('[R132] changes nothing the second time', () => {
    given(...two, shut)
      .when(shutsDown())
      .thenNothing()
      .by('R132');
    given(...two, shut)
      .when(shutsDown('receive'))
      .thenNothing();
  });

  it('[R144] [A30] with SD_RECEIVE alone is told to nobody', () => {
    given(...two)
      .when(shutsDown('receive'))
      .thenNothing()
      .by('R144')
      .told();
  });

  it('[R143] is for a root in a session', () => {
    const notJoined = { code: 'WSAENOTCONN', rule: 'R143' } as const;
    given().when(shutsDown()).thenRefused(notJoined);
    given(...two, ended())
      .when(shutsDown())
      .thenRefused(notJoined);
    given(...two)
      .when(shutsDown('both', carol.socket))
      .thenRefused(notJoined);
    given(groupOpened()).when(shutsDown()).thenRefused(notJoined);
  });
});

describe('ending a group', () => {
  const group = [groupOpened(), ...groupMember(bob, 'J1'), ...groupMember(carol, 'J2')] as const;

  it('[H7] gives FD_CLOSE to every member', () => {
    given(...group)
      .when(closesGroup)
      .then(ended('group-closed'))
      .by('H7')
      .told(fdClose(bob.socket), fdClose(carol.socket));
  });

  it('[H7] is for groups', () => {
    given(...two)
      .when(closesGroup)
      .thenRefused({ code: 'WSAEINVAL', rule: 'H7', facts: { control: 'rooted' } });
  });

  it('[H7] is done when it is done', () => {
    given(...group, ended('group-closed'))
      .when(closesGroup)
      .thenNothing()
      .by('H7');
    given().when(closesGroup).thenNothing();
    given(...two, shut)
      .when(closesGroup)
      .thenNothing();
  });
});

describe('losing a node', () => {
  it('[R135] breaks the session up when it was the root’s', () => {
    given(...two, asked(dave, 'J3'))
      .when(loses('ada'))
      .then(failed('J3', 'session-over'), ended('root-lost'))
      .by('R135')
      .told(
        fdConnect(dave.socket, 'J3', { code: 'WSAECONNREFUSED' }),
        fdClose(bob.link, 'WSAECONNABORTED'),
        fdClose(bob.socket, 'WSAECONNABORTED'),
        fdClose(carol.link, 'WSAECONNABORTED'),
        fdClose(carol.socket, 'WSAECONNABORTED'),
      );
  });

  it('[R135] gives the address of a root that had shut down back', () => {
    given(...two, shut)
      .when(loses('ada'))
      .then(ended('root-lost'))
      .by('R135')
      .told();
  });

  it('[H8] [R127] takes its members out, and both ends hear WSAECONNABORTED', () => {
    given(...two)
      .when(loses('bob'))
      .then(left(bob, 'node-lost'))
      .by('H8')
      .told(fdClose(bob.link, 'WSAECONNABORTED'), fdClose(bob.socket, 'WSAECONNABORTED'));
  });

  it('[H8] cancels what its sockets asked for', () => {
    given(...hall, asked(bob, 'J1'), asked(carol, 'J2'))
      .when(loses('bob'))
      .then(cancelled('J1', 'node-lost'))
      .told(withdrawn(root, 'J1'));
  });

  it('[H8] takes members of a group out, which nobody else hears', () => {
    given(groupOpened(), joinedGroup(bob, 'J1'), admitted(bob, 'J1', { link: null }))
      .when(loses('bob'))
      .then(left(bob, 'node-lost'))
      .told(fdClose(bob.socket, 'WSAECONNABORTED'));
  });

  it('[H8] lets an invitation to it wait: the next run of the node may listen there', () => {
    given(opened(), invited(bob, 'J1')).when(loses('bob')).thenNothing().by('H8');
  });

  it('[H10] means one run of it, and no node of a similar name', () => {
    given(...two)
      .when(loses('bob', 'run2'))
      .thenNothing();
    given(...two)
      .when(loses('ada', 'run2'))
      .thenNothing();
    given(...two)
      .when(loses('bo'))
      .thenNothing();
  });

  it('[H8] changes nothing where the node is unknown', () => {
    given().when(loses('ada')).thenNothing();
    given(...two, ended())
      .when(loses('ada'))
      .thenNothing();
    given(...two, shut)
      .when(loses('bob'))
      .thenNothing();
  });
});
