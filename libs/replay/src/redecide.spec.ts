import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { decide, err, type SessionCommand, type SessionEvent } from '@joinleaf/multipoint';
import type { History } from './history.js';
import { redecide, type Decider } from './redecide.js';
import { Recorder } from './recorder.js';
import { asks, conf, crowd, everyday, group, listens, opens, startAt } from './contract.js';

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

describe('re-deciding a history', () => {
  it.each([
    ['everyday', everyday],
    ['crowd', crowd],
    ['group', group],
  ])('finds nothing in %s, which the decider itself has made', (_, story) => {
    const { history } = story(sha256);
    const replay = redecide(history);
    expect(replay).toMatchObject({ diverged: 0, first: null, damage: null });
    expect(replay.counts.same).toBe(replay.decisions + replay.refusals);
    expect(replay.refusals).toBe(history.refusals.length);
    expect(replay.refusals).toBeGreaterThan(1);
  });

  it('ignores the order of the keys in what was recorded', () => {
    const { history } = everyday(sha256);
    const turned = withCommits(history, (commits) =>
      commits.map((commit) => ({
        ...commit,
        decisions: commit.decisions.map((decided) => ({
          ...decided,
          events: decided.events.map((event) => reversed(event)),
        })),
      })),
    );
    expect(redecide(turned).diverged).toBe(0);
  });

  it('gets through thousands of members', () => {
    const recorder = new Recorder({ session: conf, sha256, startAt });
    recorder.decide(opens({ admit: 'auto' }), listens(5));
    for (let batch = 0; batch < 100; batch += 1) {
      const nodes = Array.from({ length: 50 }, (_, i) => `n${String(batch)}-${String(i)}`);
      recorder.decide(...nodes.map((node) => asks(node)));
    }
    expect(redecide(recorder.history)).toMatchObject({ decisions: 5_002, diverged: 0 });
  });
});

describe('a divergence', () => {
  it('names a recorded event that was changed, and where', () => {
    const { history } = everyday(sha256);
    const mutated = withEvent(history, 4, (event) => ({ ...event, calleeData: 'b3RoZXI=' }));
    const { first, diverged } = redecide(mutated);
    expect(diverged).toBe(1);
    expect(first).toMatchObject({
      verdict: 'other-events',
      step: { number: 4, commit: { revision: 4 }, place: 1 },
      differences: [
        { path: ['events', '0', 'calleeData'], before: 'b3RoZXI=', after: 'd2VsY29tZQ==' },
      ],
    });
  });

  it('is told apart: accepted then, refused now', () => {
    const strict: Decider = (command, session) =>
      command.type === 'AcceptJoin'
        ? err({ code: 'WSAEACCES', rule: 'R87', facts: { join: command.join } })
        : decide(command, session);
    const { first, counts } = redecide(everyday(sha256).history, strict);
    expect(first).toMatchObject({
      verdict: 'accept-to-refuse',
      recorded: { kind: 'accepted', rule: 'R37' },
      recomputed: { kind: 'refused', code: 'WSAEACCES', rule: 'R87' },
    });
    expect(counts['accept-to-refuse']).toBe(2);
  });

  it('is told apart: refused then, accepted now', () => {
    const generous: Decider = (command, session) => {
      const decision = decide(command, session);
      if (decision.ok || session.phase !== 'open' || decision.error.rule !== 'H5') return decision;
      return decide(command, { ...session, policy: { ...session.policy, capacity: null } });
    };
    const { first } = redecide(crowd(sha256).history, generous);
    expect(first).toMatchObject({
      verdict: 'refuse-to-accept',
      step: { kind: 'refusal', basis: { revision: 1, decisions: 2 } },
      recorded: { code: 'WSAENOBUFS', rule: 'H5' },
    });
  });

  it('is told apart: the same events by another rule, another refusal, an exception', () => {
    const { history } = everyday(sha256);
    const renamed: Decider = (command, session) => {
      const decision = decide(command, session);
      return decision.ok && command.type === 'Listen'
        ? { ok: true, value: { ...decision.value, rule: 'R17' } }
        : decision;
    };
    expect(redecide(history, renamed).first).toMatchObject({ verdict: 'other-rule' });
    const recoded: Decider = (command, session) => {
      const decision = decide(command, session);
      return decision.ok ? decision : err({ code: 'WSAEINVAL', rule: decision.error.rule });
    };
    expect(redecide(history, recoded).first).toMatchObject({ verdict: 'other-refusal' });
    const broken: Decider = (command, session) => {
      if (command.type === 'LoseNode') throw new Error('no such table');
      return decide(command, session);
    };
    expect(redecide(history, broken).first).toMatchObject({
      verdict: 'threw',
      recomputed: { kind: 'threw', message: 'no such table' },
    });
  });

  it('does not spread: what follows is decided on the recorded events', () => {
    const never: Decider = (command, session) =>
      command.type === 'OpenSession'
        ? err({ code: 'WSAEADDRINUSE', rule: 'R12' })
        : decide(command, session);
    expect(redecide(everyday(sha256).history, never)).toMatchObject({ diverged: 1 });
  });

  const mutants: readonly (readonly [string, (command: SessionCommand) => SessionCommand])[] = [
    ['a longer deadline', (c) => (c.type === 'InviteLeaf' ? { ...c, deadlineMs: 20_000 } : c)],
    ['another backlog', (c) => (c.type === 'Listen' ? { ...c, backlog: c.backlog + 1 } : c)],
    ['an earlier clock', (c) => (c.type === 'ExpireJoins' ? { ...c, now: 0 } : c)],
    ['lost callee data', (c) => (c.type === 'AcceptJoin' ? { ...c, calleeData: null } : c)],
    [
      'forgetful closing',
      (c) => (c.type === 'CloseSocket' ? { ...c, socket: asks('x').caller } : c),
    ],
    [
      'a wider capacity',
      (c) => (c.type === 'OpenSession' ? { ...c, policy: { ...c.policy, capacity: 9 } } : c),
    ],
    ['mistaken liveness', (c) => (c.type === 'InviteLeaf' ? { ...c, leafNode: 'lost' } : c)],
    ['swapped flags', (c) => (c.type === 'RequestJoin' ? { ...c, flags: 'sender-only' } : c)],
    ['the wrong run', (c) => (c.type === 'LoseNode' ? { ...c, incarnation: 'run2' } : c)],
    [
      'links made anew',
      (c) =>
        c.type === 'AcceptJoin' && c.accepted !== null ? { ...c, accepted: asks('y').caller } : c,
    ],
  ];

  it.each(mutants)('shows a decider with %s, the step and both sides', (_, mutate) => {
    const { first } = redecide(everyday(sha256).history, (command, session) =>
      decide(mutate(command), session),
    );
    expect(first?.step.number).toBeGreaterThan(0);
    expect(first?.recomputed).not.toEqual(first?.recorded);
    expect(first?.differences.length).toBeGreaterThan(0);
  });
});

