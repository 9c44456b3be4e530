import { describe, expect, it } from '@jest/globals';
import { checkHistory } from './check.js';
import { explain } from './explain.js';
import {
  admitted,
  asks,
  done,
  historyOf,
  inTurn,
  listens,
  opens,
  query,
  sees,
  started,
} from './testing.js';

describe('an explanation', () => {
  it('says what nothing explains, what the session would have answered, and what led there', () => {
    const history = inTurn(
      ['ada', opens({ admit: 'auto', capacity: 1 }), done(1)],
      ['ada', listens(), done(2)],
      ['bob', asks('bob'), admitted('J1', 3)],
      ['cy', asks('cy'), admitted('J2', 4)],
    );
    expect(explain(checkHistory({ ...history, seed: 7 }))).toBe(
      [
        'conf-7 (seed 7): illegal, 4 steps',
        '  nothing explains',
        '  cy c4 [30, 35] join cy/run1/1 at cy:1: admitted as J2 (revision 4)',
        '  where the session answers: refused WSAENOBUFS',
        '  because it is open by ada/run1/1, auto, 1 places; backlog 5; 1 joins so far; ' +
          'invitation none; requests none; members bob/run1/1',
        '  after',
        '    ada c1 [0, 5] open ada/run1/1, auto, 1 places: accepted (revision 1)',
        '    ada c2 [10, 15] listen ada/run1/1, backlog 5: accepted (revision 2)',
        '    bob c3 [20, 25] join bob/run1/1 at bob:1: admitted as J1 (revision 3)',
      ].join('\n'),
    );
  });

  it('says which two answers contradict each other by their revisions', () => {
    const history = historyOf(
      ['ada', 0, 1, opens(), done(1)],
      ['ada', 2, 3, listens(), done(2)],
      ['bob', 10, 12, asks('bob'), started('J1', 4)],
      ['cy', 20, 22, asks('cy'), started('J2', 3)],
    );
    expect(explain(checkHistory(history)).split('\n')).toEqual([
      'conf-7: illegal, 0 steps',
      '  cy c4 [20, 22] join cy/run1/1 at cy:1: started as J2 (revision 3)',
      '  names an earlier revision than this, which had its answer before the other was called:',
      '  bob c3 [10, 12] join bob/run1/1 at bob:1: started as J1 (revision 4)',
    ]);
  });

  it('shows the last operations of a long history', () => {
    const reads = Array.from({ length: 30 }, () => ['eve', query, sees([])] as const);
    const history = inTurn(['ada', opens(), done()], ...reads, ['eve', query, started('J1')]);
    const lines = explain(checkHistory(history)).split('\n');
    expect(lines).toContain('    19 earlier operations');
    expect(lines).toHaveLength(19);
  });

  it('is one line where all is well', () => {
    expect(explain(checkHistory(historyOf()))).toBe('conf-7: ok, 0 operations in order, 0 steps');
  });
});
