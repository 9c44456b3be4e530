import { describe, expect, it } from '@jest/globals';
import { checkHistory, type CheckOptions } from './check.js';
import type { History } from './history.js';
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

// What no session can have told its clients, one promise broken in each history.

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

/** The history is illegal, and this operation is what nobody can explain. */
function breaksAt(commandId: string, history: History, options: CheckOptions = {}): void {
  const result = checkHistory(history, options);
  expect(result.verdict).toBe('illegal');
  if (result.verdict === 'illegal') expect(result.unexplained.commandId).toBe(commandId);
}

describe('one outstanding join', () => {
  it('[R50] two invitations of a root are both begun', () => {
    breaksAt(
      'c3',
      historyOf(
        opened,
        ['ada', 10, 12, invites('bob', 2), started('J1')],
        ['ada', 13, 15, invites('cy', 3), started('J2')],
      ),
    );
  });

  it('[R55] of two invitations at the same time both begin', () => {
    const history = historyOf(
      opened,
      ['ada', 10, 20, invites('bob', 2), started('J1')],
      ['ada', 10, 20, invites('cy', 3), started('J2')],
    );
    breaksAt('c3', history);
  });

  it('[R50] WSAEALREADY where nothing was ever outstanding', () => {
    breaksAt(
      'c2',
      inTurn(['ada', opens(), done()], ['ada', invites('bob', 2), refused('WSAEALREADY')]),
    );
  });

  it('[R54] WSAEALREADY after the outstanding invitation had ended', () => {
    breaksAt(
      'c4',
      inTurn(
        ['ada', opens(), done()],
        ['ada', invites('bob', 2), started('J1')],
        ['bob', agrees('bob', 'J1'), admitted('J1')],
        ['ada', invites('cy', 3), refused('WSAEALREADY')],
      ),
    );
  });

  it('[R145] WSAEALREADY after the link was closed', () => {
    breaksAt(
      'c4',
      inTurn(
        ['ada', opens(), done()],
        ['ada', invites('bob', 2), started('J1')],
        ['ada', closes(socketOf('ada', 2)), done()],
        ['ada', invites('cy', 3), refused('WSAEALREADY')],
      ),
    );
  });

  it('[R50] a leaf whose request waits asks once more, and that request waits as well', () => {
    breaksAt(
      'c4',
      historyOf(
        opened,
        listening,
        ['bob', 10, 12, asks('bob'), started('J1')],
        ['bob', 13, 15, asks('bob', 1, 2), started('J2')],
      ),
    );
  });

  it('[R58] the end of a join is answered, and the next invitation is still refused', () => {
    breaksAt(
      'c4',
      inTurn(
        ['ada', opens(), done()],
        ['ada', invites('bob', 2), started('J1')],
        ['bob', rejects('J1', 'bob'), done()],
        ['ada', invites('bob', 3), refused('WSAEALREADY')],
      ),
    );
  });
});

describe('places', () => {
  it('[H5] one more member than there are places', () => {
    const history = historyOf(
      lobby(1),
      listening,
      ['bob', 10, 20, asks('bob'), admitted('J1')],
      ['cy', 10, 20, asks('cy'), admitted('J2')],
    );
    breaksAt('c4', history);
  });

  it('[H5] the last place is given to a request while an invitation holds it', () => {
    breaksAt(
      'c5',
      inTurn(
        ['ada', opens({ capacity: 1 }), done()],
        ['ada', listens(), done()],
        ['ada', invites('bob', 2), started('J1')],
        ['cy', asks('cy'), refused('WSAENOBUFS')],
        ['cy', asks('cy'), started('J2')],
      ),
    );
  });

  it('[H5] WSAENOBUFS with a place left', () => {
    breaksAt(
      'c3',
      historyOf(lobby(1), listening, ['bob', 10, 12, asks('bob'), refused('WSAENOBUFS')]),
    );
  });

  it('[R48] the place of a member who left is not given again', () => {
    breaksAt(
      'c4',
      inTurn(
        ['op', opensGroup(1), done()],
        ['bob', asks('bob'), admitted('J1')],
        ['bob', closes(bob), done()],
        ['cy', asks('cy'), refused('WSAENOBUFS')],
      ),
    );
  });

  it('[R23] more requests wait than the backlog has room for', () => {
    breaksAt(
      'c4',
      inTurn(
        ['ada', opens(), done()],
        ['ada', listens(1), done()],
        ['bob', asks('bob'), started('J1')],
        ['cy', asks('cy'), started('J2')],
      ),
    );
  });
});

