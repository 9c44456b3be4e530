import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ensureStreams } from '@joinleaf/jetstream-log';
import { places } from '@joinleaf/launcher';
import type { Session } from '@joinleaf/multipoint';
import { Subjects } from '@joinleaf/wire';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { startBroker } from './broker.js';
import type { Process } from './cpu-times.js';
import { interrupted } from './leftovers.js';
import type { Life } from './replay-life.js';
import { conditionsOf, type Conditions, type StageOptions, serverOf } from './stage.js';
import { temporaryFolder } from './temporary-folder.js';

/** A broker with logs that were written before, and the command that looks at them. */
export interface ReplayStage extends AsyncDisposable {
  readonly nc: NatsConnection;
  readonly conditions: Conditions;
  readonly processes: readonly Process[];
  /** Puts lives into a realm's log, turn by turn, until each has so many commits. */
  plant(realm: string, lives: readonly Life[], commitsEach: number, look?: Look): Promise<void>;
  /** Runs `joinleaf …` on a realm as a process of its own, from its start to its end. */
  command(realm: string, words: readonly string[]): Promise<Ran>;
}

/** Called after each commit of a life. */
export type Look = (life: Life, session: Session) => void;

export interface Ran {
  readonly seconds: number;
  readonly out: string;
  /** The most memory that the process had, in megabytes. */
  readonly rssMb: number;
}

const flushEvery = 2_000;

export async function setReplayStage(options: StageOptions): Promise<ReplayStage> {
  await using stack = new AsyncDisposableStack();
  const broker = stack.use(await startBroker(options.sync));
  const { services, auditor, nodes } = broker.credentials;
  const nc = await connect({ ...services });
  stack.defer(() => nc.close());
  const { path: folder } = stack.use(await temporaryFolder('bench'));
  const login = ({ user, pass }: typeof services) => ({ user, pass });
  const logins = { services: login(services), auditor: login(auditor), nodes: login(nodes) };
  const context = { servers: services.servers, ...logins };
  const kept = stack.move();
  return {
    nc,
    conditions: conditionsOf(serverOf(nc), broker.durability, ['the command']),
    processes: [
      { name: 'reader', pid: process.pid },
      ...(broker.kind === 'own' ? [{ name: 'broker', pid: broker.pid }] : []),
    ],
    plant: (realm, lives, commitsEach, look) => plant(nc, realm, { lives, commitsEach, look }),
    command: async (realm, words) => {
      const cwd = join(folder, realm);
      await mkdir(join(cwd, '.joinleaf'), { recursive: true });
      const text = JSON.stringify({ realm, ...context });
      await writeFile(join(cwd, '.joinleaf/context.json'), text);
      return joinleaf(words, cwd);
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

interface Planting {
  readonly lives: readonly Life[];
  readonly commitsEach: number;
  readonly look: Look | undefined;
}

async function plant(nc: NatsConnection, realm: string, planting: Planting): Promise<void> {
  const { lives, commitsEach, look } = planting;
  const subjects = new Subjects(realm);
  await ensureStreams(nc, subjects, { replicas: 1 });
  let planted = 0;
  for (let turn = 0; turn < commitsEach; turn += 1) {
    for (const life of lives) {
      nc.publish(subjects.events(life.address), life.next());
      look?.(life, life.session);
      planted += 1;
      if (planted % flushEvery === 0) await nc.flush();
    }
  }
  const manager = await jetstreamManager(nc, { checkAPI: false });
  const stored = async () => (await manager.streams.info(subjects.streams.events)).state.messages;
  while ((await stored()) < planted) await delay(50);
}

// Told by the process itself when it ends; its threads are a part of it.
const tellMemory = `data:text/javascript,process.on('exit',()=>console.error('rss',process.resourceUsage().maxRSS))`;

async function joinleaf(words: readonly string[], cwd: string): Promise<Ran> {
  const program = join(places.root, 'services/cli/bin/joinleaf.js');
  const startedAt = performance.now();
  // Only an export holds all of a long history at once, and is not what is measured.
  const room = words[0] === 'export' ? ['--max-old-space-size=12000'] : [];
  const child = spawn(process.execPath, [...room, '--import', tellMemory, program, ...words], {
    cwd,
    env: { ...process.env, JOINLEAF_CACHE: join(cwd, 'cache') },
    stdio: ['ignore', 'pipe', 'pipe'],
    signal: interrupted,
    killSignal: 'SIGKILL',
  });
  let out = '';
  let err = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
  const [exitCode] = (await once(child, 'close')) as [number | null];
  const seconds = (performance.now() - startedAt) / 1_000;
  if (exitCode !== 0) throw new Error(`joinleaf ${words.join(' ')}: ${err}`);
  const rssKb = [...err.matchAll(/^rss (\d+)$/gm)].map((match) => Number(match[1]));
  return { seconds, out, rssMb: Math.max(...rssKb) / 1_024 };
}
