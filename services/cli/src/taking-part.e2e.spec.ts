import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import { Service } from '@joinleaf/launcher';
import { natsForTests } from '@joinleaf/nats-server';
import { join } from 'node:path';
import { joinleaf, leaveContext, newFolder, type Folder, type Said } from './testing.js';

// The verbs that take part, over the real services.

const realm = `part-${String(process.pid)}`;
const nats = natsForTests({ beforeAll, afterAll });
const services: Service[] = [];
let folder: Folder;

beforeAll(async () => {
  folder = await newFolder();
  await leaveContext(folder.path, realm, nats());
  const { servers, user, pass } = nats().credentials.services;
  const settings = {
    JOINLEAF_SERVERS: servers.join(','),
    JOINLEAF_REALM: realm,
    ...(user === undefined ? {} : { JOINLEAF_USER: user }),
    ...(pass === undefined ? {} : { JOINLEAF_PASS: pass }),
    JOINLEAF_HTTP_PORT: '0',
    JOINLEAF_LOG: 'json',
  };
  const logFolder = join(folder.path, 'logs');
  for (const service of ['session', 'notifier']) {
    services.push(await Service.start({ name: service, service, settings, logFolder }));
  }
}, 90_000);

afterAll(async () => {
  await Promise.all(services.map((service) => service.stop()));
  await folder[Symbol.asyncDispose]();
}, 30_000);

const say = (line: string, around = {}): Promise<Said> =>
  joinleaf(line, { cwd: folder.path, ...around });

/** A verb that stays, and what it has said so far. */
class Staying {
  readonly #stop = new AbortController();
  readonly said: Promise<Said>;
  #out = '';

  constructor(line: string) {
    this.said = say(line, {
      interrupted: this.#stop.signal,
      onOut: (text: string) => {
        this.#out += text;
      },
    });
  }

  async hears(text: string): Promise<void> {
    for (let tries = 0; tries < 1_000 && !this.#out.includes(text); tries += 1) await delay(25);
    expect(this.#out).toContain(text);
  }

  async end(): Promise<Said> {
    this.#stop.abort();
    return this.said;
  }
}

describe('a session from the command line', () => {
  it('is opened, asked, answered by an operator, and closed', async () => {
    const root = new Staying('open room --node ada --capacity 2');
    await root.hears('opened');
    const bob = new Staying('join room --node bob --data hello');
    await root.hears('FD_ACCEPT   J1 from bob:');
    expect((await say('show room')).out).toMatch(/waiting +J1 +bob:/);
    expect(await say('accept room')).toMatchObject({
      exitCode: 2,
      err: expect.stringContaining('--yes'),
    });
    expect(await say('accept room', { answer: 'n' })).toMatchObject({ exitCode: 1 });
    expect(await say('accept room J9 --yes')).toMatchObject({ exitCode: 3 });
    expect(await say('accept room', { answer: 'y' })).toMatchObject({ exitCode: 0 });
    await bob.hears('joined');
    await root.hears('LINKED');

    const cy = new Staying('join room --node cy');
    await root.hears('FD_ACCEPT   J2 from cy:');
    expect(await say('reject room cy:49152 --yes')).toMatchObject({ exitCode: 0 });
    expect(await cy.said).toMatchObject({
      exitCode: 1,
      out: expect.stringContaining('WSAECONNREFUSED'),
    });

    expect(await say('close room J1 --yes')).toMatchObject({ exitCode: 0 });
    expect(await bob.said).toMatchObject({ exitCode: 0, out: expect.stringContaining('FD_CLOSE') });
    expect(await say('close room bob:9 --yes')).toMatchObject({ exitCode: 3 });

    expect((await root.end()).exitCode).toBe(130);
    expect((await say('show room')).out).toContain('closed (root-closed)');
    expect(await say('replay room')).toMatchObject({ exitCode: 0 });
    expect((await say('verify --all')).exitCode).toBe(0);
  }, 60_000);

  it('[H18] waits for another root where its opener said so', async () => {
    const root = new Staying('open kept --node ada --root-loss elect-oldest --linger 1m');
    await root.hears('opened');
    expect((await say('log kept')).out).toMatch(/waits 1m00s for its oldest\s+member to be root/);
    await root.end();
  }, 60_000);

  it('is refused with a code, a rule, and where to look', async () => {
    const { exitCode, out, err } = await say('join nowhere --node bob');
    expect(exitCode).toBe(1);
    expect(out).toContain('WSAECONNREFUSED (10061) by rule R35: No session is open at this');
    const why = /joinleaf (why nowhere \S+)/.exec(err)?.[1] ?? '';
    // A refusal is recorded behind its answer.
    let told = await say(why);
    for (let tries = 1; told.exitCode !== 0 && tries < 50; tries += 1) {
      await delay(100);
      told = await say(why);
    }
    expect(told).toMatchObject({ exitCode: 0, out: expect.stringContaining('same answer ✔') });
  });

  it('invites a leaf that listens', async () => {
    const leaf = new Staying('listen dan:1 --ndjson');
    await leaf.hears('listening');
    const root = new Staying('open hall --node eve --invite dan:1 --ndjson');
    await root.hears('"event":"FD_CONNECT"');
    await leaf.hears('"event":"joined"');
    await leaf.end();
    await root.hears('"event":"FD_CLOSE"');
    const { out } = await root.end();
    for (const line of out.trim().split('\n')) {
      expect(JSON.parse(line)).toMatchObject({ event: expect.any(String), at: expect.any(Number) });
    }
  }, 60_000);

  it('admits at once, holds for a while, and ends by itself', async () => {
    const root = new Staying('open lobby --node ada --admit auto --capacity 1 --for 3s');
    await root.hears('opened');
    expect(await say('join lobby --node bob --once')).toMatchObject({ exitCode: 0 });
    const cy = new Staying('join lobby --node cy');
    await cy.hears('joined');
    expect(await say('join lobby --node dan')).toMatchObject({
      exitCode: 1,
      out: expect.stringContaining('WSAENOBUFS'),
    });
    expect((await root.said).exitCode).toBe(0);
    expect(await cy.said).toMatchObject({ exitCode: 0, out: expect.stringContaining('FD_CLOSE') });
  }, 60_000);

  it('accepts all who ask, where it is told to', async () => {
    const root = new Staying('open open-house --node ada --accept all');
    await root.hears('opened');
    expect(await say('join open-house --node bob --once')).toMatchObject({ exitCode: 0 });
    await root.hears('accepted');
    expect((await root.end()).exitCode).toBe(130);
  }, 60_000);
});

describe('a group from the command line', () => {
  it('is set up, joined and ended', async () => {
    expect(await say('open @team')).toMatchObject({ exitCode: 0 });
    const bob = new Staying('join @team --node bob');
    await bob.hears('joined');
    expect((await say('ls --phase open')).out).toContain('@team');
    expect(await say('close @team --yes')).toMatchObject({ exitCode: 0 });
    expect((await bob.said).exitCode).toBe(0);
  }, 60_000);
});

describe('the services', () => {
  it('answer', async () => {
    expect((await say('ping')).out).toMatch(/joinleaf-notifier[^]*joinleaf-session/);
    expect((await say('info')).out).toContain('multipoint/1');
  });
});
