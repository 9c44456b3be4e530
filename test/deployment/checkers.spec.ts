import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { sealCommit, type Decided, type StoredCommit } from '@joinleaf/event-log';
import {
  nodeAddress,
  socketId,
  winsockPolicy,
  type AdmissionPolicy,
  type SessionAddress,
  type SessionCommand,
} from '@joinleaf/multipoint';
import { Recorder } from '@joinleaf/replay';
import type { Bulletin } from '@joinleaf/wire';
import { dueNotifications } from './check-bulletins.js';
import { findingsIn } from './check-history.js';
import { Journal, type Answer, type Heard } from './journal.js';
import type { Records } from './records.js';

// A museum of broken histories: each has one thing wrong with it, and the checkers have to say so. A checker that
// nobody has ever seen fail proves nothing.

const session = 'conf-7' as SessionAddress;
const startAt = Date.UTC(2026, 0, 1);
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const text = (words: string) => Buffer.from(words).toString('base64');
const socket = (node: string, serial: string) => socketId({ node, incarnation: 'run1', serial });
const root = socket('ada', '1');

const open = (policy: Partial<AdmissionPolicy> = {}): SessionCommand => ({
  type: 'OpenSession',
  address: session,
  root,
  control: 'rooted',
  data: 'nonrooted',
  policy: { ...winsockPolicy, ...policy },
});
const listen: SessionCommand = { type: 'Listen', root, backlog: 8 };
const asks = (node: string, token: string): SessionCommand => ({
  type: 'RequestJoin',
  caller: socket(node, '1'),
  leafAddress: nodeAddress(node, 49_152),
  flags: 'both',
  callerData: text(token),
  now: startAt,
  deadlineMs: null,
});
const invites = (node: string, link: string): SessionCommand => ({
  type: 'InviteLeaf',
  caller: root,
  leafAddress: nodeAddress(node, 1),
  link: socket('ada', link),
  flags: 'both',
  callerData: null,
  now: startAt,
  deadlineMs: null,
  leafNode: 'up',
});
const lets = (join: `J${number}`, link: string): SessionCommand => ({
  type: 'AcceptJoin',
  join,
  acceptor: root,
  accepted: socket('ada', link),
  calleeData: null,
});
const closes = (node: string, serial: string): SessionCommand => ({
  type: 'CloseSocket',
  socket: socket(node, serial),
});

/** Bob asks and is let in; Carol is invited while Dave is told that he is one too many; all ends. */
function goodRecords(): Records {
  const { history } = new Recorder({ session, sha256, startAt })
    .decide(open({ capacity: 2 }), listen)
    .decide(asks('bob', 'bob asks'))
    .decide(lets('J1', '2'))
    .decide(invites('carol', '3'), invites('dave', '4'))
    .decide(asks('dave', 'dave asks'))
    .decide(closes('bob', '1'))
    .decide(closes('ada', '1'));
  return recordsOf(history.commits, history.refusals);
}

function recordsOf(commits: readonly StoredCommit[], refusals: Records['refusals'] = []): Records {
  const bulletins = new Map(
    [...dueNotifications(commits)].map(([node, all]) => {
      const each = all.map(({ number, sequence, told }): Bulletin => ({
        v: 1,
        node,
        first: number,
        sequence,
        notifications: [told],
      }));
      return [node, each] as const;
    }),
  );
  return { commits, refusals, bulletins, nodes: [], foreign: [] };
}

function at(commits: readonly StoredCommit[], revision: number): StoredCommit {
  const commit = commits[revision - 1];
  if (commit === undefined) throw new Error(`there is no commit ${String(revision)}`);
  return commit;
}

/** The same events under hashes that fit, so that only what they say can be wrong. */
function sealedAgain(commits: readonly StoredCommit[]): StoredCommit[] {
  let head = { revision: 0, hash: null as string | null, sequence: 0 };
  return commits.map(({ commitId, arbiter, decider, decidedAt, decisions, storedAt }) => {
    const commit = sealCommit(session, head, { commitId, arbiter, decider, decidedAt, decisions });
    const hash = sha256(Buffer.from(JSON.stringify(commit)));
    head = { revision: commit.revision, hash, sequence: head.sequence + 1 };
    return { ...commit, hash, sequence: head.sequence, storedAt };
  });
}

/** A history in which one decision was made by somebody who does not know the rules. */
function withDecision(decided: Pick<Decided, 'command' | 'events'>, before: number): Records {
  const commits = goodRecords().commits.toSpliced(before, 0, {
    ...at(goodRecords().commits, 1),
    commitId: 'commit-bad',
    decisions: [{ commandId: 'command-bad', rule: 'R32', ...decided }],
  });
  return recordsOf(sealedAgain(commits));
}

const bulletinsOf = (node: string, change: (all: readonly Bulletin[]) => Bulletin[]): Records => {
  const records = goodRecords();
  const bulletins = new Map(records.bulletins);
  bulletins.set(node, change(bulletins.get(node) ?? []));
  return { ...records, bulletins };
};

