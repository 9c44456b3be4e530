import { describe, expect, it } from '@jest/globals';
import {
  emptyHead,
  foldCommit,
  headOf,
  nothingFolded,
  type StoredCommit,
} from '@joinleaf/event-log';
import {
  decide,
  socketId,
  unopened,
  winsockPolicy,
  evolve,
  type NodeAddress,
  type Session,
  type SessionAddress,
  type SessionCommand,
} from '@joinleaf/multipoint';
import { Sessions } from './sessions.js';
import { comparePlaces, indexIn, tell } from './told.js';

const root = socketId({ node: 'ada', incarnation: 'run1', serial: '1' });
const link = socketId({ node: 'ada', incarnation: 'run1', serial: '2' });
const caller = socketId({ node: 'cara', incarnation: 'run1', serial: '1' });
const bob = 'bob:1' as NodeAddress;
const conf = 'conf-7' as SessionAddress;
const joining = { flags: 'both', callerData: null, now: 1_000, deadlineMs: 5_000 } as const;

const opens: SessionCommand = {
  type: 'OpenSession',
  address: conf,
  root,
  control: 'rooted',
  data: 'nonrooted',
  policy: winsockPolicy,
};
const listens: SessionCommand = { type: 'Listen', root, backlog: 5 };
const invitesBob: SessionCommand = {
  type: 'InviteLeaf',
  ...joining,
  caller: root,
  leafAddress: bob,
  link,
  leafNode: 'up',
};
const caraAsks: SessionCommand = {
  type: 'RequestJoin',
  ...joining,
  caller,
  leafAddress: 'cara:1' as NodeAddress,
};
const adaCloses: SessionCommand = { type: 'CloseSocket', socket: root };

/** The commits of one session, each with these commands, at these positions of the stream. */
function history(
  session: SessionAddress,
  ...commits: (readonly SessionCommand[])[]
): StoredCommit[] {
  let state: Session = unopened;
  let head = emptyHead;
  return commits.map((commands, at) => {
    const decisions = commands.map((command, index) => {
      const ruling = decide(command, state);
      if (!ruling.ok) throw new Error(ruling.error.rule);
      const { rule, events } = ruling.value;
      state = events.reduce(evolve, state);
      return { commandId: `cmd-${String(at)}-${String(index)}`, command, rule, events };
    });
    const commit: StoredCommit = {
      schema: 1,
      session,
      revision: at + 1,
      prevHash: head.hash,
      commitId: `commit-${String(at)}`,
      arbiter: 'a1',
      decider: 'multipoint/1',
      decidedAt: at,
      decisions,
      hash: `hash-${session}-${String(at)}`,
      sequence: 10 * (at + 1),
      storedAt: at,
    };
    head = headOf(commit);
    return commit;
  });
}

const life = history(conf, [opens], [listens, invitesBob, caraAsks], [adaCloses]);

const wordsOf = (commits: readonly StoredCommit[], sessions = new Sessions()): string[] =>
  commits.flatMap((commit) => {
    const taken = sessions.take(commit);
    if (taken.kind !== 'folded') return [taken.kind];
    return taken.told.map(
      ({ node, place, notification: { id, kind } }) =>
        `${String(place.sequence)}.${String(place.index)} ${node} ${kind} ${id}`,
    );
  });

describe('tell', () => {
  it('names each notification by session, revision and index, over all its events and nodes', () => {
    expect(wordsOf(life)).toEqual([
      '20.0 bob FD_ACCEPT conf-7.2.0',
      '20.1 ada FD_ACCEPT conf-7.2.1',
      '30.0 bob WITHDRAWN conf-7.3.0',
      '30.1 cara FD_CONNECT conf-7.3.1',
    ]);
  });

  it('gives the same however often it is asked', () => {
    const [first] = life;
    if (first === undefined) throw new Error('no life');
    expect(tell(nothingFolded, first)).toEqual(tell(nothingFolded, first));
    expect(tell(nothingFolded, first).after).toEqual(foldCommit(nothingFolded, first));
  });

  it('orders places by commit, then by index', () => {
    const places = [
      { sequence: 20, index: 1 },
      { sequence: 30, index: 0 },
      { sequence: 20, index: 0 },
    ];
    expect(
      places
        .sort(comparePlaces)
        .map(({ sequence, index }) => `${String(sequence)}.${String(index)}`),
    ).toEqual(['20.0', '20.1', '30.0']);
    expect(indexIn('conf-7.12.34')).toBe(34);
  });
});

describe('Sessions', () => {
  it('folds every session in the order of the stream', () => {
    const sessions = new Sessions();
    for (const commit of life.slice(0, 2)) sessions.take(commit);
    expect(sessions.of(conf)).toMatchObject({ session: { phase: 'open' }, head: { revision: 2 } });
    expect(sessions.of('conf-8' as SessionAddress)).toEqual(nothingFolded);
    expect([sessions.sequence, sessions.count]).toEqual([20, 1]);
  });

  it('stops a session at a gap, and goes on with the others', () => {
    const sessions = new Sessions();
    const other = history('conf-8' as SessionAddress, [opens]);
    const [first, , third] = life;
    const told = wordsOf([first, third, third, ...other] as StoredCommit[], sessions);
    expect(told).toEqual(['stopped', 'ignored']);
    expect(sessions.stopped.get(conf)).toMatchObject({ kind: 'gap', revision: 3 });
    expect(sessions.of('conf-8' as SessionAddress).head.revision).toBe(1);
  });

  it('stops a session whose chain of hashes is broken', () => {
    const [first, second] = life;
    const forged = { ...first, hash: 'another' };
    expect(wordsOf([forged, second] as StoredCommit[])).toEqual(['stopped']);
  });

  it('stops a session at a message that is no commit', () => {
    const sessions = new Sessions();
    expect(sessions.skip(5, conf, 'is not JSON')).toMatchObject({
      kind: 'unreadable',
      sequence: 5,
    });
    expect(sessions.skip(6, conf, 'is not JSON')).toBeNull();
    expect(wordsOf(life, sessions)).toEqual(['ignored', 'ignored', 'ignored']);
  });

  it('finds out later whose message it was, when nobody can say', () => {
    const sessions = new Sessions();
    const [first, , third] = life;
    if (first === undefined || third === undefined) throw new Error('no life');
    sessions.take(first);
    expect(sessions.skip(20, null, '20 is missing')).toBeNull();
    expect(sessions.stopped.size).toBe(0);
    expect(sessions.take(third).kind).toBe('stopped');
  });
});
