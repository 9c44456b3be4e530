import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { problemText, readScenario } from './read-scenario.js';
import { expected } from './scenario.js';

const folder = join(import.meta.dirname, '../../../../scenarios');

const head = `title: A room
description: Somebody knocks.
session: room
cast:
  ada: keeps it
  bob: knocks
`;

describe('the scenarios that we ship', () => {
  it.each(readdirSync(folder).filter((file) => file.endsWith('.yaml')))(
    '%s can be read',
    (file) => {
      expect(readScenario(readFileSync(join(folder, file), 'utf8'))).toMatchObject({ ok: true });
    },
  );
});

describe('a scenario', () => {
  it('is a list of who does what, and how it is meant to end', () => {
    const scenario = read(`${head}steps:
  - ada: open
  - bob: ask
    callerData: hello
  - ada: invite
    leaf: bob:2
    expect: refused WSAEALREADY R50
`);
    expect(scenario.steps).toMatchObject([
      { actor: 'ada', action: 'open', line: 8 },
      { actor: 'bob', action: 'ask', callerData: 'hello', line: 9 },
      { actor: 'ada', action: 'invite', leaf: 'bob:2' },
    ]);
    expect(scenario.steps.map(expected)).toEqual([
      { kind: 'done' },
      { kind: 'waiting' },
      { kind: 'refused', code: 'WSAEALREADY', rule: 'R50' },
    ]);
  });

  it('has no agents and the default policy unless it says so', () => {
    expect(read(`${head}steps: [{ ada: open }]`)).toMatchObject({ agents: {}, policy: {} });
  });
});

describe('what is wrong with a scenario is named by line and field', () => {
  it.each([
    ['text that is no YAML', `${head}steps: [`, /^x\.yaml:7: \S/],
    [
      'an unknown field',
      `${head}stage: west\nsteps: [{ ada: open }]`,
      'x.yaml:7: stage is not known here',
    ],
    ['a missing field', `${head}steps:\n  - ada: accept\n`, 'x.yaml:8: steps[0].from is missing'],
    ['no steps', head, 'x.yaml:1: steps is missing'],
    [
      'an actor who is not of the cast',
      `${head}steps:\n  - ada: open\n  - eve: ask\n`,
      'x.yaml:9: steps[1] begins with nobody who is there (ada, bob)',
    ],
    [
      'two actors in one step',
      `${head}steps:\n  - ada: open\n    bob: ask\n`,
      'x.yaml:8: steps[0] has two actors, ada and bob',
    ],
    [
      'an unknown action',
      `${head}steps:\n  - ada: dance\n`,
      /^x\.yaml:8: steps\[0\] has an unknown action; there are: open, /,
    ],
    [
      'an unknown field of a step',
      `${head}steps:\n  - ada: open\n    loudly: true\n`,
      'x.yaml:9: steps[0].loudly is not known here',
    ],
    [
      'an expectation that is none',
      `${head}steps:\n  - bob: ask\n    expect: refused WSAEWHATEVER\n`,
      /^x\.yaml:9: steps\[0\]\.expect is none of: done, waiting, /,
    ],
    [
      'an agent that is to do what it cannot',
      `${head}agents: { agent-1: { 1: accept } }\nsteps:\n  - agent-1: ask\n`,
      /^x\.yaml:9: steps\[0\] is for an agent, /,
    ],
    [
      'a leaf nobody has heard of',
      `${head}steps:\n  - ada: hear\n    event: FD_CLOSE\n    leaf: eve\n`,
      'x.yaml:8: steps[0].leaf is nobody who is there (ada, bob)',
    ],
    [
      'a name that cannot be a node',
      head.replace('bob:', 'bob smith:') + 'steps: [{ ada: open }]',
      /^x\.yaml:6: cast\.bob smith is not a name/,
    ],
    [
      'a policy that is none',
      `${head}policy:\n  capacity: 0\nsteps: [{ ada: open }]`,
      /^x\.yaml:8: policy\.capacity /,
    ],
    [
      'an agent that answers something else',
      `${head}agents:\n  agent-1: { 1: dance }\nsteps: [{ ada: open }]`,
      /^x\.yaml:8: agents\.agent-1\.1 /,
    ],
  ] as const)('%s', (_what, text, message) => {
    expect(problems(text)[0]).toEqual(
      typeof message === 'string' ? message : expect.stringMatching(message),
    );
  });

  it('and everything at once, in the order of the file', () => {
    const text = `${head}steps:\n  - eve: ask\n  - ada: accept\n`;
    expect(problems(text)).toEqual([
      'x.yaml:8: steps[0] begins with nobody who is there (ada, bob)',
      'x.yaml:9: steps[1].from is missing',
    ]);
  });
});

function read(text: string) {
  const result = readScenario(text);
  if (!result.ok)
    throw new Error(result.error.map((each) => problemText('x.yaml', each)).join('\n'));
  return result.value;
}

function problems(text: string): readonly string[] {
  const result = readScenario(text);
  return result.ok ? [] : result.error.map((each) => problemText('x.yaml', each));
}
