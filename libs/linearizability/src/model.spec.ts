import { describe, expect, it } from '@jest/globals';
import {
  answer,
  decide,
  evolve,
  unopened,
  winsockPolicy,
  type JoinId,
  type Session,
  type SessionCommand,
} from '@joinleaf/multipoint';
import { drawCommand, type Chance } from '@joinleaf/multipoint/testing';
import fc from 'fast-check';
import { inputOf, outputOf } from './from-commands.js';
import type { Input, Output } from './history.js';
import { keyOf, nothingYet, serve, step, type Model } from './model.js';

describe('the model', () => {
  it('says to every program of commands what the decider says', () => {
    const met = new Set<string>();
    const programs = fc.noBias(fc.array(fc.nat(0xffff), { minLength: 900, maxLength: 900 }));
    const run = fc.property(programs, (numbers) => {
      live(numbers, (input, output, model) => {
        met.add(`${input.type} ${output.type === 'refused' ? output.code : output.type}`);
        // On failure, this says more than that there is no next model.
        if (step(model, input, output) === null) expect(serve(model, input).says).toEqual(output);
      });
    });
    // One seed for all: whether each answer is met must not be a matter of luck.
    fc.assert(run, { numRuns: 400, seed: 7 });
    expect([...met].sort()).toEqual([...everyAnswer].sort());
  });

  it('agrees with one answer alone', () => {
    const programs = fc.noBias(fc.array(fc.nat(0xffff), { minLength: 300, maxLength: 300 }));
    const run = fc.property(programs, (numbers) => {
      live(numbers, (input, output, model) => {
        for (const other of others(output)) expect(step(model, input, other)).toBe(null);
      });
    });
    fc.assert(run, { numRuns: 100 });
  });

  it('is the same model when its key is the same, and only then', () => {
    const ada = serve(nothingYet, { type: 'lose', node: 'ada', incarnation: 'run1' }).next;
    expect(keyOf(ada)).toBe(keyOf(nothingYet));
    expect(keyOf({ ...nothingYet, joins: 1 })).not.toBe(keyOf(nothingYet));
  });
});

const everyAnswer = [
  'open accepted',
  'open WSAEADDRINUSE',
  ...['listen', 'policy'].flatMap((type) =>
    ['accepted', 'WSAENOTSOCK', 'WSAESHUTDOWN'].map((told) => `${type} ${told}`),
  ),
  ...[
    'started',
    'admitted',
    'WSAECONNREFUSED',
    'WSAEALREADY',
    'WSAEISCONN',
    'WSAEINVAL',
    'WSAENOBUFS',
  ].map((told) => `join ${told}`),
  ...[
    'started',
    'WSAESHUTDOWN',
    'WSAENOTSOCK',
    'WSAEALREADY',
    'WSAEISCONN',
    'WSAEINVAL',
    'WSAENOBUFS',
    'WSAENETUNREACH',
  ].map((told) => `invite ${told}`),
  ...['admitted', 'WSAEACCES', 'WSAEINVAL', 'WSAENOBUFS'].map((told) => `accept ${told}`),
  ...['reject', 'defer'].flatMap((type) =>
    ['accepted', 'WSAEACCES', 'WSAEINVAL'].map((told) => `${type} ${told}`),
  ),
  'close accepted',
  'close WSAEINVAL',
  'shutdown accepted',
  'shutdown WSAENOTCONN',
  'expire accepted',
  'lose accepted',
];

/** Lives a program of commands with the decider, and shows each of them to the model. */
function live(
  numbers: readonly number[],
  show: (input: Input, output: Output, model: Model) => void,
): void {
  let spent = 0;
  const chance: Chance = (max) => (numbers[spent++] ?? 0) % (max + 1);
  let model = nothingYet;
  let session: Session = unopened;
  while (spent < numbers.length) {
    const command = withinTheModel(drawCommand(chance, session));
    const decision = decide(command, session);
    const events = decision.ok ? decision.value.events : [];
    const input = inputOf(command, events);
    const output = outputOf(
      decision.ok
        ? { ok: true, revision: 0, answer: answer(command, events) }
        : { ok: false, ...decision.error, basedOn: { revision: 0, decisions: 0 } },
    );
    session = events.reduce(evolve, session);
    if (input === null) continue;
    show(input, output, model);
    model = step(model, input, output) ?? model;
  }
}

function withinTheModel(command: SessionCommand): SessionCommand {
  if (command.type === 'OpenSession') {
    const { admit, capacity } = command.policy;
    return { ...command, policy: { ...winsockPolicy, admit, capacity } };
  }
  if (command.type !== 'ChangePolicy') return command;
  const { admit, capacity } = command.changes;
  const changes = {
    ...(admit === undefined ? {} : { admit }),
    ...(capacity === undefined ? {} : { capacity }),
  };
  return { ...command, changes };
}

function others(output: Output): readonly Output[] {
  const refusal = { type: 'refused', code: 'WSAEFAULT', basedOn: null } as const;
  switch (output.type) {
    case 'accepted':
      return [refusal, { ...output, type: 'started', join: 'J1' }];
    case 'started':
      return [
        refusal,
        { ...output, type: 'admitted' },
        { ...output, join: joinAfter(output.join) },
      ];
    case 'admitted':
      return [refusal, { ...output, type: 'started' }, { ...output, join: joinAfter(output.join) }];
    case 'refused':
      return [refusal, { type: 'accepted', changed: false, revision: null }];
    case 'members':
    case 'turned-away':
    case 'unknown':
      return [];
  }
}

const joinAfter = (join: JoinId): JoinId => `J${Number(join.slice(1)) + 1}`;
