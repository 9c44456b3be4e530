import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { connectBroker, ensureStreams, sha256, type Broker } from '@joinleaf/jetstream-log';
import type { SessionAddress } from '@joinleaf/multipoint';
import { natsForTests, startNatsServer } from '@joinleaf/nats-server';
import { Recorder, type History } from '@joinleaf/replay';
import { asks, crowd, everyday, group, listens, opens, startAt } from '@joinleaf/replay/contract';
import { Subjects } from '@joinleaf/wire';
import { jetstreamManager } from '@nats-io/jetstream';
import { joinleaf, leaveContext, newFolder, store, type Folder, type Said } from './testing.js';

// The verbs that look, over a real log; what stands in it was appended as an arbiter does.

const realm = `cli-${String(process.pid)}`;
const subjects = new Subjects(realm);
const nats = natsForTests({ beforeAll, afterAll });
let broker: Broker;
let folder: Folder;

const named = (history: History, name: string): History =>
  JSON.parse(JSON.stringify(history).replaceAll('conf-7', name)) as History;

beforeAll(async () => {
  folder = await newFolder();
  await leaveContext(folder.path, realm, nats());
  broker = await connectBroker({ ...nats().credentials.services, name: 'spec' });
  await ensureStreams(broker.nc, subjects, { replicas: 1 });
  await store(broker.nc, subjects, everyday(sha256).history);
  await store(broker.nc, subjects, named(crowd(sha256).history, 'lobby'));
  await store(broker.nc, subjects, group(sha256).history);
}, 60_000);

afterAll(async () => {
  await broker.close();
  await folder[Symbol.asyncDispose]();
});

const say = (line: string, around = {}): Promise<Said> =>
  joinleaf(line, { cwd: folder.path, ...around });

