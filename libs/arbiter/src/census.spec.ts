import { describe, expect, it } from '@jest/globals';
import type { StoredCommit } from '@joinleaf/event-log';
import {
  nodeAddress,
  socketId,
  winsockPolicy,
  type SessionAddress,
  type SessionEvent,
} from '@joinleaf/multipoint';
import { Census, nodeRun } from './census.js';

const session = 'conf-7' as SessionAddress;
const root = socketId({ node: 'root', incarnation: 'run1', serial: '1' });
const ada = socketId({ node: 'ada', incarnation: 'run1', serial: '1' });

const opened: SessionEvent = {
  type: 'SessionOpened',
  address: session,
  incarnation: 1,
  control: 'rooted',
  data: 'nonrooted',
  root,
  policy: winsockPolicy,
};
const adaAsked: SessionEvent = {
  type: 'JoinRequested',
  join: 'J1',
  kind: 'request',
  caller: ada,
  leafAddress: nodeAddress('ada', 1),
  link: null,
  flags: 'both',
  callerData: null,
  deadlineAt: 5_000,
};
const adaAdmitted: SessionEvent = {
  type: 'LeafAdmitted',
  join: 'J1',
  leaf: ada,
  link: null,
  calleeData: null,
};

const commitOf = (...events: SessionEvent[]) =>
  ({
    session,
    decisions: [{ command: { type: 'CloseGroup' }, events }],
  }) as unknown as StoredCommit;

const lost = { type: 'LoseNode', node: 'ada', incarnation: 'run1' };
const adaWasLost = {
  session,
  decisions: [{ command: lost, events: [] }],
} as unknown as StoredCommit;

describe('the census', () => {
  it('knows which sessions a run of a node may be in, until they close', () => {
    const census = new Census();
    expect([...census.apply(commitOf(opened))]).toEqual([nodeRun('root', 'run1')]);
    expect([...census.apply(commitOf(adaAsked, adaAdmitted))]).toEqual([nodeRun('ada', 'run1')]);
    expect(census.sessionsOf(nodeRun('ada', 'run1'))).toEqual([session]);
    expect(census.sessionsOf(nodeRun('ada', 'run2'))).toEqual([]);

    census.apply(commitOf({ type: 'SessionClosed', ending: 'root-closed' }));
    expect(census.sessionsOf(nodeRun('ada', 'run1'))).toEqual([]);
  });

  it('knows that a run was taken out, and when it turns up again', () => {
    const census = new Census();
    census.apply(commitOf(opened, adaAsked, adaAdmitted));
    census.apply(adaWasLost);
    expect(census.sessionsOf(nodeRun('ada', 'run1'))).toEqual([]);
    expect([...census.apply(commitOf(adaAsked))]).toEqual([nodeRun('ada', 'run1')]);
  });

  it.each<SessionEvent>([
    adaAdmitted,
    { type: 'JoinFailed', join: 'J1', code: 'WSAETIMEDOUT', reason: 'timed-out' },
    { type: 'JoinCancelled', join: 'J1', reason: 'closed' },
    { type: 'SessionClosed', ending: 'root-closed' },
  ])('keeps a deadline until the join has its outcome: $type', (outcome) => {
    const census = new Census();
    census.apply(commitOf(opened, adaAsked));
    expect(census.earliestDeadline(session)).toBe(5_000);
    census.apply(commitOf(outcome));
    expect(census.earliestDeadline(session)).toBeNull();
  });

  it('[H20] [H22] keeps the time until which a session waits for a root, and knows the next one', () => {
    const census = new Census();
    const lost: SessionEvent = { type: 'RootLost', root, heir: null, until: 4_000 };
    census.apply(commitOf(opened, adaAsked, lost));
    expect(census.earliestDeadline(session)).toBe(4_000);
    const next = socketId({ node: 'bob', incarnation: 'run1', serial: '2' });
    const replaced: SessionEvent = { type: 'RootReplaced', root: next, incarnation: 1 };
    expect([...census.apply(commitOf(replaced))]).toEqual([nodeRun('bob', 'run1')]);
    expect(census.earliestDeadline(session)).toBe(5_000);
    census.apply(
      commitOf(
        { ...lost, root: next, until: 3_000 },
        { type: 'SessionClosed', ending: 'root-lost' },
      ),
    );
    expect(census.earliestDeadline(session)).toBeNull();
  });
});
