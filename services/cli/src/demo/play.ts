import { setTimeout as delay } from 'node:timers/promises';
import type { Outcome } from './actor-protocol.js';
import { expected, type Expectation, type Scenario, type Step, type StepOf } from './scenario.js';

const againMs = 100;
const againMax = 50;

/** Somebody who does steps, one after the other. */
export interface Player {
  act(session: string, step: Step): Promise<Outcome>;
  /** Ends as a crash would. */
  kill(): Promise<void>;
}

/** A step that was done. */
export interface Played {
  readonly step: Step;
  readonly outcome: Outcome;
  readonly wanted: Expectation;
  readonly asWanted: boolean;
  readonly tookMs: number;
}

/** Plays a scenario, and stops at the first step that did not end as it was meant to. */
export async function* play(
  scenario: Pick<Scenario, 'session' | 'policy' | 'steps'>,
  players: ReadonlyMap<string, Player>,
  clock: () => number = () => performance.now(),
): AsyncGenerator<Played> {
  for (const step of scenario.steps) {
    const player = players.get(step.actor);
    if (player === undefined) throw new Error(`nobody plays ${step.actor}`);
    const startedAt = clock();
    const wanted = expected(step);
    const outcome = await perform(player, scenario.session, withPolicy(step, scenario), wanted);
    const asWanted = fits(outcome, wanted, step);
    yield { step, outcome, wanted, asWanted, tookMs: Math.round(clock() - startedAt) };
    if (!asWanted) return;
  }
}

// What stands at the head of the file is the policy that the session is opened with.
const withPolicy = (step: Step, { policy }: Pick<Scenario, 'policy'>): Step =>
  step.action === 'open' ? { ...step, policy: { ...policy, ...step.policy } } : step;

async function perform(
  player: Player,
  session: string,
  step: Step,
  wanted: Expectation,
): Promise<Outcome> {
  if (step.action === 'kill') {
    await player.kill();
    return { kind: 'done' };
  }
  if (step.action === 'open') return open(player, session, step, wanted);
  const outcome = await player.act(session, step);
  const goesOn = wanted.kind === 'connected' || wanted.kind === 'failed';
  return outcome.kind === 'waiting' && goesOn ? player.act(session, awaitOf(step)) : outcome;
}

// A session of an earlier start whose root was killed is still being taken down.
async function open(
  player: Player,
  session: string,
  step: StepOf<'open'>,
  wanted: Expectation,
): Promise<Outcome> {
  for (let again = 0; ; again += 1) {
    const outcome = await player.act(session, step);
    const isHeld = outcome.kind === 'refused' && outcome.code === 'WSAEADDRINUSE';
    if (!isHeld || wanted.kind === 'refused' || again === againMax) return outcome;
    await delay(againMs);
  }
}

function awaitOf({ actor, line, ...step }: Step): StepOf<'await'> {
  const leaf = step.action === 'invite' ? { leaf: step.leaf } : {};
  return { actor, line, action: 'await', ...leaf };
}

function fits(outcome: Outcome, wanted: Expectation, step: Step): boolean {
  if (outcome.kind === 'closed' && step.action === 'hear') {
    return outcome.code === (step.code ?? null);
  }
  if (wanted.kind !== 'refused' && wanted.kind !== 'failed') return outcome.kind === wanted.kind;
  if (outcome.kind !== wanted.kind) return false;
  return outcome.code === wanted.code && (wanted.rule === null || outcome.rule === wanted.rule);
}
