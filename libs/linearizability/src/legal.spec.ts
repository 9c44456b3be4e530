import { describe, expect, it } from '@jest/globals';
import { checkHistory, type CheckOptions } from './check.js';
import type { History, Input } from './history.js';
import {
  accepts,
  admitted,
  agrees,
  asks,
  closes,
  done,
  historyOf,
  inTurn,
  invites,
  listens,
  nothingChanged,
  opens,
  opensGroup,
  query,
  refused,
  rejects,
  root,
  sees,
  socketOf,
  started,
  type Line,
} from './testing.js';

const bob = socketOf('bob', 1);
const cy = socketOf('cy', 1);

const opened: Line = ['ada', 0, 1, opens(), done()];
const lobby = (capacity: number | null = null): Line => [
  'ada',
  0,
  1,
  opens({ admit: 'auto', capacity }),
  done(),
];
const listening: Line = ['ada', 2, 3, listens(), done()];

/** The history is legal, and what is looked for happened in this order. */
function holds(history: History, order: string | null = null, options: CheckOptions = {}): void {
  const result = checkHistory(history, options);
  expect(result).toMatchObject({ verdict: 'ok' });
  if (order === null) return;
  expect(result.order.map(({ commandId }) => commandId).join(' ')).toBe(order);
}

describe('one after the other', () => {
  it('nothing at all', () => {
    holds(historyOf(), '');
  });

  it('[R30] a root invites, the leaf accepts and leaves', () => {
    holds(
      inTurn(
        ['ada', opens(), done()],
        ['ada', invites('bob', 2), started('J1')],
        ['bob', agrees('bob', 'J1'), admitted('J1')],
        ['eve', query, sees([socketOf('bob', 2)])],
        ['bob', closes(socketOf('bob', 2)), done()],
        ['eve', query, sees([])],
      ),
      'c1 c2 c3 c4 c5 c6',
    );
  });

  it('[R37] a leaf asks, and the root accepts', () => {
    holds(
      inTurn(
        ['ada', opens(), done()],
        ['ada', listens(), done()],
        ['bob', asks('bob'), started('J1')],
        ['bob', asks('bob'), refused('WSAEALREADY')],
        ['ada', accepts('J1'), admitted('J1')],
        ['bob', asks('bob'), refused('WSAEISCONN')],
        ['ada', accepts('J1'), refused('WSAEACCES')],
      ),
    );
  });

  it('[R41] a group: nobody is asked, and the last place is the last', () => {
    holds(
      inTurn(
        ['bob', asks('bob'), refused('WSAECONNREFUSED')],
        ['op', opensGroup(1), done()],
        ['op', opensGroup(1), nothingChanged()],
        ['bob', asks('bob'), admitted('J1')],
        ['cy', asks('cy'), refused('WSAENOBUFS')],
        ['op', closes(null), done()],
      ),
    );
  });

  it('[R53] a root invites while a request waits', () => {
    holds(
      inTurn(
        ['ada', opens(), done()],
        ['ada', listens(), done()],
        ['bob', asks('bob'), started('J1')],
        ['ada', invites('cy', 2), started('J2')],
        ['ada', invites('dan', 3), refused('WSAEALREADY')],
        ['ada', accepts('J1'), admitted('J1')],
        ['cy', agrees('cy', 'J2'), admitted('J2')],
      ),
    );
  });

  it('[R145] a cancelled invitation frees its root, and closing twice changes nothing', () => {
    holds(
      inTurn(
        ['ada', opens(), done()],
        ['ada', invites('bob', 2), started('J1')],
        ['ada', closes(socketOf('ada', 2)), done()],
        ['ada', closes(socketOf('ada', 2)), nothingChanged()],
        ['bob', agrees('bob', 'J1'), refused('WSAEACCES')],
        ['ada', invites('bob', 3), started('J2')],
      ),
    );
  });

  it('[R12] an address is opened again, and its joins are counted on', () => {
    holds(
      inTurn(
        ['ada', opens({ admit: 'auto' }), done()],
        ['ada', listens(), done()],
        ['bob', asks('bob'), admitted('J1')],
        ['ada', closes(root), done()],
        ['ada', opens({ admit: 'auto' }), done()],
        ['bob', asks('bob'), refused('WSAECONNREFUSED')],
        ['ada', listens(), done()],
        ['bob', asks('bob'), admitted('J2')],
      ),
    );
  });

  it('[E11] whether an invited node is there is not for the session to know', () => {
    holds(
      inTurn(
        ['ada', opens(), done()],
        ['ada', invites('bob', 2), refused('WSAENETUNREACH')],
        ['ada', invites('bob', 2), started('J1')],
      ),
    );
  });

  it('[H13] who is turned away has done nothing', () => {
    holds(
      inTurn(
        ['ada', opens(), done()],
        ['ada', invites('bob', 2), { type: 'turned-away', code: 'WSAENOBUFS' }],
        ['ada', invites('bob', 2), started('J1')],
      ),
      'c1 c3',
    );
  });
});

