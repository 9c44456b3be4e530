import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { connect as connectClient } from '@joinleaf/client';
import type { Program } from '@joinleaf/launcher';
import type { SessionAddress } from '@joinleaf/multipoint';
import { Subjects } from '@joinleaf/wire';
import { connect } from '@nats-io/transport-node';
import { asEnvironment, type Credentials } from './credentials.js';
import { startService } from './services.js';
import { conditionsOf, serverOf } from './stage.js';
import { inTimes, type Bench, type BenchOptions, type Tell } from './bench.js';
import { startBroker } from './broker.js';
import { check } from './check.js';
import { startProgram } from './program.js';
import type { Findings } from './report.js';
import { timesColumns, timesRow, withinMs } from './times.js';

const realm = 'bench';
const subjects = new Subjects(realm);
const session = 'conf-7' as SessionAddress;
const boundMs = 1_000;
/** A bound is silence: the last beat came before the end, the notice comes after the bound. */
const goalMs = 1.3 * boundMs;

/** Kills a program in a session, again and again: how long until the other side hears FD_CLOSE. */
export const livenessBench: Bench = {
  name: 'liveness',
  summary: 'a program in a session is killed; until the other side hears FD_CLOSE',
  rounds: 20,
  options: ['durability', 'profile'],
  choices: [],
  measure: measureLosses,
};

async function measureLosses(
  { rounds, sync, profiles }: BenchOptions,
  tell: Tell,
): Promise<Findings> {
  await using stack = new AsyncDisposableStack();
  const broker = stack.use(await startBroker(sync));
  const { services, nodes } = broker.credentials;
  for (const service of ['session', 'notifier']) {
    const started = await startService(services, { name: service, service, realm, profiles });
    stack.defer(() => started.stop());
  }
  const nc = await connect({ ...services });
  stack.defer(() => nc.close());
  const client = await connectClient({ ...nodes, realm, node: 'host', boundMs: 60_000 });
  stack.defer(() => client.close());
  const root = await client.openRoot(session, { admit: 'auto' });

  const times: number[] = [];
  let tooEarly: string | null = null;
  for (let round = 1; round <= rounds; round += 1) {
    const program = await joinedProgram(nodes, `guest-${String(round)}`);
    while (root.links.length === 0) await delay(5);
    const [link] = root.links;
    const over = link?.over.then(() => performance.now());
    await delay(Math.random() * boundMs); // Anywhere between two beats.
    tell(`round ${String(round)} of ${String(rounds)}: the program is killed`);
    const killedAt = performance.now();
    const killed = program.kill();
    const heardAt = (await over) ?? NaN;
    if (!(heardAt >= killedAt)) tooEarly ??= `${program.name} was given up while it lived`;
    times.push(heardAt - killedAt);
    await killed;
    while (root.links.length > 0) await delay(5);
  }
  const row = timesRow('killed', `kill -9 to FD_CLOSE, bound ${String(boundMs)} ms`, times);
  return {
    conditions: conditionsOf(serverOf(nc), broker.durability, ['session', 'notifier']),
    tables: [{ title: inTimes(rounds), columns: timesColumns, rows: [row] }],
    goals: [withinMs('FD_CLOSE for a program that was killed, at the latest', row, goalMs)],
    notes: [],
    problem: tooEarly ?? (await check({ services: nc, subjects }, [session], 0)),
  };
}

/** A program of its own process that has joined, and lives until it is killed. */
function joinedProgram(credentials: Credentials, node: string): Promise<Program> {
  return startProgram({
    name: node,
    file: join(import.meta.dirname, 'member-program.js'),
    words: [realm, node, session, String(boundMs)],
    environment: asEnvironment(credentials),
    ready: 'joined',
  });
}