describe('a verb that looks', () => {
  it.each([
    ['ls', /^@news +closed[^]*^conf-7 +closed[^]*^lobby +shut/m],
    ['ls --phase shut', /^session[^]*^lobby/m],
    ['ls --plain', /^conf-7\tclosed\t0\t0\t11\t3\t/m],
    ['show conf-7', /^conf-7 {3}closed \(root-closed\)\n[^]*refused +WSAEALREADY/],
    ['show @news', /^@news {3}closed \(group-closed\)/],
    ['log conf-7 --told --state', /> root hears FD_ACCEPT J1 from bob:1/],
    ['ladder conf-7', /root +service +bob:1 +cy:1 +dan:1/],
    ['state conf-7@5', /members +J1 +bob:1/],
    ['state conf-7', /^conf-7@11 {3}closed/],
    ['why conf-7#6', /same answer ✔/],
    ['why conf-7', /^conf-7#11/],
    ['why conf-7-command-0006', /^conf-7#6/],
    ['why lobby-command-0002', /^lobby#2/],
    ['verify conf-7', /✔ conf-7 {2}11 commits, chain ends in[^]*^5 streams ok · 1 session ok$/m],
    ['verify --all', /^5 streams ok · notifications ok · 3 sessions ok · 1 to look at$/m],
    ['verify', /^5 streams ok · notifications ok · 3 sessions ok · 1 to look at$/m],
    ['parked --plain', /^$/],
    ['replay --all', /^3 same · 0 diverged · 0 damaged · 33 records/],
    ['replay --all conf-7', /^3 same · 0 diverged · 0 damaged · 33 records/],
    ['replay conf-7 @news', /^✔ conf-7 {2}14 same[^]*^✔ @news/m],
  ])('%s', async (line, text) => {
    const { exitCode, out, err } = await say(line);
    expect({ exitCode, err: /joinleaf: .*/.exec(err)?.[0] }).toEqual({ exitCode: 0 });
    expect(out).toMatch(text);
  });

  it('shows how far a long reading is, only to who sits there', async () => {
    const seen = (await say('verify', { columns: 80 })).err;
    expect(seen).toMatch(/\rreading the log: \d+ of \d+ messages/);
    expect(seen).toContain('\r\u001b[K');
    expect((await say('verify --quiet', { columns: 80 })).err).not.toContain('reading');
    expect((await say('verify')).err).not.toContain('reading');
  });

  it('suggests what to look at next, beside the result', async () => {
    const { out, err } = await say('show conf-7');
    expect(err).toMatch(/^next: joinleaf ladder conf-7\n {6}joinleaf log conf-7\n/);
    expect(out).not.toContain('next:');
    expect((await say('show conf-7 --quiet')).err).toBe('');
  });

  it('says that there is nothing, and what was meant perhaps', async () => {
    const { exitCode, out, err } = await say('log conf-8');
    expect({ exitCode, out }).toEqual({ exitCode: 3, out: '' });
    expect(err).toBe(
      `joinleaf: there is no session conf-8 in realm ${realm}\n  did you mean conf-7?\n`,
    );
    expect(await say('why zebra-0001')).toMatchObject({ exitCode: 3 });
  });

  it('says why a log shows nothing', async () => {
    const beyond = await say('log conf-7 --from 100');
    expect(beyond).toMatchObject({ exitCode: 0, out: '' });
    expect(beyond.err).toContain('there is no revision 100: the last one is 11');
    expect((await say('log conf-7 --from 0 --to 0')).err).toContain(
      'nothing was refused before revision 1',
    );
    expect((await say('log conf-7 --type RootLost')).err).toContain('is of that kind');
    for (const part of ['', ' --from 3 --to 5']) {
      expect(await say(`log conf-7 --leaf nobody${part}`)).toMatchObject({
        exitCode: 3,
        out: '',
        err: 'joinleaf: there is no leaf "nobody" in conf-7\n  its leaves: bob:1, cy:1, dan:1\n',
      });
      expect(await say(`log conf-7 --leaf bob${part}`)).toMatchObject({ exitCode: 0 });
    }
    expect((await say('log conf-7 --type wsaealready')).out).toContain('WSAEALREADY');
  });

  it('does not send somebody with a wrong login to start a server', async () => {
    await using server = await startNatsServer();
    const [address = ''] = server.credentials.services.servers;
    const line = `ls --user x --servers ${address}`;
    const { exitCode, err } = await say(line, { env: { JOINLEAF_PASS: 'wrong' } });
    expect(exitCode).toBe(6);
    expect(err).toMatch(/the server \S+ does not let in user "x": [^]*the password is wrong/);
    expect(err).not.toContain('npm start');
  });

  it('sends to a doctor of the same realm', async () => {
    expect(await say('ls --realm other')).toMatchObject({
      exitCode: 6,
      err: expect.stringContaining('what is wrong: joinleaf doctor --realm other\n'),
    });
  });

  it('says nothing of streams before it says that a session is not there', async () => {
    expect(await say('verify conf-7 nothere')).toMatchObject({ exitCode: 3, out: '' });
  });

  it('says that nobody serves here, and not that something is broken', async () => {
    expect(await say('ping')).toMatchObject({
      exitCode: 3,
      err: expect.stringContaining('no service answers'),
    });
    expect(await say('verify --all --realm nobodys')).toMatchObject({
      exitCode: 3,
      err: expect.stringContaining('there is no stream JL_EVENTS_nobodys_0'),
    });
  });

  it('writes nothing', async () => {
    const manager = await jetstreamManager(broker.nc, { checkAPI: false });
    const lengths = async () =>
      Promise.all(
        Object.values(subjects.streams).map(async (name) => {
          const { state } = await manager.streams.info(name);
          return [name, state.last_seq, state.consumer_count];
        }),
      );
    const before = await lengths();
    for (const line of ['ls', 'show conf-7', 'replay --all', 'verify --all', 'why conf-7'])
      await say(line);
    expect(await lengths()).toEqual(before);
  });
});

describe('a capture', () => {
  it('goes out with names taken out, and decides the same', async () => {
    const { exitCode, out } = await say('export conf-7 -o out.jlcap');
    expect(exitCode).toBe(0);
    expect(out).toMatch(/^wrote out\.jlcap {2}1 session, 11 commits, 3 refusals/);
    const text = gunzipSync(await readFile(join(folder.path, 'out.jlcap'))).toString();
    expect(/conf-7|\bbob\b|\bada\b|aGVsbG8/.exec(text)?.[0]).toBeUndefined();
    expect(await say('replay out.jlcap')).toMatchObject({ exitCode: 0 });
    expect((await say('verify out.jlcap')).out).toContain(
      'hashes chain; they cannot be computed again',
    );
    const [live, file] = await Promise.all([
      say('why conf-7#6 --json'),
      say('why out.jlcap#6 --json'),
    ]);
    const answer = ({ out: json }: Said) => {
      const { code, rule, basis, number } = JSON.parse(json) as Record<string, unknown>;
      return { code, rule, basis, number };
    };
    expect(answer(file)).toEqual(answer(live));
  });

  it.each(['export conf-7 conf-7', 'export --all conf-7'])(
    'holds a session once, though `%s` names it twice',
    async (words) => {
      expect((await say(`${words} -o twice.jlcap`)).exitCode).toBe(0);
      expect(await say('verify twice.jlcap')).toMatchObject({ exitCode: 0 });
    },
  );

  it('is not made of two that know the same session, and not over itself', async () => {
    for (const name of ['one', 'other']) {
      await say(`export conf-7 -o ${name}.jlcap --keep everything`);
    }
    const { exitCode, err } = await say('export one.jlcap other.jlcap -o both.jlcap');
    expect(exitCode).toBe(2);
    expect(err).toContain('conf-7 is in more than one of the sources; the last is other.jlcap');
    const itself = await say('export one.jlcap -o ./one.jlcap');
    expect(itself.exitCode).toBe(2);
    expect(itself.err).toContain('./one.jlcap is read, and cannot be written as well');
  });

  it('goes out whole, and every commit is held against its hash', async () => {
    expect((await say('export --all -o all.jlcap --keep everything')).exitCode).toBe(0);
    expect((await say('verify all.jlcap')).out).toContain('19 of 19 commits checked');
    const [live, file] = await Promise.all([
      say('log conf-7 --json'),
      say('log all.jlcap --session conf-7 --json'),
    ]);
    const records = ({ out }: Said) => (JSON.parse(out) as { records: object[] }).records;
    expect(records(file)).toEqual(records(live));
  });
});

describe('tail', () => {
  it('begins with the last records, and goes on with what happens', async () => {
    const stop = new AbortController();
    const seen = Promise.withResolvers<null>();
    const history = named(
      new Recorder({ session: 'conf-7' as SessionAddress, sha256, startAt })
        .decide(opens(), listens(1))
        .decide(asks('bob'))
        .decide(asks('bob')).history,
      'busy',
    );
    await store(broker.nc, subjects, {
      ...history,
      commits: history.commits.slice(0, 1),
      refusals: [],
    });
    let out = '';
    const tailing = say('tail busy --ndjson', {
      interrupted: stop.signal,
      onErr: (text: string) => {
        if (text.includes('following busy')) seen.resolve(null);
      },
      onOut: (text: string) => {
        out += text;
        if (out.split('\n').length > 4) stop.abort();
      },
    });
    await seen.promise;
    await appendRest(history);
    const { exitCode } = await tailing;
    expect(exitCode).toBe(130);
    const records = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(records.map(({ number, kind, rule }) => [number, kind, rule])).toEqual([
      [1, 'decision', 'R8'],
      [2, 'decision', 'R22'],
      [3, 'decision', 'R35'],
      [4, 'refusal', 'R50'],
    ]);
  });

  async function appendRest(history: History): Promise<void> {
    const { JetStreamDecisionLog, JetStreamLog } = await import('@joinleaf/jetstream-log');
    const log = new JetStreamLog({ nc: broker.nc, subjects });
    const stored = [];
    for await (const commit of log.read(history.session)) stored.push(commit);
    const head = stored.at(-1);
    const [, next] = history.commits;
    if (head === undefined || next === undefined) throw new Error('there are two commits');
    const { commitId, arbiter, decider, decidedAt, decisions } = next;
    await log.append(history.session, head, { commitId, arbiter, decider, decidedAt, decisions });
    const decided = new JetStreamDecisionLog({ nc: broker.nc, subjects });
    for (const refusal of history.refusals) decided.record(refusal);
    await decided.flush();
  }

  it('marks that the connection was lost, and goes on where it stopped', async () => {
    await using server = await startNatsServer();
    const own = await newFolder();
    await leaveContext(own.path, 'main', server);
    const main = new Subjects('main');
    await using writer = await connectBroker({ ...server.credentials.services, name: 'spec' });
    await ensureStreams(writer.nc, main, { replicas: 1 });
    const stop = new AbortController();
    const told: string[] = [];
    const heard = async (text: string) => {
      for (let tries = 0; tries < 1_000 && !told.join('').includes(text); tries += 1)
        await delay(25);
      expect(told.join('')).toContain(text);
    };
    const keep = (text: string) => told.push(text);
    const tailing = joinleaf('tail', {
      cwd: own.path,
      interrupted: stop.signal,
      onErr: keep,
      onOut: keep,
    });
    await heard('following every session');
    await server.kill();
    await heard('── connection lost');
    await server.restart();
    await heard('── connected again');
    await store(writer.nc, main, group(sha256).history);
    await heard('an operator ended the group');
    stop.abort();
    expect((await tailing).exitCode).toBe(130);
    await own[Symbol.asyncDispose]();
  }, 60_000);
});

describe('a log that is not what was written', () => {
  beforeAll(async () => {
    const { history } = everyday(sha256);
    await store(
      broker.nc,
      subjects,
      named({ ...history, commits: history.commits.slice(0, 3), refusals: [] }, 'torn'),
    );
    const manager = broker.nc;
    const bytes = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
    const readBack = ['hash', 'sequence', 'storedAt'];
    const fifth = Object.entries(named(history, 'torn').commits[4] ?? {}).filter(
      ([key]) => !readBack.includes(key),
    );
    await manager.request(
      subjects.events('torn' as SessionAddress),
      bytes(Object.fromEntries(fifth)),
    );
    await store(
      broker.nc,
      subjects,
      named({ ...history, commits: history.commits.slice(0, 2), refusals: [] }, 'strange'),
    );
    await manager.request(subjects.events('strange' as SessionAddress), bytes({ hello: 1 }));
  });

  it.each([
    [
      'verify torn',
      /✗ torn[^]*gap at revision 5, message \d+: revision 4 should follow 3[^]*good up to revision 3/,
    ],
    ['verify strange', /✗ strange[^]*message \d+ of the stream is no commit/],
    [
      'verify --all',
      /✗ strange[^]*✗ torn[^]*^5 streams ok · .*2 of 6 sessions damaged · 2 to look at$/m,
    ],
    ['replay torn', /DAMAGED +revision 5, gap/],
    ['replay strange', /^✗ strange[^]*DAMAGED +message \d+/],
    ['replay --all', /2 damaged/],
  ])('%s: 5', async (line, text) => {
    const { exitCode, out } = await say(line);
    expect(exitCode).toBe(5);
    expect(out).toMatch(text);
  });

  it('is shown as far as it can be trusted, with a warning', async () => {
    expect((await say('show torn')).out).toContain('✗ gap at revision 5');
    const { exitCode, out, err } = await say('log strange');
    expect(exitCode).toBe(5);
    expect(out).toContain('ListenStarted');
    expect(err).toContain('is no commit');
    expect((await say('ls')).out).toMatch(/^strange.*DAMAGED$/m);
  });

  it('is not explained beyond the damage', async () => {
    expect((await say('why torn@5')).out).toContain('not recomputed: the log is damaged before @4');
  });
});

describe('the program', () => {
  const program = join(import.meta.dirname, '../bin/joinleaf.js');

  interface Ended {
    readonly exitCode: number | null;
    readonly out: string;
    readonly err: string;
  }

  function start(args: readonly string[], env: Record<string, string> = {}, firstLineOnly = false) {
    const child = spawn(process.execPath, [program, ...args], {
      cwd: folder.path,
      env: { PATH: process.env.PATH ?? '', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let out = '';
    let err = '';
    child.stdout.on('data', (chunk: Buffer) => {
      out += chunk.toString();
      if (firstLineOnly) child.stdout.destroy();
    });
    child.stderr.on('data', (chunk: Buffer) => {
      err += chunk.toString();
    });
    const ended = new Promise<Ended>((resolve) => {
      child.once('close', (exitCode) => {
        resolve({ exitCode, out, err });
      });
    });
    return { child, ended, heard: () => err };
  }

  it('says things where they belong, without colour in a pipe', async () => {
    const { exitCode, out, err } = await start(['why', 'conf-7'], { FORCE_COLOR: '1' }).ended;
    expect(exitCode).toBe(0);
    expect(out).toContain('REFUSED WSAEISCONN');
    expect(err).toContain('next: ');
    expect(`${out}${err}`).not.toContain('\u001b');
  });

  it.each([
    [['nosuch'], 2],
    [['show', 'conf-8'], 3],
    [['verify', 'torn'], 5],
    [['show', 'conf-7', '--servers', '127.0.0.1:1'], 6],
  ])('joinleaf %j exits with %d', async (args, code) => {
    expect((await start(args).ended).exitCode).toBe(code);
  });

  it('does not mind a reader that goes away, as head does', async () => {
    await store(broker.nc, subjects, longHistory());
    const { exitCode, out, err } = await start(['log', 'long', '--told', '--state'], {}, true)
      .ended;
    expect(out).toContain('SessionOpened');
    expect({ exitCode, err: /Error|EPIPE/.exec(err)?.[0] }).toEqual({ exitCode: 0 });
  });

  it('ends on Ctrl-C with 130', async () => {
    const { child, ended, heard } = start(['tail']);
    for (let tries = 0; tries < 1_000 && !heard().includes('following'); tries += 1)
      await delay(25);
    child.kill('SIGINT');
    expect((await ended).exitCode).toBe(130);
  });

  it('takes its settings from the environment before the context', async () => {
    const { exitCode, err } = await start(['ls'], {
      JOINLEAF_SERVERS: '127.0.0.1:1',
      JOINLEAF_TIMEOUT: '200ms',
    }).ended;
    expect(exitCode).toBe(6);
    expect(err).toContain('that address is from JOINLEAF_SERVERS');
  });

  describe('with threads that share the sessions', () => {
    const strict = `export const decide = (command, session) =>
      command.type === 'Listen'
        ? { ok: false, error: { code: 'WSAEINVAL', rule: 'R17' } }
        : { ok: true, value: { rule: 'R1', events: [] } };`;

    beforeAll(async () => {
      await writeFile(join(folder.path, 'strict.mjs'), strict);
      await writeFile(
        join(folder.path, 'fails.mjs'),
        `export const decide = (command, session) => ({ ok: true, value: { rule: 'R1', get events() {
          throw new RangeError('no events today');
        } } });`,
      );
      const at = subjects.events('stray' as SessionAddress).replace(/\d\d\.stray$/, '99.stray');
      await broker.nc.request(at, new TextEncoder().encode('{}'));
    });

    // The time that it took is no part of the answer.
    const answer = async (...args: readonly string[]) => {
      const { exitCode, out, err } = await start(['replay', ...args]).ended;
      return { exitCode, out: out.replace(/in [\d.]+ s/, 'in so many'), err };
    };

    it.each([
      ['--all'],
      ['--all', '--plain'],
      ['conf-7', '@news', 'torn', 'strange', '--json'],
      ['--all', '--against', 'strict.mjs'],
      ['--all', '--against', 'strict.mjs', '--ndjson'],
      ['--all', '--against', 'fails.mjs'],
    ])('answers the same: %s %s %s %s', async (...args) => {
      const alone = await answer(...args, '--threads', '0');
      expect(alone.out + alone.err).not.toBe('');
      expect(await answer(...args, '--threads', '3')).toEqual(alone);
    });

    it('names who is who in a divergence as for one session alone', async () => {
      const law = join(import.meta.dirname, '../../../libs/multipoint/dist/index.js');
      await writeFile(
        join(folder.path, 'nobody-in.mjs'),
        `import { decide as law } from ${JSON.stringify(law)};
        export const decide = (command, session) => command.type === 'AcceptJoin'
          ? { ok: false, error: { code: 'WSAEACCES', rule: 'R87' } } : law(command, session);`,
      );
      const alone = await answer('conf-7', '--against', 'nobody-in.mjs');
      const page = alone.out.slice(0, alone.out.indexOf('state before it'));
      expect(page).toMatch(/command +the root accepts/);
      const all = await answer('--all', '--against', 'nobody-in.mjs', '--threads', '3');
      expect(all.out).toContain(page);
    });

    it('ends on Ctrl-C with 130, in the middle of a decision', async () => {
      const begun = join(folder.path, 'begun');
      await writeFile(
        join(folder.path, 'endless.mjs'),
        `import { writeFileSync } from 'node:fs';
        export const decide = () => { writeFileSync(${JSON.stringify(begun)}, ''); for (;;); };`,
      );
      const args = ['replay', '--all', '--against', 'endless.mjs', '--threads', '2'];
      const { child, ended } = start(args);
      while (!existsSync(begun)) await delay(25);
      child.kill('SIGINT');
      expect((await ended).exitCode).toBe(130);
    });

    it('wants a number', async () => {
      expect((await answer('--all', '--threads', 'many')).exitCode).toBe(2);
    });
  });

  it('can be handed a report file', async () => {
    await writeFile(join(folder.path, 'report.xml'), '');
    expect((await start(['replay', 'conf-7', '--junit', 'report.xml']).ended).exitCode).toBe(0);
    expect(await readFile(join(folder.path, 'report.xml'), 'utf8')).toContain('<testcase');
  });
});

function longHistory(): History {
  const recorder = new Recorder({ session: 'long' as SessionAddress, sha256, startAt });
  recorder.decide(opens({ admit: 'auto' }, { address: 'long' as SessionAddress }), listens(1));
  for (let batch = 0; batch < 40; batch += 1) {
    recorder.decide(...Array.from({ length: 50 }, (_, i) => asks(`n${String(batch * 50 + i)}`)));
  }
  return recorder.history;
}