describe('at the same time', () => {
  it('[R55] one of two invitations begins, whichever was called first', () => {
    holds(
      historyOf(
        opened,
        ['ada', 10, 30, invites('bob', 2), refused('WSAEALREADY')],
        ['ada', 20, 40, invites('cy', 3), started('J1')],
      ),
      'c1 c3 c2',
    );
  });

  it('[H5] one of two gets the last place', () => {
    holds(
      historyOf(
        lobby(1),
        listening,
        ['bob', 10, 20, asks('bob'), refused('WSAENOBUFS')],
        ['cy', 10, 20, asks('cy'), admitted('J1')],
      ),
      'c1 c2 c4 c3',
    );
  });

  it('a read sees a member before the member knows', () => {
    holds(
      historyOf(
        lobby(),
        listening,
        ['bob', 10, 40, asks('bob'), admitted('J1')],
        ['eve', 20, 22, query, sees([bob])],
        ['eve', 30, 32, query, sees([bob])],
      ),
    );
  });

  it('a read sees nobody while a join is under way', () => {
    holds(
      historyOf(
        lobby(),
        listening,
        ['bob', 10, 40, asks('bob'), admitted('J1')],
        ['eve', 20, 22, query, sees([])],
        ['eve', 30, 32, query, sees([bob])],
      ),
      'c1 c2 c4 c3 c5',
    );
  });

  it('[R147] an acceptance and a cancellation: the one that came first counts', () => {
    const race = (accept: Line, cancel: Line): History =>
      historyOf(opened, ['ada', 10, 12, invites('bob', 2), started('J1')], accept, cancel);
    const link = closes(socketOf('ada', 2));
    holds(
      race(['bob', 20, 30, agrees('bob', 'J1'), admitted('J1')], ['ada', 20, 30, link, done()]),
      'c1 c2 c3 c4',
    );
    holds(
      race(
        ['bob', 20, 30, agrees('bob', 'J1'), refused('WSAEACCES')],
        ['ada', 20, 30, link, done()],
      ),
      'c1 c2 c4 c3',
    );
  });

  it('one whose answer came when another was called may be before it or after it', () => {
    holds(
      historyOf(
        lobby(1),
        listening,
        ['bob', 10, 20, asks('bob'), refused('WSAENOBUFS')],
        ['cy', 20, 30, asks('cy'), admitted('J1')],
      ),
    );
  });
});

