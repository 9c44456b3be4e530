import { describe, expect, it } from '@jest/globals';
import { wrongIn, type Books } from './verdict.js';

const books = (more: Partial<Books>): Books => ({
  session: 'conf-7',
  capacity: 3,
  admitted: new Set(['ada:1', 'bob:1']),
  unanswered: 0,
  members: ['ada:1', 'bob:1'],
  ...more,
});

describe('a session after a run', () => {
  it('is right when its members are those who were admitted', () => {
    expect(wrongIn(books({}))).toBeNull();
  });

  it('is wrong with a member twice', () => {
    expect(wrongIn(books({ members: ['ada:1', 'ada:1', 'bob:1'] }))).toMatch('twice');
  });

  it('is wrong with more members than its capacity', () => {
    const members = ['ada:1', 'bob:1', 'eve:1', 'kim:1'];
    expect(wrongIn(books({ members, admitted: new Set(members) }))).toMatch('room for 3');
  });

  it('is wrong when somebody is missing who was admitted', () => {
    expect(wrongIn(books({ members: ['ada:1'] }))).toMatch('forgot 1');
  });

  it('may have those who had no answer, and nobody else', () => {
    const members = ['ada:1', 'bob:1', 'eve:1'];
    expect(wrongIn(books({ members, unanswered: 1 }))).toBeNull();
    expect(wrongIn(books({ members }))).toMatch('never told');
  });
});
