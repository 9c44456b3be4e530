import { readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  connectBroker,
  ensureStreams,
  sha256,
  streamPlans,
  type Broker,
} from '@joinleaf/jetstream-log';
import { ProgramEnded, Service } from '@joinleaf/launcher';
import type { SessionAddress } from '@joinleaf/multipoint';
import { startNatsServer, type RunningNatsServer } from '@joinleaf/nats-server';
import { Recorder, type History } from '@joinleaf/replay';
import { asks, listens, opens, startAt } from '@joinleaf/replay/contract';
import { encode, Subjects } from '@joinleaf/wire';
import { jetstreamManager } from '@nats-io/jetstream';
import { joinleaf, leaveContext, newFolder, store, type Folder, type Said } from './testing.js';

// Damage to what is stored, done to the files of a real server or by an administrator, and what becomes of it: verify
// and doctor name it, the session concerned is refused, and the others go on.

const subjects = new Subjects('main');
const stream = subjects.streams.events;
const leaves = ['bob', 'cy', 'dan', 'eve'];

let server: RunningNatsServer;
let broker: Broker;
let folder: Folder;
let services: Service[];

beforeEach(async () => {
  server = await startNatsServer({ sync: 'always' });
  folder = await newFolder();
  await leaveContext(folder.path, 'main', server);
  broker = await connectBroker({ ...server.credentials.services, name: 'spec' });
  await ensureStreams(broker.nc, subjects, { replicas: 1 });
  services = [];
}, 60_000);

afterEach(async () => {
  await stopServices();
  await broker.close();
  await server.stop();
  await folder[Symbol.asyncDispose]();
}, 60_000);

const say = (line: string): Promise<Said> => joinleaf(line, { cwd: folder.path });

/** A session that Ada keeps, with four members: five commits. */
function meeting(name: string): History {
  const session = name as SessionAddress;
  const opened = opens({ admit: 'auto', capacity: 10 }, { address: session });
  const recorder = new Recorder({ session, sha256, startAt }).decide(opened, listens());
  return leaves.reduce((told, leaf) => told.decide(asks(leaf)), recorder).history;
}

/** Two meetings: conf-7 has the messages 1 to 5, and lobby 6 to 10. */
async function twoMeetings(): Promise<void> {
  for (const name of ['conf-7', 'lobby']) await store(broker.nc, subjects, meeting(name));
}

async function startService(service: string): Promise<Service> {
  const { servers, user = '', pass = '' } = server.credentials.services;
  const settings = {
    JOINLEAF_SERVERS: servers.join(','),
    JOINLEAF_USER: user,
    JOINLEAF_PASS: pass,
    JOINLEAF_HTTP_PORT: '0',
    JOINLEAF_LOG: 'json',
  };
  const logFolder = join(folder.path, 'logs');
  const started = await Service.start({ name: service, service, settings, logFolder });
  started.lives.catch(() => undefined);
  services.push(started);
  return started;
}

async function startServices(): Promise<void> {
  await Promise.all(['session', 'notifier'].map(startService));
  const body = { v: 1, incarnation: 'run1', boundMs: 60_000 };
  await broker.nc.request(subjects.node('ada', 'start'), encode(body), { timeout: 5_000 });
}

async function stopServices(): Promise<void> {
  await Promise.all(services.splice(0).map((service) => service.stop()));
}

const logOf = (service: string): Promise<string> =>
  readFile(join(folder.path, 'logs', `${service}.log`), 'utf8');

const until = async (holds: () => Promise<boolean>): Promise<void> => {
  while (!(await holds())) await delay(50);
};

/** Waits until nodes were told everything. */
const allTold = (): Promise<void> =>
  until(async () => !(await say('verify')).out.includes('not told yet'));

async function toTheStore(damage: (folder: string) => Promise<void>): Promise<void> {
  await stopServices();
  await inTheStore(damage);
}

