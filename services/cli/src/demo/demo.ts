import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { NatsCredentials } from '@joinleaf/nats-server';
import { exitCodes, type ExitCode } from '../exit-codes.js';
import type { VerbContext } from '../verb.js';
import type { World } from '../world.js';
import { openBroker, type Broker } from './broker.js';
import { removeContext, runningDemo, writeContext, type DemoContext } from './context-file.js';
import { ladderFromLog } from './ladder.js';
import { places } from './places.js';
import { play } from './play.js';
import type { Scenario } from './scenario.js';
import { scenarioIn } from './scenario-file.js';
import { Stage } from './stage.js';
import { Teller } from './teller.js';
import { Interrupted, Watch } from './watch.js';
import { assertWhole } from './whole-installation.js';

export interface DemoOptions {
  /** The scenario's file, or the name of one of ours. */
  readonly scenario: string;
  /** Ends by itself when the scenario has been played. */
  readonly once: boolean;
  /** Where a server of our own keeps its data; null for a temporary folder. */
  readonly store: string | null;
}

const soonMs = 3_000;

/**
 * Starts a broker, the services and the programs of a scenario, plays it, shows its ladder as the event
 * log tells it, and keeps everything running until it is interrupted. Whatever happens, everything that
 * was started has ended when this returns.
 *
 * @returns An exit code: 0; 1 when something could not be started or went otherwise than the scenario
 *   says; 2 for a scenario or options that make no sense; 130 when it was interrupted before the end.
 * @throws Trouble (failure) when services and scenarios are not there, as in the image of this command.
 */
export async function runDemo(options: DemoOptions, context: VerbContext): Promise<ExitCode> {
  const teller = new Teller(context.terminal);
  const { once, store } = options;
  assertWhole();
  if (store !== null && context.world.env.NATS_URL) {
    teller.complain('--store is for a server of our own. With NATS_URL set, name a realm instead,');
    teller.complain('and what is written stays: JOINLEAF_REALM=mine npm start');
    return exitCodes.usage;
  }
  const scenario = await scenarioIn(options.scenario);
  if (!scenario.ok) {
    for (const line of scenario.error) teller.complain(line);
    return exitCodes.usage;
  }
  const running = once ? null : await runningDemo(places.contextFile);
  if (running !== null) {
    teller.alreadyRunning(running);
    return exitCodes.failure;
  }
  const folder = await logFolder(once);
  const exitCode = await perform({ ...options, scenario: scenario.value, folder }, context);
  const worthReading = exitCode === exitCodes.failure && (await readdir(folder)).length > 0;
  if (worthReading) teller.complain(`What the services said is in ${folder}`);
  else if (once) await rm(folder, { recursive: true, force: true });
  return exitCode;
}

interface Play {
  readonly scenario: Scenario;
  readonly once: boolean;
  readonly store: string | null;
  /** For the logs of the services. */
  readonly folder: string;
}

// What went wrong is told at once; then everything ends, which may take a moment.
async function perform(wanted: Play, context: VerbContext): Promise<ExitCode> {
  await using ends = new AsyncDisposableStack();
  try {
    return await playOn(wanted, context, ends);
  } catch (error) {
    if (error instanceof Interrupted) return interruptionCode(context.world);
    new Teller(context.terminal).failure(error);
    return exitCodes.failure;
  }
}

// Whoever reads only the beginning, as `head` does, has what was wanted.
const interruptionCode = ({ interrupted: { reason } }: World): ExitCode =>
  reason instanceof Error && reason.message === 'nobody reads'
    ? exitCodes.fine
    : exitCodes.interrupted;

async function playOn(
  { scenario, once, store, folder }: Play,
  { world, terminal }: VerbContext,
  ends: AsyncDisposableStack,
): Promise<ExitCode> {
  const teller = new Teller(terminal);
  const startedAt = performance.now();
  const watch = new Watch(world.interrupted);
  const broker = await open(store, world, teller, watch, ends);
  teller.aside(broker.words);
  const { nats, realm } = broker;
  const stage = ends.adopt(await Stage.set({ nats, realm, scenario, folder }, watch), (each) =>
    each.stop(),
  );
  watch.over(stage.lives());
  teller.ready(stage.names, performance.now() - startedAt);
  if (!once) {
    await writeContext(places.contextFile, contextOf(broker, stage));
    ends.defer(() => removeContext(places.contextFile, process.pid));
  }

  const { good, refused } = await watch.or(show(scenario, stage, teller, world.interrupted));
  const { session } = scenario;
  const wish = { session, refused, columns: terminal.columns, signal: world.interrupted };
  teller.ladder(await watch.or(ladderFromLog(broker, wish)));
  if (!once) {
    teller.toTry(session, { refused });
    await watch.interruption();
    teller.aside('stopping');
  }
  return good ? exitCodes.fine : exitCodes.failure;
}

// The logs of the last demo are of use until the next; those of a demo beside it are its own.
async function logFolder(once: boolean): Promise<string> {
  if (once) return mkdtemp(join(tmpdir(), 'joinleaf-demo-'));
  await rm(places.logs, { recursive: true, force: true });
  await mkdir(places.logs, { recursive: true });
  return places.logs;
}

async function open(
  store: string | null,
  { env }: World,
  teller: Teller,
  watch: Watch,
  ends: AsyncDisposableStack,
): Promise<Broker> {
  const opening = openBroker({
    store,
    environment: env,
    onProgress: (message) => {
      teller.aside(message);
    },
    onDeath: (message) => {
      watch.report(new Error(message));
    },
  });
  ends.defer(() => soon(opening.then((broker) => broker.stop())));
  return watch.or(opening);
}

// A download is not waited for when somebody wants to leave: it ends with this process.
async function soon(work: Promise<void>): Promise<void> {
  await Promise.race([work.catch(() => undefined), delay(soonMs, undefined, { ref: false })]);
}

interface Shown {
  /** Everything ended as it was meant to. */
  readonly good: boolean;
  readonly refused: number;
}

async function show(
  scenario: Scenario,
  stage: Stage,
  teller: Teller,
  interrupted: AbortSignal,
): Promise<Shown> {
  teller.title(scenario);
  let refused = 0;
  for await (const played of play(scenario, stage.players)) {
    if (interrupted.aborted) break; // What goes wrong now is our own doing.
    teller.step(played, scenario);
    if (played.outcome.kind === 'refused') refused += 1;
    if (!played.asWanted) return { good: false, refused };
  }
  return { good: !interrupted.aborted, refused };
}

function contextOf({ nats, realm }: Broker, stage: Stage): DemoContext {
  const login = ({ user, pass }: NatsCredentials) => ({ user, pass });
  const { services, auditor, nodes } = nats.credentials;
  return {
    pid: process.pid,
    realm,
    servers: services.servers,
    services: login(services),
    auditor: login(auditor),
    nodes: login(nodes),
    agents: [...stage.agentUrls],
  };
}
