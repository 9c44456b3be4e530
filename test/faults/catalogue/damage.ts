import { execFile } from 'node:child_process';
import { readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { places } from '@joinleaf/launcher';
import type { Chance } from '@joinleaf/sim';
import type { Records } from '../../deployment/records.js';
import type { Fault, LastFault } from '../fault.js';
import type { World } from '../world.js';

/** Damage to what is stored: F43 to F46 of the fault model. It has to be found, and named, by whoever asks. */
export const damageFaults: readonly Fault[] = [
  damaging('F43', 'the end of the stored log is missing', async ({ file }) => {
    await truncate(file, Math.max(0, (await stat(file)).size - 40));
  }),
  damaging('F44', 'half of the stored log and its index are missing', async ({ file, index }) => {
    await truncate(file, Math.floor((await stat(file)).size / 2));
    await rm(index, { force: true });
  }),
  damaging('F45', 'one bit of the stored log is another one', async ({ file }, chance) => {
    const bytes = await readFile(file);
    const at = chance.whole(Math.floor(bytes.length / 4), Math.floor(bytes.length / 2));
    bytes[at] = (bytes[at] ?? 0) ^ 0x10;
    await writeFile(file, bytes);
  }),
  {
    ...{ id: 'F46', name: 'the log is deleted, and made anew by somebody', replicas: [1] },
    damage: async (world) => {
      const before = await world.deployment.records();
      const { streams } = world.cluster.manager;
      const { config } = await streams.info(world.eventStream);
      await streams.delete(world.eventStream);
      await streams.add(config);
      return named(world, before);
    },
  },
];

interface StoredLog {
  /** The newest block of messages. */
  readonly file: string;
  readonly index: string;
}

function damaging(
  id: string,
  name: string,
  harm: (stored: StoredLog, chance: Chance) => Promise<void>,
): LastFault {
  return {
    ...{ id, name, replicas: [1] },
    damage: async (world, chance) => {
      const before = await world.deployment.records();
      const server = world.cluster.server(0);
      await server.kill();
      await harm(await storedLog(server.storeDir, world.eventStream), chance);
      await server.restart();
      await world.cluster.serves();
      return named(world, before);
    },
  };
}

async function storedLog(storeDir: string, stream: string): Promise<StoredLog> {
  const streams = join(storeDir, 'jetstream', 'SERVICES', 'streams');
  const messages = join(streams, stream, 'msgs');
  const blocks = (await readdir(messages)).filter((name) => name.endsWith('.blk'));
  const newest = blocks.sort((a, b) => parseInt(a, 10) - parseInt(b, 10)).at(-1);
  if (newest === undefined) throw new Error(`there is nothing in ${messages}`);
  return { file: join(messages, newest), index: join(messages, 'index.db') };
}

/** Whether whoever asks is told of the damage, and of each session that it hit. */
async function named(world: World, before: Records): Promise<readonly string[]> {
  const hit = await sessionsHit(world, before);
  if (hit === null) return ['nothing was damaged'];
  const { exitCode, said } = await verify(world);
  if (exitCode === 0) return [`\`joinleaf verify\` finds nothing wrong, of ${hit.join(', ')}`];
  const stream = world.eventStream;
  const unnamed = hit.filter((session) => !said.includes(session));
  // A stream that says itself that it is not whole stands for every session in it.
  const isNamed = unnamed.length === 0 || said.includes(stream);
  if (isNamed) world.sightings.saw('damage to the log was named');
  return isNamed ? [] : [`the damage to ${unnamed.join(', ')} has no name: ${said.slice(0, 400)}`];
}

/** Sessions whose commits are not what they were; null when all are. */
async function sessionsHit(world: World, before: Records): Promise<readonly string[] | null> {
  const now = await world.deployment.records();
  const hashes = new Set(now.commits.map(({ hash }) => hash));
  const lost = before.commits.filter(({ hash }) => !hashes.has(hash));
  return lost.length === 0 ? null : [...new Set(lost.map(({ session }) => session))];
}

interface Said {
  readonly exitCode: number;
  readonly said: string;
}

/** Asks `joinleaf verify` about everything, as the auditor. */
function verify(world: World): Promise<Said> {
  const { servers, user = '', pass = '' } = world.cluster.credentials.auditor;
  const settings = {
    JOINLEAF_SERVERS: servers.join(','),
    JOINLEAF_REALM: world.deployment.realm,
    JOINLEAF_AUDITOR_USER: user,
    JOINLEAF_AUDITOR_PASS: pass,
  };
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [places.mainOf('cli'), 'verify', '--all'],
      { env: { ...process.env, ...settings }, timeout: 60_000 },
      (error, stdout, stderr) => {
        const exitCode = error === null ? 0 : Number(error.code ?? 1);
        resolve({ exitCode, said: `${stdout}${stderr}` });
      },
    );
  });
}
