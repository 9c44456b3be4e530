import type { Coordinator } from '@joinleaf/testcontainers';
import { ContainedAgent, HostProgram, type Outcome, type Player } from './players.js';
import type { Scenario, Step } from './scenario-file.js';

/** Plays a scenario, with its programs on this machine and its agents in containers, to its last step. */
export async function play(coordinator: Coordinator, scenario: Scenario): Promise<Played[]> {
  const players = await everybody(coordinator, scenario);
  const played: Played[] = [];
  try {
    for (const step of scenario.steps) {
      const player = players.get(step.actor);
      if (player === undefined) throw new Error(`nobody plays ${step.actor}`);
      const ended = words(await perform(player, scenario.session, step), step);
      played.push({ step: `${step.actor}: ${step.action}`, ended, meant: meant(step) });
    }
  } finally {
    await Promise.all([...players.values()].map((player) => player.leave()));
  }
  return played;
}

/** A step, how it ended, and how it was meant to. */
export interface Played {
  readonly step: string;
  readonly ended: string;
  readonly meant: string;
}

async function everybody(
  coordinator: Coordinator,
  { cast, agents, boundMs }: Scenario,
): Promise<ReadonlyMap<string, Player>> {
  const programs = cast.map(async (node): Promise<[string, Player]> => [
    node,
    await HostProgram.enter(coordinator.connectOptions(node), boundMs),
  ]);
  const contained = [...agents].map(async ([node, endpoints]): Promise<[string, Player]> => [
    node,
    new ContainedAgent(await coordinator.startAgent({ node, endpoints })),
  ]);
  return new Map(await Promise.all([...programs, ...contained]));
}

async function perform(player: Player, session: string, step: Step): Promise<Outcome> {
  if (step.action === 'kill') {
    await player.kill();
    return { kind: 'done' };
  }
  const outcome = await player.act(session, step);
  const goesOn = /^(?:connected|failed)/.test(meant(step));
  if (outcome.kind !== 'waiting' || !goesOn) return outcome;
  const { actor, line, leaf } = step;
  const asked = { actor, line, action: 'await' };
  const waited = step.action === 'invite' && leaf !== undefined ? { ...asked, leaf } : asked;
  return player.act(session, waited);
}

/** As a scenario writes it. The rule is part of it where the scenario names one. */
function words({ kind, code, rule, message }: Outcome, step: Step): string {
  if (kind === 'closed') return `closed ${code ?? 'gracefully'}`;
  if (kind === 'broken') return `broken: ${message ?? ''}`;
  const [, , wantedRule] = (step.expect ?? '').split(' ');
  const told = wantedRule === undefined ? [kind, code] : [kind, code, rule];
  return told.filter((part) => part !== undefined).join(' ');
}

function meant({ action, expect, code }: Step): string {
  if (action === 'hear') return `closed ${code ?? 'gracefully'}`;
  if (expect !== undefined) return expect;
  if (action === 'ask' || action === 'invite') return 'waiting';
  return action === 'accept' || action === 'await' ? 'connected' : 'done';
}
