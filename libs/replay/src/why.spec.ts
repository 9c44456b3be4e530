import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import {
  notSpecified,
  serviceTypes,
  type Rule,
  type SessionCommand,
  type WsaCode,
} from '@joinleaf/multipoint';
import { Cast } from './cast.js';
import { Recorder } from './recorder.js';
import { steps } from './steps.js';
import {
  accepts,
  agrees,
  asks,
  at,
  changes,
  closes,
  conf,
  crowd,
  defers,
  everyday,
  expires,
  group,
  invites,
  listens,
  loses,
  news,
  opens,
  rejects,
  root,
  shutsDown,
  socket,
  startAt,
} from './contract.js';
import { explain, why, type RefusalExplained } from './why.js';

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

interface Case {
  readonly name: string;
  readonly given: readonly SessionCommand[];
  readonly when: SessionCommand;
  readonly refused: readonly [WsaCode, Rule];
  readonly because: string;
  /** The first remedy, and whether the decider agrees that it helps; null for "never". */
  readonly remedy: readonly [string, 'accepted' | WsaCode | null];
}

const open = [opens(), listens(2)];
const full = [opens({ admit: 'auto', capacity: 1 }), listens(2), asks('bob')];

const any = { bytesPerSecond: null, members: null };
const sends = (bytesPerSecond: number) => ({
  sending: { bytesPerSecond, members: null },
  receiving: any,
});
const unused = {
  tokenRate: 0,
  tokenBucketSize: notSpecified,
  peakBandwidth: notSpecified,
  latency: notSpecified,
  delayVariation: notSpecified,
  serviceType: serviceTypes.noTraffic,
  maxSduSize: notSpecified,
  minimumPolicedSize: notSpecified,
};
const flow = (tokenRate: number) => ({
  qos: {
    sending: { ...unused, tokenRate, serviceType: serviceTypes.guaranteed },
    receiving: unused,
    providerSpecific: null,
  },
});

