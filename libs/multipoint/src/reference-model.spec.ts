import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decide } from './decide.js';
import { drawCommand, type Chance } from './draw.js';
import { evolve } from './evolve.js';
import { apply, checks, judge, newModel, type Model } from './reference-model.js';
import { outstanding, unopened, type Session } from './session.js';

const spec = readFileSync(join(import.meta.dirname, '../../../docs/SPEC.md'), 'utf8');

describe('the law and its plain second telling', () => {
  it('say the same to every program of commands, and every check is met', () => {
    const met = new Set<string>();
    const programs = fc.noBias(fc.array(fc.nat(0xffff), { minLength: 900, maxLength: 900 }));
    // One seed for all: whether each check is met must not be a matter of luck.
    const run = fc.property(programs, (numbers) => {
      live(numbers, met);
    });
    fc.assert(run, { numRuns: 800, seed: 7 });
    expect([...met].sort()).toEqual(everyCheck().sort());
  });

  it('say the same to programs that nobody has seen before', () => {
    const programs = fc.noBias(
      fc.array(fc.nat(0xffff), { minLength: 20, maxLength: 600, size: 'max' }),
    );
    const run = fc.property(programs, (numbers) => {
      live(numbers, new Set());
    });
    fc.assert(run, { numRuns: 150 });
  });
});

describe('the order of checks', () => {
  it.each(Object.entries(checks))('of %s is the one in SPEC.md', (command, inOrder) => {
    expect(orderInSpec(command)).toEqual(inOrder.map(([code, rule]) => `${code} ${rule}`));
  });
});

function live(numbers: readonly number[], met: Set<string>): void {
  let spent = 0;
  const chance: Chance = (max) => (numbers[spent++] ?? 0) % (max + 1);
  const model = newModel();
  let session: Session = unopened;
  while (spent < numbers.length) {
    const command = drawCommand(chance, session);
    const decision = decide(command, session);
    const judged = judge(model, command);
    if (decision.ok) {
      if (!same(decision.value.events, judged)) expect(decision.value.events).toEqual(judged);
      for (const event of decision.value.events) apply(model, event);
      session = decision.value.events.reduce(evolve, session);
    } else {
      const { code, rule } = decision.error;
      if (!same({ code, rule }, judged)) expect({ code, rule }).toEqual(judged);
      met.add(`${command.type} ${code} ${rule}`);
    }
    if (!same(ofSession(session), ofModel(model))) {
      expect(ofSession(session)).toEqual(ofModel(model));
    }
  }
}

// `expect` is slow: it is called when there is something to show.
const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

const everyCheck = (): string[] => [
  ...new Set(
    Object.entries(checks).flatMap(([command, inOrder]) =>
      inOrder.map(([code, rule]) => `${command} ${code} ${rule}`),
    ),
  ),
];

function ofSession(session: Session) {
  if (session.phase === 'unopened') return { phase: session.phase, incarnation: 0, joinCount: 0 };
  const { phase, incarnation, joinCount } = session;
  if (phase !== 'open') return { phase, incarnation, joinCount };
  const { root, policy, backlog, members, vacancy } = session;
  const orphaned = vacancy && { heir: vacancy.heir, until: vacancy.until };
  return {
    ...{ phase, incarnation, joinCount, root, policy, backlog, orphaned },
    members: [...members.values()].map(({ leaf, link, address, join }) => ({
      ...{ leaf, link, address, join },
    })),
    waiting: outstanding(session).map(({ id, kind, caller, link, leafAddress, deferred }) => ({
      ...{ id, kind, caller, link, address: leafAddress, deferred },
    })),
  };
}

function ofModel({ phase, incarnation, joinCount, ...m }: Model) {
  if (phase !== 'open') return { phase, incarnation, joinCount };
  const isFirst = ({ kind }: Model['waiting'][number]): boolean => kind === 'invitation';
  const waiting = [...m.waiting.filter(isFirst), ...m.waiting.filter((join) => !isFirst(join))];
  return {
    ...{ phase, incarnation, joinCount, root: m.root, policy: m.policy, backlog: m.backlog },
    orphaned: m.orphaned && { heir: m.orphaned.heir, until: m.orphaned.until },
    members: m.members.map(({ leaf, link, address, join: id }) => ({
      ...{ leaf, link, address, join: id },
    })),
    waiting: waiting.map(({ id, kind, caller, link, address, deferred }) => ({
      ...{ id, kind, caller, link, address, deferred },
    })),
  };
}

/** The numbered lines under `### <command>`: each begins with a code and a rule. */
function orderInSpec(command: string): readonly string[] {
  const [, section = ''] = spec.split(new RegExp(`^### \`${command}\`$`, 'm'));
  const [lines = ''] = section.split(/^#/m);
  return [...lines.matchAll(/^\d+\. `(WSA\w+)` ([REAH]\d+)/gm)].map(
    ([, code, rule]) => `${String(code)} ${String(rule)}`,
  );
}