describe('members', () => {
  it('a lost admission: a member who was told so is gone', () => {
    breaksAt(
      'c4',
      historyOf(
        lobby(),
        listening,
        ['bob', 10, 12, asks('bob'), admitted('J1')],
        ['eve', 20, 22, query, sees([])],
      ),
    );
  });

  it('a phantom: a member who never asked', () => {
    breaksAt('c3', historyOf(lobby(), listening, ['eve', 20, 22, query, sees([bob])]));
  });

  it('an admission that was refused is seen all the same', () => {
    breaksAt(
      'c5',
      historyOf(
        lobby(1),
        listening,
        ['bob', 10, 12, asks('bob'), admitted('J1')],
        ['cy', 13, 14, asks('cy'), refused('WSAENOBUFS')],
        ['eve', 20, 22, query, sees([bob, cy])],
      ),
    );
  });

  it('a stale read: a member is seen after it was told that it has left', () => {
    breaksAt(
      'c5',
      historyOf(
        lobby(),
        listening,
        ['bob', 10, 12, asks('bob'), admitted('J1')],
        ['bob', 13, 14, closes(bob), done()],
        ['eve', 20, 22, query, sees([bob])],
      ),
    );
  });

  it('two reads that go back in time', () => {
    breaksAt(
      'c5',
      historyOf(
        lobby(),
        listening,
        ['bob', 10, 40, asks('bob'), admitted('J1')],
        ['eve', 20, 22, query, sees([bob])],
        ['eve', 23, 24, query, sees([])],
      ),
    );
  });

  it('[R57] one socket is admitted twice', () => {
    breaksAt(
      'c4',
      historyOf(
        lobby(),
        listening,
        ['bob', 10, 12, asks('bob'), admitted('J1')],
        ['bob', 13, 14, asks('bob', 1, 2), admitted('J2')],
      ),
    );
  });

  it('[R59] one endpoint is admitted twice', () => {
    breaksAt(
      'c4',
      historyOf(
        lobby(),
        listening,
        ['bob', 10, 12, asks('bob'), admitted('J1')],
        ['bob', 13, 14, asks('bob', 2, 1), admitted('J2')],
      ),
    );
  });

  it('[R57] WSAEISCONN for somebody who is no member', () => {
    breaksAt(
      'c3',
      historyOf(lobby(), listening, ['bob', 10, 12, asks('bob'), refused('WSAEISCONN')]),
    );
  });
});

