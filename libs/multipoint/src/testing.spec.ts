import { describe, expect, it } from '@jest/globals';
import { given, heard, sessionAfter } from '@joinleaf/multipoint/testing';
import {
  admitted,
  asked,
  asks,
  bob,
  closes,
  ended,
  fdAccept,
  fdConnect,
  listening,
  member,
  opened,
  opens,
  root,
} from './cast.js';

const hall = [opened(), listening()] as const;

describe('a scenario', () => {
  it('holds when everything is as it says', () => {
    given(...hall)
      .when(asks(bob))
      .then(asked(bob, 'J1'))
      .by('R35')
      .told(fdAccept(asked(bob, 'J1')))
      .answered({ type: 'started', join: 'J1', link: null, deadlineAt: 31_000 });
    given(opened(), ended()).when(closes(root)).thenNothing();
    given().when(asks(bob)).thenRefused({ code: 'WSAECONNREFUSED', rule: 'R35' });
  });

  it('does not care for the order of fields', () => {
    const { type, ...rest } = asked(bob, 'J1');
    given(...hall)
      .when(asks(bob))
      .then({ ...Object.fromEntries(Object.entries(rest).reverse()), type } as typeof rest & {
        type: 'JoinRequested';
      });
  });

  it('names what was expected and what happened, line by line', () => {
    expect(() =>
      given(...hall)
        .when(asks(bob))
        .then(asked(bob, 'J2')),
    ).toThrow(
      [
        'given SessionOpened, ListenStarted, when RequestJoin: not as expected (-), but so (+)',
        '  - JoinRequested request { caller: "bob/run1/1", callerData: null, deadlineAt: 31000, flags: "both", join: "J2", leafAddress: "bob:1", link: null }',
        '  + JoinRequested request { caller: "bob/run1/1", callerData: null, deadlineAt: 31000, flags: "both", join: "J1", leafAddress: "bob:1", link: null }',
      ].join('\n'),
    );
  });

  it('notices events that are missing, left over, or in another order', () => {
    const closing = given(...hall, ...member(bob, 'J1')).when(closes(root));
    expect(() => closing.then()).toThrow('+ SessionClosed { ending: "root-closed" }');
    expect(() => closing.then(ended(), listening())).toThrow('- ListenStarted { backlog: 5 }');
    expect(() => closing.thenNothing()).toThrow();
    const auto = given(opened({ admit: 'auto' }), listening()).when(asks(bob));
    const events = [asked(bob, 'J1', { deadlineAt: null }), admitted(bob, 'J1', { link: root })];
    expect(() => auto.then(...events.reverse())).toThrow();
  });

  it('notices a refusal where there should be none, and the other way round', () => {
    const refused = given().when(asks(bob));
    expect(() => refused.then(asked(bob, 'J1'))).toThrow('+ refused WSAECONNREFUSED (R35)');
    expect(() => refused.thenNothing()).toThrow('+ refused WSAECONNREFUSED (R35)');
    const accepted = given().when(opens());
    expect(() => {
      accepted.thenRefused({ code: 'WSAEADDRINUSE', rule: 'R12' });
    }).toThrow('+ accepted\n  + SessionOpened');
  });

  it('compares code, rule, and facts where they are given', () => {
    const refused = given().when(asks(bob));
    const right = { code: 'WSAECONNREFUSED', rule: 'R35' } as const;
    refused.thenRefused({ ...right, facts: { session: 'unopened' } });
    const wrong = [
      { ...right, code: 'WSAEALREADY' },
      { ...right, rule: 'R50' },
      { ...right, facts: { session: 'closed' } },
      { ...right, facts: {} },
    ] as const;
    for (const refusal of wrong) {
      expect(() => {
        refused.thenRefused(refusal);
      }).toThrow('- refused');
    }
  });

  it('compares rule, notifications and answer', () => {
    const opening = given().when(opens()).then(opened());
    expect(() => opening.by('R12')).toThrow('- by rule R12\n  + by rule R8');
    expect(() => opening.told(fdConnect(root, 'J1'))).toThrow('told: not as expected');
    expect(() => opening.answered({ type: 'done', changed: true })).toThrow('answered');
  });
});

describe('a history', () => {
  it('folds into a session', () => {
    expect(sessionAfter()).toEqual({ phase: 'unopened' });
    expect(sessionAfter(opened(), ended())).toMatchObject({ phase: 'closed', incarnation: 1 });
  });

  it('tells what its events tell, one after another', () => {
    expect(heard([...hall, ...member(bob, 'J1')])).toEqual([
      fdAccept(asked(bob, 'J1')),
      fdConnect(bob.socket, 'J1'),
    ]);
  });
});
