import {
  agentRecipe,
  brokerRecipe,
  notifierRecipe,
  sessionRecipe,
  type Recipe,
} from './containers.js';
import { Coordinator } from './coordinator.js';
import { Logins } from './logins.js';
import { planOf, type CoordinatorOptions } from './options.js';
import { Stage } from './stage.js';

/**
 * Starts a coordinator in containers, and returns when everything in it is ready: one nats-server, one session
 * service and one notifier, unless `options` asks for more.
 *
 * @throws TypeError before anything is started, for names that are none; CoordinatorFailed with the last lines
 *   of the container that did not become ready; what `testcontainers` throws where there is no Docker. In every
 *   case nothing is left running.
 */
export async function startCoordinator(options: CoordinatorOptions = {}): Promise<Coordinator> {
  const plan = planOf(options);
  const logins = new Logins(plan.nodes);
  const stage = await Stage.set(plan.startWithinMs);
  const brokers = plan.brokers.map((name) => brokerRecipe(name, plan, logins));
  const services = [
    ...plan.sessions.map((name) => sessionRecipe(name, plan, logins)),
    ...plan.notifiers.map((name) => notifierRecipe(name, plan, logins)),
  ];
  const agents = plan.agents.map((agent) => agentRecipe(agent, plan, logins));
  try {
    // A service waits for its broker, but streams of three copies need three brokers that have met.
    if (brokers.length === 1) {
      await together(stage, [...brokers, ...services]);
    } else {
      await together(stage, brokers);
      await together(stage, services);
    }
    await together(stage, agents);
    return new Coordinator({ plan, logins, stage });
  } catch (error) {
    await stage.clear();
    throw error;
  }
}

async function together(stage: Stage, recipes: readonly Recipe[]): Promise<void> {
  await Promise.all(recipes.map((recipe) => stage.start(recipe)));
}
