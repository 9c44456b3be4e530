import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { connect as connectClient } from '@joinleaf/client';
import type { Program } from '@joinleaf/launcher';
import { asEnvironment, type Credentials } from './credentials.js';
import { startService } from './services.js';
import { conditionsOf, serverVersion } from './stage.js';
import type { Bench, BenchOptions, Tell } from './bench.js';
import { startBroker } from './broker.js';
import { startProgram } from './program.js';
import type { Findings } from './report.js';
import { timesColumns, timesRow, withinMs } from './times.js';

const realm = 'bench';
const session = 'conf-7';
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
  const client = await connectClient({ ...nodes, realm, node: 'host', boundMs: 60_000 });
  stack.defer(() => client.close());
  const root = await client.openRoot(session, { admit: 'auto' });

  const times: number[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    const program = await joinedProgram(nodes, `guest-${String(round)}`);
    while (root.links.length === 0) await delay(5);
    const [link] = root.links;
    await delay(Math.random() * boundMs); // Anywhere between two beats.
    tell(`round ${String(round)} of ${String(rounds)}: the program is killed`);
    const killedAt = performance.now();
    const killed = program.kill();
    await link?.over;
    times.push(performance.now() - killedAt);
    await killed;
    while (root.links.length > 0) await delay(5);
  }
  const row = timesRow('killed', `kill -9 to FD_CLOSE, bound ${String(boundMs)} ms`, times);
  const version = await serverVersion(services);
  return {
    conditions: conditionsOf(version, broker.durability, ['session', 'notifier']),
    tables: [{ title: `${String(rounds)} times`, columns: timesColumns, rows: [row] }],
    goals: [withinMs('FD_CLOSE for a program that was killed, at the latest', row, goalMs)],
    notes: [],
    problem: null,
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