describe('answers to a join', () => {
  const asked: readonly Line[] = [opened, listening, ['bob', 10, 12, asks('bob'), started('J1')]];

  it('[R87] one request is accepted twice', () => {
    breaksAt(
      'c5',
      historyOf(
        ...asked,
        ['ada', 20, 22, accepts('J1'), admitted('J1')],
        ['ada', 23, 24, accepts('J1'), admitted('J1')],
      ),
    );
  });

  it('[R82] a request that was rejected is admitted', () => {
    breaksAt(
      'c5',
      historyOf(
        ...asked,
        ['ada', 20, 22, rejects('J1'), done()],
        ['ada', 23, 24, accepts('J1'), admitted('J1')],
      ),
    );
  });

  it('[R147] a cancelled join succeeds afterwards', () => {
    breaksAt(
      'c5',
      historyOf(
        ...asked,
        ['bob', 20, 22, closes(bob), done()],
        ['ada', 23, 24, accepts('J1'), admitted('J1')],
      ),
    );
  });

  it('[R87] accepted and rejected at the same time, and both did something', () => {
    const history = historyOf(
      ...asked,
      ['ada', 20, 30, rejects('J1'), done()],
      ['ada', 20, 30, accepts('J1'), admitted('J1')],
    );
    breaksAt('c5', history);
  });

  it('[R87] WSAEACCES while the request waits', () => {
    breaksAt('c4', historyOf(...asked, ['ada', 20, 22, accepts('J1'), refused('WSAEACCES')]));
  });

  it('an answer to a join that nobody asked for yet', () => {
    breaksAt(
      'c3',
      historyOf(
        opened,
        listening,
        ['ada', 4, 6, accepts('J1'), admitted('J1')],
        ['bob', 10, 12, asks('bob'), started('J1')],
      ),
    );
  });

  it('an answer is contradicted later: who was admitted closes, and was nobody', () => {
    breaksAt(
      'c5',
      historyOf(
        ...asked,
        ['ada', 20, 22, accepts('J1'), admitted('J1')],
        ['bob', 23, 24, closes(bob), nothingChanged()],
      ),
    );
  });

  it('two joins have one number', () => {
    breaksAt('c4', historyOf(...asked, ['cy', 13, 14, asks('cy'), started('J1')]));
  });

  it('a number is left out, and no call without an answer explains it', () => {
    breaksAt('c4', historyOf(...asked, ['cy', 13, 14, asks('cy'), started('J3')]));
  });
});

// A call had no answer and was made again, and while the repetition got one, its first try was recorded after all.
describe('answers to a repetition', () => {
  it('[H9] a request is refused, and then it is on record', () => {
    breaksAt(
      'c6',
      historyOf(
        opened,
        listening,
        ['bob', 10, 12, asks('bob', 1, 2), started('J1')],
        ['bob', 20, 31, asks('bob', 2, 2), refused('WSAEALREADY')],
        ['ada', 20, 34, rejects('J1'), done()],
        ['cy', 40, 42, asks('cy'), started('J3')],
      ),
    );
  });

  it('[H9] a close finds nothing to close, and then it ends what began at the same time', () => {
    breaksAt(
      'c5',
      historyOf(
        lobby(),
        listening,
        ['bob', 10, 30, asks('bob'), admitted('J1')],
        ['bob', 12, 25, closes(bob), nothingChanged()],
        ['eve', 40, 42, query, sees([])],
      ),
    );
  });
});

describe('the session', () => {
  it('[R12] two roots open one address', () => {
    const other = { ...opens(), root: socketOf('bob', 1) } as ReturnType<typeof opens>;
    breaksAt('c2', historyOf(opened, ['bob', 2, 3, other, done()]));
  });

  it('[R35] WSAECONNREFUSED where the root listens', () => {
    breaksAt(
      'c3',
      historyOf(opened, listening, ['bob', 4, 5, asks('bob'), refused('WSAECONNREFUSED')]),
    );
  });

  it('[R35] a request is taken before anybody listens', () => {
    breaksAt('c2', historyOf(opened, ['bob', 4, 5, asks('bob'), started('J1')]));
  });

  it('[R131] somebody is admitted after the root has closed', () => {
    breaksAt(
      'c4',
      historyOf(
        lobby(),
        listening,
        ['ada', 4, 5, closes(root), done()],
        ['bob', 6, 7, asks('bob'), admitted('J1')],
      ),
    );
  });

  it('[R131] members stay although the root has closed', () => {
    breaksAt(
      'c5',
      historyOf(
        lobby(),
        listening,
        ['bob', 4, 5, asks('bob'), admitted('J1')],
        ['ada', 6, 7, closes(root), done()],
        ['eve', 8, 9, query, sees([bob])],
      ),
    );
  });
});

