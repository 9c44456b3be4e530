import { describe, expect, it } from '@jest/globals';
import { answer } from './answer.js';
import {
  accepts,
  admitted,
  asked,
  asks,
  at,
  bob,
  carol,
  closes,
  ended,
  expires,
  invited,
  invites,
  left,
  listening,
  listens,
  madeLink,
  member,
  opened,
  opens,
  opensGroup,
  groupOpened,
  policyChanged,
  changesPolicy,
  root,
  socket,
  timedOut,
} from './cast.js';
import { given } from './testing.js';

describe('an answer', () => {
  it('[H9] is made from command and events alone, so a repetition hears the same', () => {
    const command = asks(bob);
    const events = [asked(bob, 'J1')];
    expect(answer(command, events)).toEqual(answer(command, structuredClone(events)));
  });

  it('[R8] says which incarnation was opened', () => {
    given().when(opens()).then(opened()).answered({ type: 'opened', incarnation: 1 });
    given(opened(), ended())
      .when(opens())
      .then(opened({}, { incarnation: 2 }))
      .answered({ type: 'opened', incarnation: 2 });
  });

  it('[R42] says that a group was there already', () => {
    given(groupOpened())
      .when(opensGroup())
      .thenNothing()
      .answered({ type: 'done', changed: false });
  });

  it('[R63] [R39] gives the inviting root its link, and the asking leaf none', () => {
    expect(answer(invites(bob), [invited(bob, 'J1')])).toEqual({
      type: 'started',
      join: 'J1',
      link: bob.link,
      deadlineAt: at + 30_000,
    });
    expect(answer(asks(bob), [asked(bob, 'J1')])).toMatchObject({ type: 'started', link: null });
  });

  it('[H2] says at once that a join succeeded, also when it replaced somebody', () => {
    const again = { ...bob, socket: socket('bob', 2) };
    const link = madeLink('J2');
    const events = [
      asked(again, 'J2', { deadlineAt: null }),
      left(bob, 'replaced'),
      admitted(again, 'J2', { link }),
    ];
    expect(answer(asks(again), events)).toEqual({ type: 'joined', join: 'J2', link });
  });

  it('[R37] gives the accepting side both sockets', () => {
    const accepted = { type: 'accepted', join: 'J1', leaf: bob.socket, link: bob.link };
    expect(answer(accepts(bob, 'J1'), [admitted(bob, 'J1')])).toEqual(accepted);
    const replacing = [left(carol, 'replaced'), admitted(bob, 'J1')];
    expect(answer(accepts(bob, 'J1'), replacing)).toEqual(accepted);
  });

  it('says of everything else whether it changed something', () => {
    const changed = { type: 'done', changed: true } as const;
    given(opened()).when(listens(3)).then(listening(3)).answered(changed);
    given(opened(), listening(), ...member(bob, 'J1'))
      .when(closes(root))
      .then(ended())
      .answered(changed);
    given(opened(), invited(bob, 'J1')).when(expires(1e9)).then(timedOut('J1')).answered(changed);
    given(opened())
      .when(changesPolicy({ capacity: 1 }))
      .then(policyChanged({ capacity: 1 }))
      .answered(changed);
    given().when(closes(root)).thenNothing().answered({ type: 'done', changed: false });
  });
});