const cases: readonly Case[] = [
  {
    name: 'an address that is held',
    given: open,
    when: opens({}, { root: socket('zoe', 1) }),
    refused: ['WSAEADDRINUSE', 'R12'],
    because: 'conf-7 is held by ada/run1/3',
    remedy: ['conf-7 is closed by its holder', 'accepted'],
  },
  {
    name: 'an invitation while another one waits',
    given: [...open, invites('cy', 12)],
    when: invites('dan', 13),
    refused: ['WSAEALREADY', 'R50'],
    because: 'J1, the invitation to cy:1, was still outstanding, until 12:04:46.020 at the latest',
    remedy: ['J1 ends (at 12:04:46.020 at the latest), or its c_leaf is closed', 'accepted'],
  },
  {
    name: 'a request while another one waits',
    given: [...open, asks('bob')],
    when: asks('bob'),
    refused: ['WSAEALREADY', 'R50'],
    because: 'J1, asked by bob:1, was still outstanding, until 12:05:01.020 at the latest',
    remedy: ['J1 ends (at 12:05:01.020 at the latest), or its socket is closed', 'accepted'],
  },
  {
    name: 'a socket that has joined',
    given: [...open, asks('bob'), accepts('J1')],
    when: asks('bob'),
    refused: ['WSAEISCONN', 'R57'],
    because: 'this socket has been a member since J1, as bob:1',
    remedy: ['the membership of J1 ends, and a new socket asks', 'accepted'],
  },
  {
    name: 'a session that nobody opened',
    given: [],
    when: asks('bob'),
    refused: ['WSAECONNREFUSED', 'R35'],
    because: 'nobody has opened conf-7 yet',
    remedy: ['conf-7 is opened and its root listens', 'accepted'],
  },
  {
    name: 'a session that was closed',
    given: [...open, closes(root)],
    when: asks('bob'),
    refused: ['WSAECONNREFUSED', 'R35'],
    because: 'conf-7 is closed (root-closed)',
    remedy: ['conf-7 is opened again and its root listens', 'accepted'],
  },
  {
    name: 'a root that does not listen',
    given: [opens()],
    when: asks('bob'),
    refused: ['WSAECONNREFUSED', 'R35'],
    because: 'the root of conf-7 does not listen',
    remedy: ['the root of conf-7 listens', 'accepted'],
  },
  {
    name: 'the root asking its own session',
    given: open,
    when: asks('ada', startAt, { caller: root }),
    refused: ['WSAEINVAL', 'E17'],
    because: "the socket that asks is the session's c_root or one of its links, and no c_leaf",
    remedy: ['a new c_leaf asks instead', 'accepted'],
  },
  {
    name: 'an endpoint that is a member',
    given: [...open, asks('bob'), accepts('J1')],
    when: asks('bob', startAt, { caller: socket('bob', 2) }),
    refused: ['WSAEISCONN', 'R59'],
    because: 'bob:1 is a member already (J1)',
    remedy: ['the member at bob:1 leaves', 'accepted'],
  },
  {
    name: 'an endpoint that is being asked',
    given: [...open, asks('bob')],
    when: invites('bob', 12),
    refused: ['WSAEALREADY', 'H3'],
    because: 'J1 for bob:1 was still outstanding, until 12:05:01.020 at the latest',
    remedy: ['J1 ends (at 12:05:01.020 at the latest), or its socket is closed', 'accepted'],
  },
  {
    name: 'more of one endpoint than the policy allows',
    given: [opens({ admit: 'auto', identity: { kind: 'allow', max: 1 } }), listens(2), asks('bob')],
    when: asks('bob', startAt, { caller: socket('bob', 2) }),
    refused: ['WSAEISCONN', 'H3'],
    because: 'bob:1 has 1 of 1 allowed members in the session',
    remedy: ['one of the members at bob:1 leaves', 'accepted'],
  },
  {
    name: 'a node on the deny list',
    given: [opens({ deny: ['bob'] }), listens(2)],
    when: asks('bob'),
    refused: ['WSAECONNREFUSED', 'H4'],
    because: 'node bob is on the deny list of the policy',
    remedy: ["the policy's deny list no longer names bob", 'accepted'],
  },
  {
    name: 'a node that is not on the allow list',
    given: [opens({ allow: ['cy'] }), listens(2)],
    when: asks('bob'),
    refused: ['WSAECONNREFUSED', 'H4'],
    because: 'node bob is not on the allow list of the policy',
    remedy: ["the policy's allow list names bob", 'accepted'],
  },
  {
    name: 'a node that was put on the deny list while it waited',
    given: [...open, asks('bob'), changes({ deny: ['bob'] })],
    when: accepts('J1'),
    refused: ['WSAECONNREFUSED', 'H4'],
    because: 'node bob is on the deny list of the policy',
    remedy: ["the policy's deny list no longer names bob", 'accepted'],
  },
  {
    name: 'a session that is full',
    given: full,
    when: asks('cy'),
    refused: ['WSAENOBUFS', 'H5'],
    because: '1 of 1 places are taken',
    remedy: ['a member leaves: its socket or its link is closed', 'accepted'],
  },
  {
    name: 'a place that is promised',
    given: [opens({ admit: 'auto', capacity: 1 }), listens(2), invites('cy', 12)],
    when: asks('bob'),
    refused: ['WSAENOBUFS', 'H5'],
    because: '0 of 1 places are taken, and the invitation J1 to cy:1 holds one more',
    remedy: ['the invitation J1 ends without a member', 'accepted'],
  },
  {
    name: 'a budget with too little left',
    given: [
      opens({ admit: 'auto', budget: sends(100) }),
      listens(2),
      asks('cy', startAt, flow(60)),
    ],
    when: asks('bob', startAt, flow(50)),
    refused: ['WSAEOPNOTSUPP', 'R102'],
    because: 'it would send 50 bytes per second, and the budget has 40 left',
    remedy: ['cy:1 gives its flow back: its socket or its link is closed', 'accepted'],
  },
  {
    name: 'a backlog that is full',
    given: [opens(), listens(1), asks('bob')],
    when: asks('cy'),
    refused: ['WSAECONNREFUSED', 'R23'],
    because: "1 request waits, and the root's backlog is 1",
    remedy: ['a waiting request is answered or withdrawn (J1 is the oldest)', 'accepted'],
  },
  {
    name: 'a session that has lost its root',
    given: [opens({ rootLoss: 'linger' }), listens(2), loses('ada', startAt)],
    when: asks('bob'),
    refused: ['WSAECONNREFUSED', 'H19'],
    because: 'conf-7 has lost its root ada/run1/3, and waits for another root until 12:05:01.020',
    remedy: ['another root opens conf-7, and listens', 'accepted'],
  },
  {
    name: 'a session that waits for another node',
    given: [
      opens({ rootLoss: 'elect-oldest', admit: 'auto' }),
      ...[listens(2), asks('bob'), loses('ada', startAt)],
    ],
    when: opens({}, { root: socket('cy', 2) }),
    refused: ['WSAEADDRINUSE', 'H21'],
    because:
      'conf-7 has lost its root ada/run1/3, and waits for its heir bob/run1/1 until 12:05:01.020',
    remedy: ['node bob opens it, which has the oldest member', 'accepted'],
  },
  {
    name: 'a member’s socket that is to be root',
    given: [
      opens({ rootLoss: 'linger', admit: 'auto' }),
      ...[listens(2), asks('bob'), loses('ada', startAt)],
    ],
    when: opens({}, { root: socket('bob', 1) }),
    refused: ['WSAEINVAL', 'H20'],
    because: 'bob/run1/1 plays a part in the session already',
    remedy: ['a new socket opens the session', 'accepted'],
  },
  {
    name: 'a root that the lists turn away',
    given: [opens({ rootLoss: 'linger', allow: ['bob'] }), loses('ada', startAt)],
    when: opens({}, { root: socket('cy', 2) }),
    refused: ['WSAEACCES', 'H20'],
    because: 'node cy is turned away by the lists of the policy',
    remedy: ['node ada opens it, which has kept it before', 'accepted'],
  },
  {
    name: 'a root with another data plane',
    given: [opens({ rootLoss: 'linger' }), loses('ada', startAt)],
    when: opens({}, { root: socket('bob', 2), data: 'rooted' }),
    refused: ['WSAEINVAL', 'H20'],
    because: 'the data plane of conf-7 is nonrooted, and not rooted',
    remedy: ['the session is opened with the data plane that it has (nonrooted)', 'accepted'],
  },
  {
    name: 'a node that was lost',
    given: open,
    when: invites('cy', 12, startAt, { leafNode: 'lost' }),
    refused: ['WSAENETUNREACH', 'E11'],
    because: 'node cy has been lost: it was silent for too long',
    remedy: ['node cy starts, and listens there', 'accepted'],
  },
  {
    name: 'a node that nobody knows',
    given: open,
    when: invites('cy', 12, startAt, { leafNode: 'unknown' }),
    refused: ['WSAENETUNREACH', 'E11'],
    because: 'no node called cy has started',
    remedy: ['node cy starts, and listens there', 'accepted'],
  },
  {
    name: 'a socket that is not the root',
    given: open,
    when: invites('cy', 12, startAt, { caller: socket('ada', 99) }),
    refused: ['WSAENOTSOCK', 'E13'],
    because: 'the socket is not the c_root of conf-7; that is ada/run1/3',
    remedy: ['the call is made on the c_root: ada/run1/3', 'accepted'],
  },
  {
    name: 'listening before opening',
    given: [],
    when: listens(5),
    refused: ['WSAENOTSOCK', 'E13'],
    because: 'nobody has opened conf-7 yet',
    remedy: ['conf-7 is opened, and the call is made on its c_root', 'accepted'],
  },
  {
    name: 'a link that is not new',
    given: [...open, asks('bob'), accepts('J1', { accepted: socket('ada', 11) })],
    when: invites('cy', 11),
    refused: ['WSAEINVAL', 'R33'],
    because: 'ada/run1/11 plays a part in the session already: link to bob:1',
    remedy: ['JoinLeaf names a new socket for the link', 'accepted'],
  },
  {
    name: 'an accept that names a socket in use',
    given: [...open, asks('bob')],
    when: accepts('J1', { accepted: root }),
    refused: ['WSAEINVAL', 'R33'],
    because: 'ada/run1/3 plays a part in the session already: root',
    remedy: ['the accept names a new socket, which it returns', 'accepted'],
  },
  {
    name: 'an invited leaf that names no socket',
    given: [...open, invites('cy', 12)],
    when: accepts('J1', { acceptor: socket('cy', 9) }),
    refused: ['WSAEINVAL', 'H6'],
    because: 'the accept names no new socket, and nobody but the invited node can make one',
    remedy: ['the accept names a new socket, which it returns', 'accepted'],
  },
  {
    name: 'somebody else answering a request',
    given: [...open, asks('bob')],
    when: accepts('J1', { acceptor: socket('zoe', 1) }),
    refused: ['WSAEINVAL', 'R86'],
    because: "J1 is a request of bob:1: the root's c_root answers it",
    remedy: ['the c_root ada/run1/3 answers', 'accepted'],
  },
  {
    name: 'somebody else answering an invitation',
    given: [...open, invites('cy', 12)],
    when: rejects('J1'),
    refused: ['WSAEINVAL', 'R86'],
    because: 'J1 is an invitation to cy:1: node cy answers it',
    remedy: ['node cy answers, from its listener at cy:1', 'accepted'],
  },
  {
    name: 'an answer after the deadline',
    given: [...open, invites('cy', 12), expires(startAt + 15_000)],
    when: agrees('J1', 'cy'),
    refused: ['WSAEACCES', 'R87'],
    because: 'J1 had ended with WSAETIMEDOUT (timed-out) at @4 (#4)',
    remedy: ['never: the leaf has to join again, and that new join can be answered', null],
  },
  {
    name: 'an answer to a join that was cancelled',
    given: [...open, asks('bob'), closes(socket('bob', 1))],
    when: defers('J1'),
    refused: ['WSAEACCES', 'R87'],
    because: 'J1 had ended by a cancel (closed) at @4 (#4)',
    remedy: ['never: the leaf has to join again, and that new join can be answered', null],
  },
  {
    name: 'an answer to a join that never was',
    given: open,
    when: accepts('J9'),
    refused: ['WSAEACCES', 'R87'],
    because: 'there is no join J9 in conf-7',
    remedy: ['never: the leaf has to join again, and that new join can be answered', null],
  },
  {
    name: 'inviting after shutdown',
    given: [...open, shutsDown()],
    when: invites('cy', 12),
    refused: ['WSAESHUTDOWN', 'R143'],
    because: 'conf-7 is shut down, and its root keeps the address until it closes the c_root',
    remedy: ['the c_root is closed, and conf-7 opened again with a new socket', 'accepted'],
  },
  {
    name: 'shutting down what is not open',
    given: [],
    when: shutsDown(),
    refused: ['WSAENOTCONN', 'R143'],
    because: 'nobody has opened conf-7 yet',
    remedy: ['conf-7 is opened, and the call is made on its c_root', 'accepted'],
  },
  {
    name: 'ending a rooted session as a group',
    given: open,
    when: { type: 'CloseGroup' },
    refused: ['WSAEINVAL', 'H7'],
    because: 'conf-7 is a rooted session; it ends when its root closes the c_root',
    remedy: ['the root closes its c_root instead: joinleaf close conf-7', null],
  },
];