function journalOf({
  answers = [],
  heard = [],
  watched = [],
}: {
  readonly answers?: readonly Answer[];
  readonly heard?: readonly Heard[];
  readonly watched?: readonly string[];
}): Journal {
  const journal = new Journal();
  journal.answers.push(...answers);
  journal.heard.push(...heard);
  for (const at of watched) journal.watched.add(at);
  return journal;
}

const bobJoined = { token: 'bob asks', session, kind: 'joined', join: 'J1' } as const;
const bobHears: Heard = {
  node: 'bob',
  at: socket('bob', '1'),
  type: 'FD_CONNECT',
  id: 'conf-7.3.0',
  session,
  revision: 3,
  code: null,
};

const goodJournal = {
  answers: [
    bobJoined,
    { token: 'dave asks', session, kind: 'refused', code: 'WSAENOBUFS', rule: 'H5', basedOn: null },
  ],
  heard: [bobHears],
  watched: [socket('bob', '1')],
} as const;

describe('a history as it should be', () => {
  it('has nothing wrong with it', () => {
    expect(findingsIn(goodRecords(), { journal: journalOf(goodJournal) })).toEqual([]);
  });

  it('may be looked at while somebody waits, when that is said', () => {
    const { commits } = goodRecords();
    const early = recordsOf(commits.slice(0, 2));
    expect(findingsIn(early)).toEqual(['conf-7: no outcome for J1']);
    expect(findingsIn(early, { mayWait: true })).toEqual([]);
  });
});

describe('a log that is broken', () => {
  const { commits, refusals } = goodRecords();

  it.each<[string, Records, RegExp]>([
    ['a commit is missing', recordsOf(commits.toSpliced(2, 1)), /gap/],
    ['a commit is there twice', recordsOf(commits.toSpliced(2, 0, at(commits, 3))), /repeated/],
    [
      'a commit was changed',
      recordsOf(commits.with(2, { ...at(commits, 3), hash: 'f'.repeat(64) })),
      /broken-hash/,
    ],
    [
      'a command is decided twice',
      recordsOf(sealedAgain([...commits, { ...at(commits, 6), commitId: 'commit-again' }])),
      /repeated-command/,
    ],
    [
      'a stored message is no commit',
      { ...recordsOf(commits), foreign: ['jl.main.evt: is not JSON'] },
      /not JSON/,
    ],
    [
      'a refusal is based on a state that never was',
      recordsOf(
        commits,
        refusals.map((refusal) => ({ ...refusal, basedOn: { revision: 99, decisions: 0 } })),
      ),
      /a state that never was/,
    ],
    [
      'a refusal names another rule than the one that applies',
      recordsOf(
        commits,
        refusals.map((refusal) => ({ ...refusal, rule: 'R59' as const })),
      ),
      /come out differently/,
    ],
  ])('%s', (_, records, finding) => {
    expect(findingsIn(records)).toContainEqual(expect.stringMatching(finding));
  });
});

describe('an arbiter that does not know the rules', () => {
  it('[R50] lets a root invite twice at once', () => {
    const command = invites('dave', '9');
    const records = withDecision(
      {
        command,
        events: [
          {
            type: 'JoinRequested',
            join: 'J3',
            kind: 'invitation',
            caller: root,
            leafAddress: nodeAddress('dave', 1),
            link: socket('ada', '9'),
            flags: 'both',
            callerData: null,
            deadlineAt: startAt + 30_000,
          },
        ],
      },
      4,
    );
    expect(findingsIn(records)).toContainEqual(
      expect.stringMatching(/J3 while J2 is outstanding at the root/),
    );
    expect(findingsIn(records)).toContainEqual(expect.stringMatching(/come out differently/));
  });

  it('[R28] ends a join twice', () => {
    const command: SessionCommand = { type: 'ExpireJoins', now: startAt + 60_000 };
    const records = withDecision(
      {
        command,
        events: [{ type: 'JoinFailed', join: 'J1', code: 'WSAETIMEDOUT', reason: 'timed-out' }],
      },
      3,
    );
    expect(findingsIn(records)).toContainEqual(expect.stringMatching(/J1 ends a second time/));
  });

  it('[H5] admits one too many', () => {
    const command = asks('dave', 'dave squeezes in');
    const leaf = socket('dave', '1');
    const link = socket('ada', 'J3');
    const squeezed = (join: `J${number}`) =>
      [
        {
          type: 'JoinRequested',
          join,
          kind: 'request',
          caller: leaf,
          leafAddress: nodeAddress('dave', 2),
          link: null,
          flags: 'both',
          callerData: null,
          deadlineAt: null,
        },
        { type: 'LeafAdmitted', join, leaf, link, calleeData: null },
      ] as const;
    const { commits } = new Recorder({ session, sha256, startAt })
      .decide(open({ capacity: 1, admit: 'auto' }), listen)
      .decide(asks('bob', 'bob asks')).history;
    const bad = {
      ...at(commits, 2),
      commitId: 'commit-bad',
      decisions: [
        { commandId: 'command-bad', command, rule: 'H2' as const, events: squeezed('J2') },
      ],
    };
    const records = recordsOf(sealedAgain([...commits, bad]));
    expect(findingsIn(records)).toContainEqual(expect.stringMatching(/is member 2 of 1/));
  });
});

