import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startCoordinator, type Coordinator } from '@joinleaf/testcontainers';
import { images } from './images.js';
import { play } from './play.js';
import { readScenario, scenarioNames } from './scenario-file.js';

// Our scenarios, with the broker, the services and the agents as containers, and the programs of the cast as
// processes on this machine. What is on record afterwards is decided again, by the command in its container.

const scenarios = scenarioNames.map((name) => ({ name, scenario: readScenario(name) }));

let coordinator: Coordinator;

beforeAll(async () => {
  const nodes = scenarios.flatMap(({ scenario: { cast, agents } }) => [...cast, ...agents.keys()]);
  coordinator = await startCoordinator({ images, nodes });
}, 120_000);

afterAll(async () => {
  await coordinator.stop();
});

describe.each(scenarios)('$name', ({ scenario }) => {
  it('goes as it is written', async () => {
    const played = await play(coordinator, scenario);
    expect(played.map(({ step, ended }) => `${step}: ${ended}`)).toEqual(
      played.map(({ step, meant }) => `${step}: ${meant}`),
    );
    expect(played).toHaveLength(scenario.steps.length);
  }, 60_000);

  it('comes out the same when it is decided again', async () => {
    const said = await coordinator.joinleaf('replay', scenario.session, '--json');
    expect([said.exitCode, said.stderr]).toEqual([0, expect.any(String)]);
    const { sessions } = JSON.parse(said.stdout) as { sessions: readonly { decisions: number }[] };
    expect(sessions).toMatchObject([{ session: scenario.session, diverged: 0, damage: null }]);
    expect(sessions[0]?.decisions).toBeGreaterThan(2);
  });
});

describe('the log of all of them', () => {
  it('is whole', async () => {
    const { exitCode, stdout } = await coordinator.joinleaf('verify', '--all');
    const summary = `notifications ok · ${String(scenarios.length)} sessions ok`;
    expect([exitCode, stdout]).toEqual([0, expect.stringContaining(summary)]);
  });
});
