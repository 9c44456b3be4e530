import { describe, expect, it } from '@jest/globals';
import type { Outcome } from './actor-protocol.js';
import { play, type Played, type Player } from './play.js';
import { readScenario } from './read-scenario.js';
import type { Step } from './scenario.js';
import { outcomeWords, stepWords, wantedWords } from './step-words.js';

const done: Outcome = { kind: 'done' };
const waiting: Outcome = { kind: 'waiting', deadlineAt: null };
const connected: Outcome = { kind: 'connected', data: 'come in' };
const closed: Outcome = { kind: 'closed', code: null };
const refused: Outcome = {
  kind: 'refused',
  code: 'WSAEALREADY',
  number: 10_037,
  rule: 'R50',
  message: 'A join is already outstanding.',
};
const held: Outcome = { ...refused, code: 'WSAEADDRINUSE', number: 10_048, rule: 'R12' };

/** Answers in order, and keeps what it was asked to do. */
class Script implements Player {
  readonly done: Step[] = [];
  killed = false;
  constructor(private readonly outcomes: readonly Outcome[]) {}

  act(_session: string, step: Step): Promise<Outcome> {
    this.done.push(step);
    return Promise.resolve(
      this.outcomes[this.done.length - 1] ?? { kind: 'broken', message: 'no more' },
    );
  }

  kill(): Promise<void> {
    this.killed = true;
    return Promise.resolve();
  }
}

describe('a scenario is played', () => {
  it('step by step, as long as each ends as it was meant to', async () => {
    const ada = new Script([done, waiting]);
    const played = await playAll('[{ ada: open }, { ada: invite, leaf: "bob:1" }]', ada);
    expect(played.map(({ asWanted }) => asWanted)).toEqual([true, true]);
  });

  it('up to the first step that does not', async () => {
    const ada = new Script([done, refused, done]);
    const steps = '[{ ada: open }, { ada: invite, leaf: "bob:1" }, { ada: close }]';
    const played = await playAll(steps, ada);
    expect(played.map(({ asWanted }) => asWanted)).toEqual([true, false]);
    expect(ada.done).toHaveLength(2);
  });

  it('with the policy of the file, which a step may change', async () => {
    const ada = new Script([done]);
    await playAll('[{ ada: open, policy: { capacity: 2 } }]', ada, 'policy: { admit: auto }');
    expect(ada.done[0]).toMatchObject({ policy: { admit: 'auto', capacity: 2 } });
  });

  it('waiting for the end of a join that is meant to end', async () => {
    const ada = new Script([waiting, connected]);
    const [played] = await playAll('[{ ada: invite, leaf: "bob:1", expect: connected }]', ada);
    expect(ada.done[1]).toMatchObject({ action: 'await', leaf: 'bob:1' });
    expect(played).toMatchObject({ asWanted: true, outcome: connected });
  });

  it('waiting until a session of an earlier start has ended', async () => {
    const ada = new Script([held, held, done]);
    expect(await playAll('[{ ada: open }]', ada)).toMatchObject([{ asWanted: true }]);
    expect(ada.done).toHaveLength(3);
  });

  it('killing a program from outside', async () => {
    const ada = new Script([]);
    expect(await playAll('[{ ada: kill }]', ada)).toMatchObject([{ asWanted: true }]);
    expect(ada.killed).toBe(true);
  });

  it.each([
    ['refused WSAEALREADY', refused, true],
    ['refused WSAEALREADY R50', refused, true],
    ['refused WSAEALREADY R51', refused, false],
    ['refused WSAENOBUFS', refused, false],
    ['failed WSAEALREADY', refused, false],
    ['connected', connected, true],
    ['connected', done, false],
  ] as const)('%s, and comes out so or not', async (wanted, outcome, asWanted) => {
    const steps = `[{ ada: ask, expect: ${wanted} }]`;
    expect(await playAll(steps, new Script([outcome]))).toMatchObject([{ asWanted }]);
  });

  it.each([
    ['', closed, true],
    ['', { kind: 'closed', code: 'WSAECONNABORTED' } as const, false],
    [', code: WSAECONNABORTED', { kind: 'closed', code: 'WSAECONNABORTED' } as const, true],
    ['', { kind: 'broken', message: 'nothing happened' } as const, false],
  ])('FD_CLOSE %s is heard, with the code that was meant', async (code, outcome, asWanted) => {
    const steps = `[{ ada: hear, event: FD_CLOSE${code} }]`;
    expect(await playAll(steps, new Script([outcome]))).toMatchObject([{ asWanted }]);
  });
});

describe('a step is told', () => {
  it.each([
    ['{ ada: open }', done, 'open room', 'done'],
    ['{ ada: ask, callerData: hi }', waiting, 'ask to join: "hi"', 'waiting'],
    ['{ ada: accept, from: bob }', connected, 'accept bob', 'connected: "come in"'],
    [
      '{ ada: invite, leaf: "bob:1" }',
      refused,
      'invite bob:1',
      'refused WSAEALREADY (10037), rule R50',
    ],
    ['{ ada: await, leaf: "bob:1" }', connected, 'learn of bob:1', 'connected: "come in"'],
    ['{ ada: hear, event: FD_CLOSE, leaf: bob }', closed, 'hear of bob', 'FD_CLOSE'],
    ['{ ada: kill }', done, 'is killed', 'done'],
  ] as const)('%s', async (step, outcome, words, ended) => {
    const [played] = await playAll(`[${step}]`, new Script([outcome]));
    if (played === undefined) throw new Error('one step was played');
    expect(stepWords(played.step, 'room')).toBe(words);
    expect(outcomeWords(played)).toBe(ended);
  });

  it('with what was wanted instead', async () => {
    const [played] = await playAll(
      '[{ ada: ask, expect: failed WSAETIMEDOUT E16 }]',
      new Script([]),
    );
    expect(played && wantedWords(played.step, played.wanted)).toBe('failed WSAETIMEDOUT, rule E16');
  });
});

async function playAll(steps: string, ada: Player, more = ''): Promise<readonly Played[]> {
  const head = 'title: A room\ndescription: Somebody knocks.\nsession: room\n';
  const cast = 'cast: { ada: keeps it, bob: knocks }\n';
  const scenario = readScenario(`${head}${cast}${more}\nsteps: ${steps}\n`);
  if (!scenario.ok) throw new Error(JSON.stringify(scenario.error));
  const played: Played[] = [];
  for await (const each of play(scenario.value, new Map([['ada', ada]]), () => 0))
    played.push(each);
  return played;
}
