import { describe, expect, it } from '@jest/globals';
import {
  admitted,
  asked,
  bob,
  carol,
  dave,
  deferred,
  ended,
  groupMember,
  groupOpened,
  invited,
  listening,
  madeLink,
  member,
  opened,
  root,
  shut,
  socket,
  timedOut,
} from './cast.js';
import {
  holdsNode,
  joinById,
  nextDeadline,
  outstanding,
  isTaken,
  type OpenSession,
  type Session,
} from './session.js';
import { sessionAfter } from './testing.js';

const crowd = sessionAfter(
  opened(),
  listening(),
  ...member(bob, 'J1'),
  asked(carol, 'J2', { deadlineAt: 4_000 }),
  invited(dave, 'J3', { deadlineAt: 3_000 }),
);

describe('outstanding joins', () => {
  it('[R25] are the invitation, then the requests as they arrived', () => {
    const session = open(
      sessionAfter(opened(), asked(carol, 'J1'), asked(bob, 'J2'), invited(dave, 'J3')),
    );
    expect(outstanding(session).map(({ id }) => id)).toEqual(['J3', 'J1', 'J2']);
  });

  it('[R83] keep their place when they are deferred', () => {
    const session = open(
      sessionAfter(opened(), asked(bob, 'J1'), asked(carol, 'J2'), deferred('J1')),
    );
    expect(outstanding(session).map(({ id, deferred: is }) => [id, is])).toEqual([
      ['J1', true],
      ['J2', false],
    ]);
  });

  it('are found by id', () => {
    expect(joinById(open(crowd), 'J2')).toMatchObject({ caller: carol.socket });
    expect(joinById(open(crowd), 'J3')).toMatchObject({ link: dave.link });
    expect(joinById(open(crowd), 'J1')).toBeUndefined();
  });

  it('[E16] name the next deadline', () => {
    expect(nextDeadline(crowd)).toBe(3_000);
    expect(nextDeadline(sessionAfter(opened()))).toBeNull();
    expect(nextDeadline(sessionAfter())).toBeNull();
    expect(nextDeadline(sessionAfter(opened(), asked(bob, 'J1'), timedOut('J1')))).toBeNull();
    expect(nextDeadline(sessionAfter(opened(), asked(bob, 'J1'), shut))).toBeNull();
    const group = sessionAfter(groupOpened(), asked(bob, 'J1', { deadlineAt: null }));
    expect(nextDeadline(group)).toBeNull();
  });
});

describe('the sockets that a session knows', () => {
  it('[R33] are its root, its links, its members, and who waits', () => {
    for (const known of [root, bob.socket, bob.link, carol.socket, dave.link]) {
      expect(isTaken(open(crowd), known)).toBe(true);
    }
    expect(isTaken(open(crowd), madeLink('J9'))).toBe(true);
    for (const stranger of [bob.listener, dave.socket, carol.link, socket('ada', 1, 'run2')]) {
      expect(isTaken(open(crowd), stranger)).toBe(false);
    }
  });

  it('[H8] say which runs of nodes it concerns', () => {
    expect(holdsNode(crowd, 'ada', 'run1')).toBe(true);
    expect(holdsNode(crowd, 'bob', 'run1')).toBe(true);
    expect(holdsNode(crowd, 'carol', 'run1')).toBe(true);
    expect(holdsNode(crowd, 'dave', 'run1')).toBe(false);
    expect(holdsNode(crowd, 'bob', 'run2')).toBe(false);
    expect(holdsNode(sessionAfter(), 'ada', 'run1')).toBe(false);
    expect(holdsNode(sessionAfter(opened(), ...member(bob, 'J1'), shut), 'ada', 'run1')).toBe(true);
    expect(holdsNode(sessionAfter(opened(), ...member(bob, 'J1'), shut), 'bob', 'run1')).toBe(
      false,
    );
    expect(holdsNode(sessionAfter(opened(), ended()), 'ada', 'run1')).toBe(false);
    const group = sessionAfter(groupOpened(), ...groupMember(bob, 'J1'));
    expect(holdsNode(group, 'bob', 'run1')).toBe(true);
    expect(holdsNode(group, 'ada', 'run1')).toBe(false);
  });
});

describe('members', () => {
  it('[R110] [R113] keep the flags they joined with', () => {
    const request = asked(bob, 'J1', { flags: 'receiver-only' });
    const session = open(sessionAfter(opened(), request, admitted(bob, 'J1')));
    expect(session.members.get(bob.socket)).toEqual({
      kind: 'request',
      leaf: bob.socket,
      link: bob.link,
      address: bob.at,
      join: 'J1',
      flags: 'receiver-only',
    });
  });
});

function open(session: Session): OpenSession {
  if (session.phase !== 'open') throw new Error(`the session is ${session.phase}`);
  return session;
}