describe('calls without an answer', () => {
  it('explain one admission, and not two', () => {
    breaksAt(
      'c5',
      historyOf(
        lobby(),
        listening,
        ['bob', 10, asks('bob')],
        ['cy', 11, asks('cy')],
        ['eve', 20, 22, query, sees([bob, cy, socketOf('dan', 1)])],
      ),
    );
  });

  it('explain nothing that was answered before they were made', () => {
    breaksAt(
      'c3',
      historyOf(lobby(), listening, ['eve', 20, 22, query, sees([bob])], ['bob', 30, asks('bob')]),
    );
  });

  it('happen once: who was seen and then missing does not come back', () => {
    breaksAt(
      'c7',
      historyOf(
        lobby(),
        listening,
        ['bob', 10, asks('bob')],
        ['bob', 11, closes(bob)],
        ['eve', 20, 22, query, sees([bob])],
        ['eve', 30, 32, query, sees([])],
        ['eve', 40, 42, query, sees([bob])],
      ),
    );
  });
});

describe('revisions', () => {
  it('go back although the one answer was there before the other call', () => {
    const history = historyOf(
      ['ada', 0, 1, opens({ admit: 'auto' }), done(1)],
      ['ada', 2, 3, listens(), done(2)],
      ['bob', 10, 12, asks('bob'), admitted('J1', 4)],
      ['cy', 20, 22, asks('cy'), admitted('J2', 3)],
    );
    breaksAt('c4', history);
    expect(checkHistory(history, { revisions: false }).verdict).toBe('ok');
  });

  it('are not those of the order that explains the answers', () => {
    const history = historyOf(
      ['ada', 0, 1, opens({ admit: 'auto' }), done(1)],
      ['ada', 2, 3, listens(), done(2)],
      ['bob', 10, 30, asks('bob'), admitted('J1', 4)],
      ['cy', 10, 30, asks('cy'), admitted('J2', 3)],
    );
    breaksAt('c4', history);
    expect(checkHistory(history, { revisions: false }).verdict).toBe('ok');
  });

  it('a refusal is wrong at the revision that it names, though it would be right at another', () => {
    const history = historyOf(
      ['ada', 0, 1, opens({ admit: 'auto', capacity: 1 }), done(1)],
      ['ada', 2, 3, listens(), done(2)],
      ['bob', 10, 30, asks('bob'), admitted('J1', 3)],
      ['cy', 10, 30, asks('cy'), refused('WSAENOBUFS', 2)],
    );
    breaksAt('c4', history);
    breaksAt('c4', history, { staleRefusals: true });
    expect(checkHistory(history, { revisions: false }).verdict).toBe('ok');
  });

  it('a stale refusal is one, unless stale ones are allowed', () => {
    const history = historyOf(
      ['ada', 0, 1, opens(), done(1)],
      ['ada', 2, 3, invites('bob', 2), started('J1', 2)],
      ['bob', 4, 5, agrees('bob', 'J1'), admitted('J1', 3)],
      ['ada', 6, 7, invites('cy', 3), refused('WSAEALREADY', 2)],
    );
    breaksAt('c4', history);
    breaksAt('c4', history, { revisions: false });
    expect(checkHistory(history, { staleRefusals: true }).verdict).toBe('ok');
  });

  it('a refusal is based on what was not yet the case when it was told, stale or not', () => {
    const history = historyOf(
      ['ada', 0, 1, opens(), done(1)],
      ['ada', 2, 3, invites('bob', 2), refused('WSAEALREADY', 2)],
      ['ada', 4, 5, invites('cy', 3), started('J1', 2)],
    );
    expect(checkHistory(history).verdict).toBe('illegal');
    expect(checkHistory(history, { staleRefusals: true }).verdict).toBe('illegal');
  });
});