describe('without an answer', () => {
  it('a join took effect, as its number shows', () => {
    holds(
      historyOf(
        lobby(),
        listening,
        ['bob', 10, asks('bob')],
        ['cy', 20, 22, asks('cy'), admitted('J2')],
      ),
      'c1 c2 c3 c4',
    );
  });

  it('a join took no effect, as its number shows', () => {
    holds(
      historyOf(
        lobby(),
        listening,
        ['bob', 10, asks('bob')],
        ['cy', 20, 22, asks('cy'), admitted('J1')],
      ),
      'c1 c2 c4',
    );
  });

  it('a join took effect long after everybody had given it up', () => {
    holds(
      historyOf(
        lobby(),
        listening,
        ['bob', 10, asks('bob')],
        ['eve', 20, 22, query, sees([])],
        ['eve', 1_000, 1_001, query, sees([bob])],
      ),
      'c1 c2 c4 c3 c5',
    );
  });

  it('[R50] an invitation took effect: the next one is refused', () => {
    holds(
      historyOf(
        opened,
        ['ada', 10, invites('bob', 2)],
        ['ada', 20, 22, invites('cy', 3), refused('WSAEALREADY')],
        ['bob', 30, 32, agrees('bob', 'J1'), admitted('J1')],
      ),
      'c1 c2 c3 c4',
    );
  });

  it('[R50] an invitation took no effect: the next one begins', () => {
    holds(
      historyOf(
        opened,
        ['ada', 10, invites('bob', 2)],
        ['ada', 20, 22, invites('cy', 3), started('J1')],
        ['bob', 30, 32, agrees('bob', 'J1'), refused('WSAEINVAL')],
      ),
      'c1 c3 c4',
    );
  });

  it('a close took effect between two refusals of a full session and an admission', () => {
    holds(
      historyOf(
        lobby(1),
        listening,
        ['bob', 4, 5, asks('bob'), admitted('J1')],
        ['bob', 10, closes(bob)],
        ['cy', 20, 22, asks('cy'), refused('WSAENOBUFS')],
        ['cy', 30, 32, asks('cy'), admitted('J2')],
      ),
      'c1 c2 c3 c5 c4 c6',
    );
  });

  it('an answer that nobody knows counts as none', () => {
    holds(
      historyOf(
        lobby(),
        listening,
        ['bob', 10, 12, asks('bob'), { type: 'unknown' }],
        ['eve', 20, 22, query, sees([])],
        ['eve', 30, 32, query, sees([bob])],
      ),
      'c1 c2 c4 c3 c5',
    );
  });

  it('[E16] a join may have timed out', () => {
    holds(
      historyOf(
        opened,
        ['ada', 10, 11, invites('bob', 2), started('J1')],
        ['timer', 20, { type: 'expire', joins: ['J1'] }],
        ['ada', 30, 31, invites('cy', 3), refused('WSAEALREADY')],
        ['ada', 40, 41, invites('cy', 3), started('J2')],
      ),
      'c1 c2 c4 c3 c5',
    );
  });

  it('[H8] a node may have been lost, with its members and its requests', () => {
    holds(
      historyOf(
        lobby(),
        listening,
        ['bob', 10, 11, asks('bob', 1), admitted('J1')],
        ['bob', 12, 13, asks('bob', 2), admitted('J2')],
        ['cy', 12, 13, asks('cy'), admitted('J3')],
        ['keeper', 20, { type: 'lose', node: 'bob', incarnation: 'run1' }],
        ['eve', 30, 31, query, sees([cy])],
      ),
    );
  });

  it('two that are needed in the other order', () => {
    holds(
      historyOf(
        lobby(),
        listening,
        ['bob', 10, asks('bob')],
        ['cy', 11, asks('cy')],
        ['eve', 20, 22, query, sees([cy])],
        ['eve', 30, 32, query, sees([bob, cy])],
        ['dan', 40, 42, asks('dan'), admitted('J3')],
      ),
      'c1 c2 c4 c5 c3 c6 c7',
    );
  });
});

// The same session is reached in two ways, and what is left over from one of them is needed later.
describe('what is left over', () => {
  const bob2 = socketOf('bob', 2);
  const leaves = closes(bob);
  const isLost: Input = { type: 'lose', node: 'bob', incarnation: 'run1' };

  it('is something else, whichever was tried first', () => {
    holds(
      historyOf(
        lobby(),
        listening,
        ['bob', 10, 11, asks('bob', 1), admitted('J1')],
        ['keeper', 20, isLost],
        ['bob', 21, leaves],
        ['eve', 30, 31, query, sees([])],
        ['bob', 40, 41, asks('bob', 1), admitted('J2')],
        ['bob', 42, 43, asks('bob', 2), admitted('J3')],
        ['eve', 50, 51, query, sees([bob, bob2])],
        ['eve', 60, 61, query, sees([])],
      ),
      'c1 c2 c3 c5 c6 c7 c8 c9 c4 c10',
    );
  });

  it('is more, though the way with less was tried later', () => {
    holds(
      historyOf(
        lobby(),
        listening,
        ['bob', 10, 11, asks('bob', 1), admitted('J1')],
        ['bob', 12, 13, asks('bob', 2), admitted('J2')],
        ['cy', 14, 15, asks('cy'), admitted('J3')],
        ['dan', 16, 17, asks('dan'), admitted('J4')],
        ['bob', 20, leaves],
        ['keeper', 21, isLost],
        ['cy', 22, closes(cy)],
        ['dan', 23, closes(socketOf('dan', 1))],
        ['eve', 30, 31, query, sees([bob, bob2, cy, socketOf('dan', 1)])],
        ['eve', 32, 33, query, sees([bob, bob2])],
        ['eve', 34, 35, query, sees([])],
        ['bob', 40, 41, asks('bob', 1), admitted('J5')],
        ['eve', 50, 51, query, sees([bob])],
        ['eve', 60, 61, query, sees([])],
      ),
      'c1 c2 c3 c4 c5 c6 c11 c9 c10 c12 c8 c13 c14 c15 c7 c16',
    );
  });
});