describe('a notifier that is broken', () => {
  it.each<[string, Records, RegExp]>([
    ['forgets a node', bulletinsOf('bob', () => []), /bob was never told conf-7\.3\.0/],
    ['tells something twice', bulletinsOf('ada', (all) => [...all, ...all.slice(-1)]), /twice/],
    [
      'leaves a number out',
      bulletinsOf('ada', (all) =>
        all.map((each, index) => ({ ...each, first: each.first + (index > 0 ? 1 : 0) })),
      ),
      /due is 2/,
    ],
    [
      'tells what never happened',
      bulletinsOf('bob', (all) => {
        const [one] = all;
        if (one === undefined) return [];
        const told = one.notifications.map((each) => ({ ...each, id: 'conf-7.99.0' }));
        return [...all, { ...one, first: all.length + 1, notifications: told }];
      }),
      /nothing in the log says so/,
    ],
    [
      'tells another outcome',
      bulletinsOf('bob', (all) =>
        all.map((each) => ({
          ...each,
          notifications: each.notifications.map((told) =>
            told.kind === 'FD_CONNECT' ? { ...told, code: 'WSAETIMEDOUT' as const } : told,
          ),
        })),
      ),
      /due is/,
    ],
  ])('%s', (_, records, finding) => {
    expect(findingsIn(records)).toContainEqual(expect.stringMatching(finding));
  });
});

describe('a client that is broken', () => {
  it.each<[string, Parameters<typeof journalOf>[0], RegExp]>([
    ['hears something twice', { ...goodJournal, heard: [bobHears, bobHears] }, /twice/],
    ['misses what it was told', { ...goodJournal, heard: [] }, /never heard FD_CONNECT/],
    [
      'hears what never happened',
      { ...goodJournal, heard: [bobHears, { ...bobHears, id: 'conf-7.99.0' }] },
      /the log tells it nothing so/,
    ],
    [
      'hears another outcome',
      { ...goodJournal, heard: [{ ...bobHears, code: 'WSAETIMEDOUT' }] },
      /due is/,
    ],
    [
      'says joined and was not',
      { answers: [{ ...bobJoined, token: 'dave asks', join: 'J9' }] },
      /the log says null/,
    ],
    [
      'says refused and was admitted',
      {
        answers: [
          {
            token: 'bob asks',
            session,
            kind: 'refused',
            code: 'WSAENOBUFS',
            rule: 'H5',
            basedOn: null,
          },
        ],
      },
      /the log has it as J1/,
    ],
    [
      'says that nothing happened, and it did',
      { answers: [{ token: 'bob asks', session, kind: 'not-done', code: 'WSAENETDOWN' }] },
      /the log has it as J1/,
    ],
    [
      'never finds out',
      { answers: [{ token: 'bob asks', session, kind: 'unknown', settled: 'nothing' }] },
      /nobody could say in the end/,
    ],
    [
      'finds out something else than the log says',
      { answers: [{ token: 'bob asks', session, kind: 'unknown', settled: '{"kind":"absent"}' }] },
      /the log has J1/,
    ],
  ])('%s', (_, journal, finding) => {
    expect(findingsIn(goodRecords(), { journal: journalOf(journal) })).toContainEqual(
      expect.stringMatching(finding),
    );
  });

  it('asks for one join twice', () => {
    const { commits } = new Recorder({ session, sha256, startAt })
      .decide(open({ identity: { kind: 'allow', max: 2 }, admit: 'auto' }), listen)
      .decide(asks('bob', 'one call'))
      .decide(asks('dave', 'one call')).history;
    expect(findingsIn(recordsOf(commits), { journal: journalOf({}) })).toContainEqual(
      expect.stringMatching(/one call is on record 2 times/),
    );
  });

  it.each([
    ['from its silence on', 0, []],
    ['and had heard nothing before', 60_000, [expect.stringMatching(/^bob\/.* never heard /)]],
  ])('misses what it was told, unless its run was given up: %s', (_, laterMs, findings) => {
    const { node, at } = bobHears;
    const [, incarnation = ''] = at.split('/');
    const when = { at: startAt + laterMs, by: 'session-1' };
    const silence = { silentMs: 2_001, boundMs: 2_000, suspectedAt: null };
    const lost = { schema: 1, type: 'NodeLost', node, incarnation, ...when, ...silence };
    const nodes = [lost] as Records['nodes'];
    const journal = journalOf({ ...goodJournal, heard: [] });
    expect(findingsIn({ ...goodRecords(), nodes }, { journal })).toEqual(findings);
  });
});