describe('a damaged history', () => {
  it('is re-decided up to the damage, and not beyond', () => {
    const { history } = everyday(sha256);
    const gap = withCommits(history, (commits) => commits.filter(({ revision }) => revision !== 4));
    const replay = redecide(gap);
    expect(replay.damage).toMatchObject({ kind: 'gap', revision: 5 });
    expect(replay.counts.same).toBe(3);
    expect(replay.counts.damaged).toBe(replay.decisions + replay.refusals - 3);
    expect(replay.first).toBeNull();
  });

  it('has refusals that nothing can be said about when the log ends before them', () => {
    const { history } = everyday(sha256);
    const cut = withCommits(history, (commits) => commits.slice(0, 2));
    const replay = redecide(cut);
    expect(replay).toMatchObject({ decisions: 2, refusals: 3, counts: { same: 2, damaged: 3 } });
  });
});

describe('a refusal at the edge', () => {
  it('is named, and not recomputed', () => {
    const { history } = everyday(sha256);
    const [refusal, ...others] = history.refusals;
    if (refusal === undefined) throw new Error('the story has refusals');
    const fenced = { ...refusal, code: 'WSAENETRESET', rule: 'H10', facts: null } as const;
    const { counts, diverged } = redecide({ ...history, refusals: [fenced, ...others] });
    expect(counts['at-the-edge']).toBe(1);
    expect(diverged).toBe(0);
  });
});

function withCommits(
  history: History,
  change: (commits: History['commits']) => History['commits'],
): History {
  return { ...history, commits: change(history.commits) };
}

function withEvent(
  history: History,
  revision: number,
  change: (event: SessionEvent) => object,
): History {
  return withCommits(history, (commits) =>
    commits.map((commit) => {
      if (commit.revision !== revision) return commit;
      const decisions = commit.decisions.map((decided) => ({
        ...decided,
        events: decided.events.map((event) => change(event) as SessionEvent),
      }));
      return { ...commit, decisions };
    }),
  );
}

function reversed<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).reverse()) as T;
}