/** Stops the server in order, does something to the files of the log, and starts it again. */
async function inTheStore(damage: (folder: string) => Promise<void>): Promise<void> {
  const { pid } = server;
  process.kill(pid, 'SIGTERM');
  await until(async () => !isAlive(pid));
  const names = await readdir(server.storeDir, { recursive: true });
  const found = names.find((name) => name.endsWith(`${stream}/msgs`));
  await damage(join(server.storeDir, found ?? 'no such stream'));
  await server.restart();
  await until(async () => broker.connected);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function flipIn(path: string, commitId: string): Promise<void> {
  const file = join(path, '1.blk');
  const bytes = await readFile(file);
  const at = bytes.indexOf(commitId);
  if (at < 0) throw new Error(`${commitId} is not in ${file}`);
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  await writeFile(file, bytes);
}

const commitIdOf = (history: History, revision: number): string =>
  history.commits[revision - 1]?.commitId ?? 'no such commit';

interface Verified {
  readonly fine: boolean;
  readonly findings: readonly {
    readonly what: string;
    readonly fine: boolean;
    readonly problems: readonly {
      readonly kind: string;
      readonly revision: number | null;
      readonly sequence: number | null;
      readonly goodUpTo: { readonly revision: number } | null;
      readonly next: string;
    }[];
  }[];
}

/** What verify finds wrong, as `conf-7: gap at 3`. */
async function wrong(): Promise<readonly string[]> {
  const { exitCode, out } = await say('verify --json');
  const { fine, findings } = JSON.parse(out) as Verified;
  expect({ exitCode, fine }).toEqual(fine ? { exitCode: 0, fine } : { exitCode: 5, fine });
  const problems = findings.flatMap(({ what, problems: found }) =>
    found.map((problem) => ({ what, ...problem })),
  );
  for (const { next } of problems) expect(next).not.toBe('');
  return problems.map(({ what, kind, revision, goodUpTo }) => {
    const place = revision === null ? '' : ` at ${String(revision)}`;
    const good = goodUpTo === null ? '' : `, good up to ${String(goodUpTo.revision)}`;
    return `${what}: ${kind}${place}${good}`;
  });
}

let commands = 0;

/** What Ada's program hears when it changes something in a session of hers. */
async function answers(session: string): Promise<string> {
  commands += 1;
  const body = { v: 1, commandId: `command-${String(commands)}`, incarnation: 'run1', socket: '3' };
  const subject = subjects.command('ada', session as SessionAddress, 'policy');
  const bytes = encode({ ...body, policy: { capacity: 10 + commands } });
  const reply = await broker.nc.request(subject, bytes, { timeout: 10_000 });
  const { ok, code, rule } = reply.json<{ ok: boolean; code?: string; rule?: string }>();
  return ok ? 'done' : `${code ?? ''} ${rule ?? ''}`;
}

async function expectOthersGoOn(): Promise<void> {
  expect(await answers('conf-7')).toBe('WSAENETDOWN H14');
  expect(await answers('lobby')).toBe('done');
}

describe('what is stored', () => {
  it('is found sound when it is, by everybody', async () => {
    await twoMeetings();
    await startServices();
    await allTold();
    expect(await wrong()).toEqual([]);
    const { exitCode, out } = await say('doctor');
    expect({ exitCode, bad: /^bad .*/m.exec(out)?.[0] }).toEqual({ exitCode: 0 });
    expect(await answers('conf-7')).toBe('done');
  }, 60_000);
});

describe('what is being written', () => {
  it('is found sound too, though the end of it moves', async () => {
    await twoMeetings();
    await startServices();
    const over = new AbortController();
    const writing = (async () => {
      while (!over.signal.aborted) {
        expect(await answers('conf-7')).toBe('done');
        await broker.nc.request(
          subjects.command('ada', 'lobby' as SessionAddress, 'policy'),
          encode({
            ...{ v: 1, commandId: `again-${String(commands)}`, incarnation: 'run1' },
            ...{ socket: '9', policy: {} },
          }),
        );
      }
    })();
    for (let times = 0; times < 5; times += 1) expect(await wrong()).toEqual([]);
    over.abort();
    await writing;
  }, 60_000);

  it('is not served on by a service under whose eyes the log is set back', async () => {
    await twoMeetings();
    await startServices();
    await allTold();
    const ended = services.map((service) => service.lives);
    await inTheStore(async (path) => {
      const file = join(path, '1.blk');
      const { length } = await readFile(file);
      await truncate(file, Math.floor(length / 2));
      await rm(join(path, 'index.db'));
    });
    for (const life of ended) await expect(life).rejects.toThrow(ProgramEnded);
    services.length = 0;
    expect(await logOf('session')).toContain('a reader was further');
    expect(await logOf('notifier')).toContain('a reader was further');
  }, 60_000);
});

describe('a bit that flipped', () => {
  it('in the middle of a session stops that session', async () => {
    await twoMeetings();
    await startServices();
    await allTold();
    await toTheStore((path) => flipIn(path, commitIdOf(meeting('conf-7'), 3)));
    await startServices();
    expect(await wrong()).toEqual([
      `stream ${stream}: missing-messages`,
      'conf-7: gap at 4, good up to 2',
    ]);
    await expectOthersGoOn();
    const { exitCode, out } = await say('doctor');
    expect(exitCode).toBe(1);
    expect(out).toMatch(/bad +session conf-7 +is stopped: gap at revision 4/);
    expect(await logOf('notifier')).toContain('DAMAGED');
  }, 90_000);

  it('in the last commit of a session is missed by whoever counts', async () => {
    await twoMeetings();
    await startServices();
    await allTold();
    await toTheStore((path) => flipIn(path, commitIdOf(meeting('conf-7'), 5)));
    await startServices();
    expect(await wrong()).toEqual([
      `stream ${stream}: missing-messages`,
      'conf-7: lost-end at 5, good up to 4',
    ]);
    await expectOthersGoOn();
  }, 90_000);
});

describe('a store that was cut', () => {
  it('at its end has lost what nodes were told', async () => {
    await twoMeetings();
    await startServices();
    await allTold();
    await toTheStore(async (path) => {
      const file = join(path, '1.blk');
      const { length } = await readFile(file);
      await truncate(file, length - 40);
    });
    const found = await wrong();
    expect(found).toContain('lobby: lost-end at 5, good up to 4');
    expect(found.filter((one) => one.startsWith('conf-7'))).toEqual([]);
    const { exitCode, out } = await say('doctor');
    expect(exitCode).toBe(1);
    expect(out).toMatch(/^bad +(the log|JL_EVENTS)/m);
  }, 90_000);

  it('in half, without its index, is not served, and sequences used again are noticed', async () => {
    await twoMeetings();
    await startServices();
    await allTold();
    await toTheStore(async (path) => {
      const file = join(path, '1.blk');
      const { length } = await readFile(file);
      await truncate(file, Math.floor(length / 2));
      await rm(join(path, 'index.db'));
    });
    const manager = await jetstreamManager(broker.nc, { checkAPI: false });
    const { state } = await manager.streams.info(stream);
    expect(state.last_seq).toBeLessThan(10);
    await expect(startService('session')).rejects.toThrow(ProgramEnded);
    expect(await logOf('session')).toContain('it has lost its end');
    expect(await wrong()).toContain(`stream ${stream}: replaced`);
    const { exitCode, out } = await say('doctor');
    expect(exitCode).toBe(1);
    expect(out).toContain('it has lost its end');

    // Somebody writes on, under numbers that were used before.
    for (const name of ['other', 'another', 'third']) {
      await store(broker.nc, subjects, meeting(name));
    }
    expect((await manager.streams.info(stream)).state.last_seq).toBeGreaterThan(10);
    const again = await wrong();
    expect(again).toContain(`stream ${stream}: replaced`);
    expect(again.join('\n')).toMatch(/^(conf-7|lobby): lost-end/m);
    await expect(startService('session')).rejects.toThrow(ProgramEnded);
    expect(await logOf('session')).toContain('its sequences were used again');

    // The way out of docs/DAMAGE.md, for who accepts the loss: nodes are told anew from what is left.
    await manager.streams.delete(subjects.streams.notifications);
    await startServices();
    await allTold();
    expect((await wrong()).filter((one) => !one.includes('lost-end'))).toEqual([]);
    expect(await answers('other')).toBe('done');
    expect((await say('doctor')).exitCode).toBe(0);
  }, 90_000);
});

describe('a stream that was deleted and made again', () => {
  async function replaceLog(): Promise<void> {
    const manager = await jetstreamManager(broker.nc, { checkAPI: false });
    await manager.streams.delete(stream);
    const [events] = streamPlans(subjects, 1);
    await manager.streams.add(events?.config ?? { name: 'no plan' });
  }

  it('is named, and no service begins on it', async () => {
    await twoMeetings();
    await startServices();
    await allTold();
    await stopServices();
    await replaceLog();
    await store(broker.nc, subjects, meeting('conf-7'));
    expect(await wrong()).toContain(`stream ${stream}: replaced`);
    for (const service of ['session', 'notifier']) {
      await expect(startService(service)).rejects.toThrow(ProgramEnded);
      expect(await logOf(service)).toContain('it was deleted and made again');
    }
    const { exitCode, out } = await say('doctor');
    expect(exitCode).toBe(1);
    expect(out).toContain('it was deleted and made again');
  }, 90_000);

  it('ends the services that were reading it', async () => {
    await twoMeetings();
    await startServices();
    await allTold();
    const ended = services.map((service) => service.lives);
    await replaceLog();
    for (const life of ended) await expect(life).rejects.toThrow(ProgramEnded);
    services.length = 0;
    expect(await logOf('session')).toMatch(/it was created again|the stream is gone/);
  }, 90_000);

  it('is not made again by a service that finds it gone', async () => {
    await twoMeetings();
    await startServices();
    await allTold();
    await stopServices();
    const manager = await jetstreamManager(broker.nc, { checkAPI: false });
    await manager.streams.delete(stream);
    await expect(startService('session')).rejects.toThrow(ProgramEnded);
    expect(await wrong()).toEqual([`stream ${stream}: missing`]);
    const { out } = await say('doctor');
    expect(out).toMatch(/bad +the log[^]*bad +session service[^]*put the streams right first/);
    expect(out).not.toContain('start one');
    expect(out).not.toContain('if there was one');
    for (const line of ['ls', 'show conf-7', 'replay --all', 'tail']) {
      expect(await say(line)).toMatchObject({
        exitCode: 6,
        err: expect.stringContaining('what is wrong: joinleaf doctor'),
      });
    }
    await expect(manager.streams.info(stream)).rejects.toThrow();
  }, 90_000);
});

describe('what an administrator stored', () => {
  const plant = (session: string, bytes: Uint8Array | string) =>
    broker.nc.request(subjects.events(session as SessionAddress), bytes);

  it('is parked when it is no commit, and shown with nothing in it acting on a terminal', async () => {
    await twoMeetings();
    await startServices();
    await allTold();
    await plant('conf-7', '\u001b[2J\u001b]0;owned\u0007{"not": json');
    await until(async () => (await say('parked --plain')).out !== '');
    await expectOthersGoOn();
    const problems = await wrong();
    expect(problems).toEqual(['conf-7: unreadable, good up to 5']);

    const { exitCode, out } = await say('doctor');
    expect(exitCode).toBe(1);
    expect(out).toMatch(/bad +session conf-7 +is stopped: message 11 cannot be read/);
    expect(out).toMatch(/look +parked messages +1 message could not be read/);
    const shown = await say('parked 11');
    expect(shown.exitCode).toBe(0);
    expect(shown.out).toContain('1b 5b 32 4a');
    expect(shown.out).not.toContain('\u001b');
    expect(shown.out).not.toContain('\u0007');
    expect((await say('parked 12')).exitCode).toBe(3);
    expect(JSON.parse((await say('parked 11 --json')).out)).toMatchObject({
      parked: [{ size: 26 }],
    });

    // The services find it at each start, and park it once.
    await stopServices();
    await startServices();
    expect((await say('parked --plain')).out.trim().split('\n')).toHaveLength(1);
    await expectOthersGoOn();
  }, 90_000);

  it('is parked when its schema is newer than we are', async () => {
    await twoMeetings();
    await startServices();
    await plant('conf-7', JSON.stringify({ schema: 2, session: 'conf-7', revision: 6 }));
    await until(async () => (await say('parked --plain')).out.includes('schema'));
    await expectOthersGoOn();
  }, 90_000);

  it('stops the session when it names another commit as the one before', async () => {
    await twoMeetings();
    await startServices();
    await allTold();
    const [first] = meeting('conf-7').commits;
    const { commitId, arbiter, decider, decidedAt, decisions } = first ?? {};
    const wrongHash = {
      ...{ schema: 1, session: 'conf-7', revision: 6, prevHash: 'f'.repeat(64) },
      ...{ commitId: `${commitId ?? ''}-x`, arbiter, decider, decidedAt, decisions },
    };
    await plant('conf-7', encode(wrongHash));
    await until(async () => (await say('parked --plain')).out.includes('broken-hash'));
    expect(await wrong()).toEqual(['conf-7: broken-hash at 6, good up to 5']);
    await expectOthersGoOn();
    const { exitCode, out } = await say('doctor');
    expect(exitCode).toBe(1);
    expect(out).toMatch(/bad +session conf-7 +is stopped: broken-hash at revision 6/);
  }, 90_000);

  it('is parked when it is no record of a node', async () => {
    await startServices();
    await broker.nc.request(subjects.nodeRecords('bob'), '{}');
    await until(async () => (await say('parked --plain')).out.includes(subjects.streams.nodes));
    await store(broker.nc, subjects, meeting('lobby'));
    expect(await answers('lobby')).toBe('done');
  }, 60_000);

  it('is named when it lies where no session is', async () => {
    await twoMeetings();
    await broker.nc.request('jl.main.evt.99.conf-7', 'lost');
    expect(await wrong()).toEqual([`stream ${stream}: stray`]);
  }, 60_000);

  it('is named when nodes were told what the log does not tell', async () => {
    await twoMeetings();
    await startServices();
    await allTold();
    const manager = await jetstreamManager(broker.nc, { checkAPI: false });
    const notifications = subjects.streams.notifications;
    const last = await manager.streams.getMessage(notifications, {
      last_by_subj: subjects.notifications('bob'),
    });
    const bulletin = JSON.parse(new TextDecoder().decode(last?.data)) as {
      first: number;
      notifications: { id: string; code?: string | null }[];
    };
    const told = bulletin.notifications.at(-1);
    await stopServices();
    await broker.nc.request(
      subjects.notifications('bob'),
      JSON.stringify({ ...bulletin, first: bulletin.first + 5, notifications: [told] }),
    );
    expect(await wrong()).toEqual(['node bob: numbers', 'node bob: told-otherwise']);
  }, 60_000);
});
