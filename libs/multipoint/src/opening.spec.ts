import { describe, it } from '@jest/globals';
import {
  admitted,
  asked,
  asks,
  bob,
  carol,
  changesPolicy,
  conf,
  dave,
  deferred,
  ended,
  failed,
  fdConnect,
  groupOpened,
  invited,
  invites,
  listening,
  listens,
  member,
  news,
  opened,
  opens,
  opensGroup,
  policyChanged,
  root,
  shut,
  socket,
  withdrawn,
} from './cast.js';
import { backlogMax } from './opening.js';
import { winsockPolicy } from './policy.js';
import { given } from './testing.js';

const policy = winsockPolicy;

describe('opening a session', () => {
  it('[R8] has one root, and nobody hears of it', () => {
    given().when(opens()).then(opened()).by('R8').told();
  });

  it('[R8] starts without members, a listener or a join', () => {
    given(opened()).when(listens(1)).then(listening(1));
    given(opened())
      .when(asks(bob))
      .thenRefused({ code: 'WSAECONNREFUSED', rule: 'R35', facts: { listening: false } });
  });

  it('[R12] is refused while a root holds the address', () => {
    given(opened())
      .when(opens({}, { root: socket('carol', 3) }))
      .thenRefused({ code: 'WSAEADDRINUSE', rule: 'R12', facts: { heldBy: root } });
    given(opened()).when(opens()).thenRefused({ code: 'WSAEADDRINUSE', rule: 'R12' });
  });

  it('[R12] [R132] is refused while a root that shut down still holds its descriptor', () => {
    given(opened(), shut)
      .when(opens({}, { root: socket('carol', 3) }))
      .thenRefused({ code: 'WSAEADDRINUSE', rule: 'R12', facts: { heldBy: root } });
  });

  it('[R8] counts incarnations, and its joins go on counting over them', () => {
    given(opened(), ended())
      .when(opens())
      .then(opened({}, { incarnation: 2 }));
    const reopened = opened({}, { incarnation: 2 });
    given(opened(), listening(), ...member(bob, 'J1'), ended(), reopened, listening())
      .when(asks(bob))
      .then(asked(bob, 'J2'));
  });

  it('[H1] keeps the policy it was opened with', () => {
    given(opened({ capacity: 1 }), listening(), ...member(bob, 'J1'))
      .when(asks(carol))
      .thenRefused({ code: 'WSAENOBUFS', rule: 'H5', facts: { capacity: 1, members: 1 } });
  });
});

describe('setting up a group', () => {
  it('[R42] [R7] has no root', () => {
    given().when(opensGroup()).then(groupOpened()).by('R42');
  });

  it('[R42] is done when it is there already with the same policy', () => {
    given(groupOpened()).when(opensGroup()).thenNothing().by('R42');
  });

  it('[R12] is refused when it is there with another policy, or kept by a root', () => {
    given(groupOpened())
      .when(opensGroup({ capacity: 9 }))
      .thenRefused({ code: 'WSAEADDRINUSE', rule: 'R12', facts: { heldBy: null } });
    given(opened())
      .when(opens({}, { root: null, control: 'nonrooted' }))
      .thenRefused({ code: 'WSAEADDRINUSE', rule: 'R12' });
    given(groupOpened())
      .when(opens({}, { address: news }))
      .thenRefused({ code: 'WSAEADDRINUSE', rule: 'R12' });
  });
});