describe('why a command was refused', () => {
  it.each(cases)('$name', ({ given, when, refused, because, remedy }) => {
    const recorder = new Recorder({ session: conf, sha256, startAt });
    for (const command of given) recorder.decide(command);
    recorder.decide(when);
    const explanation = refusalIn(recorder);
    expect([explanation.code, explanation.rule]).toEqual(refused);
    expect(explanation.because).toEqual([because]);
    expect(explanation.check.verdict).toBe('same');
    expect(explanation.sentence).toMatch(/\.$/);
    expect(explanation.asked).not.toBe('');
    const [first] = explanation.remedies;
    const then = first?.then?.kind === 'refused' ? first.then.code : first?.then?.kind;
    expect([first?.words, then ?? null]).toEqual(remedy);
  });

  it('has a case for every refusal in the source of the decider', () => {
    const folder = join(import.meta.dirname, '../../multipoint/src');
    const source = ['accept', 'closing', 'join-leaf', 'opening', 'root-loss']
      .map((name) => readFileSync(join(folder, `${name}.ts`), 'utf8'))
      .join('\n');
    const named = source.matchAll(/refuse\('(\w+)', '(\w+)'|code: '(\w+)', rule: '(\w+)'/g);
    const refusals = [...named].map(([, a, b, c, d]) => `${a ?? c ?? ''} ${b ?? d ?? ''}`);
    expect(refusals.length).toBeGreaterThan(20);
    const explained = cases.map(({ refused }) => refused.join(' '));
    expect([...new Set(refusals)].filter((one) => !explained.includes(one))).toEqual([]);
  });

  it('tells what would be refused next where a remedy is not enough', () => {
    const recorder = new Recorder({ session: conf, sha256, startAt });
    recorder.decide(opens({ capacity: 1, deny: ['cy'] }), listens(2), asks('bob'), accepts('J1'));
    recorder.decide(changes({ allow: ['bob'] }), asks('cy'));
    const [remedy] = refusalIn(recorder).remedies;
    expect(remedy).toMatchObject({
      words: "the policy's deny list no longer names cy",
      then: { kind: 'refused', code: 'WSAECONNREFUSED', rule: 'H4' },
    });
  });

  it('is told of every refusal in the stories, with the same answer recomputed', () => {
    for (const story of [everyday, crowd, group]) {
      const all = [...steps(story(sha256).history)];
      for (const step of all.filter(({ kind }) => kind === 'refusal')) {
        const explanation = explain(step, Cast.of(all)) as RefusalExplained;
        expect(explanation.because.join('')).not.toBe('');
        expect(explanation.check.verdict).toBe('same');
      }
    }
  });

  it('is told for a rule of the edge too, and not recomputed', () => {
    const { history } = everyday(sha256);
    const [refusal] = history.refusals;
    if (refusal === undefined) throw new Error('the story has refusals');
    const facts = { status: 'up' };
    const fenced = { ...refusal, code: 'WSAENETRESET', rule: 'H10', facts } as const;
    const explanation = why({ ...history, refusals: [fenced] }, { kind: 'last-refused' });
    expect(explanation).toMatchObject({
      because: ['run run1 of node ada is over: a newer run of it is up'],
      check: { verdict: 'at-the-edge', recomputed: null },
      remedies: [{ words: expect.stringMatching(/^never from that run/), then: null }],
    });
  });

  it('is honest when the log does not reach the state', () => {
    const { history } = everyday(sha256);
    const cut = { ...history, commits: history.commits.slice(0, 2) };
    expect(why(cut, { kind: 'last-refused' })).toMatchObject({
      because: ['the log does not reach the state it was decided on'],
      check: { verdict: 'damaged' },
    });
  });
});

describe('why a command was accepted', () => {
  it('names the rule, the events and who heard', () => {
    const { history } = everyday(sha256);
    expect(why(history, { kind: 'position', revision: 4, place: null })).toMatchObject({
      outcome: 'accepted',
      asked: 'the root accepts J1',
      rule: 'R37',
      state: 'open, 0/3 members [], 1 waiting [J1 bob:1]',
      stateAfter: 'open, 1/3 members [bob:1], 0 waiting []',
      told: [{ kind: 'FD_CONNECT', to: 'bob/run1/1' }],
      sameCommit: [],
      check: { verdict: 'same' },
    });
  });

  it('points at the other decisions of its commit', () => {
    const { history } = crowd(sha256);
    expect(why(history, { kind: 'position', revision: 2, place: 2 })).toMatchObject({
      asked: 'cy:1 asks to join conf-7',
      sameCommit: ['conf-7@2.1'],
      basis: { revision: 1, decisions: 1 },
    });
  });

  it('knows groups', () => {
    const { history } = group(sha256);
    expect(history.session).toBe(news);
    expect(why(history, { kind: 'position', revision: 1, place: 1 })).toMatchObject({
      asked: 'an operator sets up @news',
      rule: 'R42',
    });
  });

  it('answers null for what is not there', () => {
    const { history } = group(sha256);
    expect(why(history, { kind: 'number', number: 99 })).toBeNull();
    expect(why(history, { kind: 'command', commandId: 'command-9999' })).toBeNull();
    expect(why({ ...history, refusals: [] }, { kind: 'last-refused' })).toBeNull();
    expect(at('bob')).toBe('bob:1');
  });
});

function refusalIn(recorder: Recorder): RefusalExplained {
  const explanation = why(recorder.history, { kind: 'last-refused' });
  if (explanation?.outcome !== 'refused') throw new Error('nothing was refused');
  return explanation;
}

describe('the order of records', () => {
  it('is by revision and place, with each refusal where its state stood', () => {
    const order = [...steps(crowd(sha256).history)].map((step) =>
      step.kind === 'decision'
        ? `${String(step.number)} ${String(step.commit.revision)}.${String(step.place)} ${step.decided.command.type}`
        : `${String(step.number)} ✗ after ${String(step.basis.revision)}.${String(step.basis.decisions)}`,
    );
    expect(order).toEqual([
      '1 1.1 OpenSession',
      '2 1.2 Listen',
      '3 2.1 RequestJoin',
      '4 2.2 RequestJoin',
      '5 ✗ after 1.2',
      '6 ✗ after 1.2',
      '7 ✗ after 1.2',
      '8 3.1 ChangePolicy',
      '9 3.2 RequestJoin',
      '10 4.1 CloseSocket',
      '11 4.2 ShutdownSession',
      '12 ✗ after 3.2',
    ]);
  });

  it('does not follow the clock', () => {
    const { history } = everyday(sha256);
    const still = {
      ...history,
      commits: history.commits.map((c) => ({ ...c, storedAt: 0, decidedAt: 0 })),
    };
    const numbers = [...steps(still)].map(({ number, kind }) => `${String(number)} ${kind}`);
    expect(numbers).toEqual(
      [...steps(history)].map(({ number, kind }) => `${String(number)} ${kind}`),
    );
  });
});