describe('with revisions', () => {
  it('several decisions of one commit are in any order', () => {
    holds(
      historyOf(
        ['ada', 0, 1, opens({ admit: 'auto' }), done(1)],
        ['ada', 2, 3, listens(), done(2)],
        ['bob', 10, 20, asks('bob'), admitted('J2', 3)],
        ['cy', 10, 20, asks('cy'), admitted('J1', 3)],
        ['bob', 10, 30, closes(bob), done(3)],
        ['eve', 30, 31, query, sees([cy], 3)],
      ),
      'c1 c2 c4 c3 c5 c6',
    );
  });

  it('what changed nothing names the last commit, or the one that it was decided beside', () => {
    const stranger = closes(socketOf('dan', 7));
    const told = (revision: number): History =>
      historyOf(
        ['ada', 0, 1, opens({ admit: 'auto' }), done(1)],
        ['dan', 10, 40, stranger, nothingChanged(revision)],
        ['ada', 10, 40, listens(), done(2)],
        ['bob', 50, 51, asks('bob'), admitted('J1', 3)],
      );
    holds(told(1));
    holds(told(2));
    expect(checkHistory(told(3)).verdict).toBe('ok');
    expect(checkHistory(told(4)).verdict).toBe('illegal');
  });

  it('a refusal within a commit names the one before it', () => {
    const within = { revision: 2, decisions: 1 };
    holds(
      historyOf(
        ['ada', 0, 1, opens({ admit: 'auto', capacity: 1 }), done(1)],
        ['ada', 2, 3, listens(), done(2)],
        ['bob', 10, 20, asks('bob'), admitted('J1', 3)],
        ['cy', 10, 20, asks('cy'), { type: 'refused', code: 'WSAENOBUFS', basedOn: within }],
      ),
      'c1 c2 c3 c4',
    );
  });

  it('a stale refusal stands at its basis, where that is allowed', () => {
    holds(
      historyOf(
        ['ada', 0, 1, opens(), done(1)],
        ['ada', 2, 3, invites('bob', 2), started('J1', 2)],
        ['bob', 4, 5, rejects('J1', 'bob'), done(3)],
        ['ada', 6, 7, invites('cy', 3), started('J2', 4)],
        ['cy', 8, 9, agrees('cy', 'J2'), admitted('J2', 5)],
        ['ada', 10, 11, invites('dan', 4), refused('WSAEALREADY', 2)],
        ['ada', 12, 13, invites('dan', 4), refused('WSAEALREADY', 4)],
        ['ada', 14, 15, invites('dan', 4), started('J3', 6)],
      ),
      'c1 c2 c6 c3 c4 c7 c5 c8',
      { staleRefusals: true, revisions: false },
    );
  });

  it('a stale refusal may be older than what nobody answered', () => {
    holds(
      historyOf(
        ['ada', 0, 1, opens(), done(1)],
        ['ada', 2, 3, invites('bob', 2), started('J1', 2)],
        ['timer', 4, { type: 'expire', joins: ['J1'] }],
        ['ada', 6, 7, invites('cy', 3), started('J2', 4)],
        ['cy', 8, 9, agrees('cy', 'J2'), admitted('J2', null)],
        ['ada', 10, 11, invites('dan', 4), refused('WSAEALREADY', 2)],
        ['ada', 14, 15, invites('dan', 4), started('J3', 6)],
      ),
      null,
      { staleRefusals: true },
    );
  });
});