describe('listening', () => {
  it('[R22] records how many requests may wait', () => {
    given(opened()).when(listens(7)).then(listening(7)).by('R22').told();
  });

  it('[R22] replaces an illegal backlog by the nearest legal one, silently', () => {
    given(opened()).when(listens(-5)).then(listening(1));
    given(opened()).when(listens(0)).then(listening(1));
    given(opened()).when(listens(1e9)).then(listening(backlogMax));
    given(opened()).when(listens(2.9)).then(listening(2));
  });

  it('[R22] changes nothing when it is repeated', () => {
    given(opened(), listening(7)).when(listens(7)).thenNothing().by('R22');
  });

  it('[R22] drops the youngest requests beyond a shorter backlog', () => {
    const waiting = [asked(bob, 'J1'), asked(carol, 'J2'), asked(dave, 'J3')];
    given(opened(), listening(5), ...waiting)
      .when(listens(1))
      .then(listening(1), failed('J2', 'backlog-trimmed'), failed('J3', 'backlog-trimmed'))
      .told(
        fdConnect(carol.socket, 'J2', { code: 'WSAECONNREFUSED' }),
        withdrawn(root, 'J2'),
        fdConnect(dave.socket, 'J3', { code: 'WSAECONNREFUSED' }),
        withdrawn(root, 'J3'),
      );
  });

  it('[R22] keeps the requests that fit, deferred ones among them, and the invitation', () => {
    given(opened(), listening(5), invited(dave, 'J1'), asked(bob, 'J2'), deferred('J2'))
      .when(listens(1))
      .then(listening(1));
  });

  it('[A21] is open to a root that has members already', () => {
    given(opened(), invited(bob, 'J1'), admitted(bob, 'J1')).when(listens(3)).then(listening(3));
  });

  it('[E13] is for the root alone', () => {
    const notRoot = { code: 'WSAENOTSOCK', rule: 'E13' } as const;
    given().when(listens(3)).thenRefused(notRoot);
    given(opened(), ended()).when(listens(3)).thenRefused(notRoot);
    given(opened()).when(listens(3, bob.socket)).thenRefused(notRoot);
    given(opened())
      .when(listens(3, socket('ada', 1, 'run2')))
      .thenRefused(notRoot);
    given(groupOpened()).when(listens(3)).thenRefused(notRoot);
  });

  it('[R143] is over after shutdown', () => {
    given(opened(), shut).when(listens(3)).thenRefused({ code: 'WSAESHUTDOWN', rule: 'R143' });
    given(opened(), shut)
      .when(listens(3, bob.socket))
      .thenRefused({ code: 'WSAENOTSOCK', rule: 'E13' });
  });
});

describe('changing the policy', () => {
  it('[H1] is an event, and what is left out stays as it is', () => {
    given(opened({ capacity: 3 }))
      .when(changesPolicy({ admit: 'auto' }))
      .then(policyChanged({ capacity: 3, admit: 'auto' }))
      .by('H1')
      .told();
  });

  it('[H1] changes nothing when nothing differs', () => {
    given(opened({ deny: ['dave'] }))
      .when(changesPolicy({ deny: ['dave'], joinDeadlineMs: policy.joinDeadlineMs }))
      .thenNothing()
      .by('H1');
    given(opened()).when(changesPolicy({})).thenNothing();
  });

  it('[H1] holds for whoever comes afterwards, and turns nobody out', () => {
    given(opened(), listening(), ...member(bob, 'J1'), ...member(carol, 'J2'))
      .when(changesPolicy({ capacity: 1 }))
      .then(policyChanged({ capacity: 1 }));
    given(opened(), listening(), policyChanged({ deny: ['bob'] }))
      .when(asks(bob))
      .thenRefused({ code: 'WSAECONNREFUSED', rule: 'H4', facts: { denied: 'bob' } });
  });

  it('[H1] is for the root, or for anybody in a group', () => {
    const capacity = { capacity: 5 };
    given(groupOpened()).when(changesPolicy(capacity, null)).then(policyChanged(capacity));
    const notRoot = { code: 'WSAENOTSOCK', rule: 'E13' } as const;
    given(opened()).when(changesPolicy(capacity, null)).thenRefused(notRoot);
    given(opened()).when(changesPolicy(capacity, bob.socket)).thenRefused(notRoot);
    given(opened(), ended()).when(changesPolicy(capacity)).thenRefused(notRoot);
    given().when(changesPolicy(capacity)).thenRefused(notRoot);
  });

  it('[R143] is over after shutdown', () => {
    given(opened(), shut)
      .when(changesPolicy({ capacity: 5 }))
      .thenRefused({ code: 'WSAESHUTDOWN', rule: 'R143' });
  });
});

describe('a closed session', () => {
  it('[R35] [R135] refuses who asks, and says how far the session got', () => {
    const closed = { code: 'WSAECONNREFUSED', rule: 'R35', facts: { session: 'closed' } } as const;
    given(opened(), listening(), ended()).when(asks(bob)).thenRefused(closed);
    given(opened(), listening(), ended('root-lost')).when(asks(bob)).thenRefused(closed);
    given(opened(), listening(), shut)
      .when(asks(bob))
      .thenRefused({ ...closed, facts: { session: 'shut' } });
    given()
      .when(asks(bob))
      .thenRefused({ ...closed, facts: { session: 'unopened' } });
  });

  it('[E13] knows its former root no more', () => {
    given(opened(), ended()).when(invites(bob)).thenRefused({ code: 'WSAENOTSOCK', rule: 'E13' });
    given(opened({}, { address: conf }), shut)
      .when(invites(bob))
      .thenRefused({ code: 'WSAESHUTDOWN', rule: 'R143' });
  });
});
