import { chmod, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { connectBroker, ensureStreams, sha256, type Broker } from '@joinleaf/jetstream-log';
import type { SessionAddress } from '@joinleaf/multipoint';
import { natsForTests } from '@joinleaf/nats-server';
import {
  basisText,
  plainState,
  Recorder,
  stateAt,
  steps,
  why,
  type History,
} from '@joinleaf/replay';
import { asks, closes, listens, opens, socket, startAt } from '@joinleaf/replay/contract';
import { encode, Subjects } from '@joinleaf/wire';
import { packCapture } from '../capture-file.js';
import { joinleaf, leaveContext, newFolder, type Folder } from '../testing.js';

// A log long enough for checkpoints: what is said of a position is the same with and without them.

jest.setTimeout(120_000); // Each reads a long log several times.

const realm = `checkpoints-${String(process.pid)}`;
const subjects = new Subjects(realm);
const nats = natsForTests({ beforeAll, afterAll });
const long = 'long' as SessionAddress;
const history = longHistory();
let broker: Broker;
let folder: Folder;

beforeAll(async () => {
  folder = await newFolder();
  await leaveContext(folder.path, realm, nats());
  broker = await connectBroker({ ...nats().credentials.services, name: 'spec' });
  await ensureStreams(broker.nc, subjects, { replicas: 1 });
  await plant(history);
}, 60_000);

afterAll(async () => {
  await broker.close();
  await folder[Symbol.asyncDispose]();
});

let cache: string;
let caches = 0;
beforeEach(async () => {
  caches += 1;
  cache = join(folder.path, `cache-${String(caches)}`);
  await mkdir(cache, { mode: 0o700 });
});

const encoder = new TextEncoder();

/** Stores a history as it is; only the place in the stream is its own. */
async function plant({ session, commits }: History): Promise<void> {
  for (const commit of commits) {
    const readBack = { hash: undefined, sequence: undefined, storedAt: undefined };
    broker.nc.publish(subjects.events(session), encode({ ...commit, ...readBack }));
    if (commit.revision % 1_000 === 0) await broker.nc.flush();
  }
  await broker.nc.request(subjects.nodeRecords('bob'), encode({})); // Stored after all of them.
}

const stateOf = async (position: string): Promise<unknown> => {
  const { exitCode, out, err } = await joinleaf(`state ${position} --json --reveal`, {
    cwd: folder.path,
    env: { JOINLEAF_CACHE: cache },
  });
  if (exitCode !== 0) throw new Error(err);
  return (JSON.parse(out) as { readonly state: unknown }).state;
};

function folded(revision: number, decisions = 0): unknown {
  const found = stateAt(history.commits, { revision, decisions });
  if (!found.ok) throw new Error('it is there');
  return JSON.parse(JSON.stringify(plainState(found.value)));
}

/** The checkpoints there are, oldest first. */
async function kept(): Promise<readonly string[]> {
  const below = join(cache, 'checkpoints');
  const [of] = await readdir(below).catch(() => []);
  if (of === undefined) return [];
  return (await readdir(join(below, of))).sort().map((name) => join(below, of, name));
}

async function change(file: string, change: (text: string) => string): Promise<void> {
  const [, text = ''] = (await readFile(file, 'utf8')).split('\n');
  const changed = change(text);
  if (changed === text) throw new Error('there was nothing to change');
  await writeFile(file, `${sha256(encoder.encode(changed))}\n${changed}`);
}

describe('the state of a long session', () => {
  const last = history.commits.length;

  it('is what a plain fold says, wherever checkpoints are', async () => {
    expect(await kept()).toEqual([]);
    expect(await stateOf('long')).toEqual(folded(last));
    expect(await kept()).toHaveLength(2);
    for (const revision of [0, 1, 8_191, 8_192, 8_193, 12_000, 16_384, 16_385, last]) {
      expect(await stateOf(`long@${String(revision)}`)).toEqual(folded(revision));
    }
    expect(await stateOf('long@8193.1')).toEqual(folded(8_192, 1));
    expect(await stateOf('long@16385.1')).toEqual(folded(16_384, 1));
    await expect(stateOf(`long@${String(last + 1)}`)).rejects.toThrow(`long@${String(last)}`);
    const { out } = await joinleaf('state long@16390 --diff 8200 --json', {
      cwd: folder.path,
      env: { JOINLEAF_CACHE: cache },
    });
    const alone = await joinleaf('state long@16390 --diff 8200 --json', {
      cwd: folder.path,
      env: { JOINLEAF_CACHE: join(cache, 'another') },
    });
    expect(out).toBe(alone.out);
  });

  it('is folded from a checkpoint where the log bears it out', async () => {
    await stateOf('long');
    const [first = ''] = await kept();
    await change(first, (text) => text.replace('"backlog":100', '"backlog":77'));
    expect(await stateOf('long@8200')).toMatchObject({ backlog: 77 });
    // A log that says nothing of it is read from its beginning.
    await change(first, (text) => text.replace(/"hash":"[0-9a-f]{4}/, '"hash":"0000'));
    expect(await stateOf('long@8200')).toEqual(folded(8_200));
  });

  it.each<readonly [string, (file: string) => Promise<void>]>([
    ['is damaged', (file) => writeFile(file, 'nothing\n{}')],
    [
      'was changed',
      async (file) => writeFile(file, (await readFile(file, 'utf8')).replace('backlog', 'backlag')),
    ],
    [
      'is of another fold',
      (file) => change(file, (text) => text.replace('"multipoint/1"', '"multipoint/0"')),
    ],
    [
      'is of another session',
      (file) => change(file, (text) => text.replace('"session":"long"', '"session":"wrong"')),
    ],
    [
      'is of another commit',
      (file) => change(file, (text) => text.replace(/"sequence":\d+/, '"sequence":5')),
    ],
    ['is cut', async (file) => writeFile(file, (await readFile(file)).subarray(0, 5_000))],
    ['is not the text that it should be', (file) => change(file, () => '"text"')],
    [
      'holds no session',
      (file) => change(file, (text) => text.replace('"members":[[', '"members":[[1,{}],[')),
    ],
    [
      'does not agree with itself',
      (file) => change(file, (text) => text.replace('"link":"ada/', '"link":"eve/')),
    ],
    [
      'is somebody else’s',
      async (file) => {
        await rm(file);
        await symlink('/dev/zero', file);
      },
    ],
    [
      'is a folder',
      async (file) => {
        await rm(file);
        await mkdir(file);
      },
    ],
    ['others can write to', (file) => chmod(file, 0o666)],
    [
      'is of a commit that is gone',
      (file) => change(file, (text) => text.replace(/"sequence":\d+/, '"sequence":9999999')),
    ],
  ])(
    'is not taken from a checkpoint that %s, which goes with all the others',
    async (_what, harm) => {
      await stateOf('long');
      const [, second = ''] = await kept();
      await harm(second);
      expect(await stateOf('long@16390')).toEqual(folded(16_390));
      expect(await kept()).toHaveLength(2); // New ones.
      expect(await stateOf('long@16390')).toEqual(folded(16_390));
    },
  );

  it('needs no place to keep checkpoints', async () => {
    await writeFile(join(cache, 'checkpoints'), 'no folder');
    expect(await stateOf('long@9000')).toEqual(folded(9_000));
  });
});

describe('the records of a long session', () => {
  const said = async (line: string): Promise<unknown> => {
    const { exitCode, out, err } = await joinleaf(`${line} --json`, {
      cwd: folder.path,
      env: { JOINLEAF_CACHE: cache },
    });
    if (exitCode !== 0) throw new Error(err);
    return JSON.parse(out);
  };

  it('are those of the whole, wherever checkpoints are', async () => {
    const last = history.commits.length;
    const all = [...steps(history)];
    for (let time = 0; time < 2; time += 1) {
      for (const from of [1, 8_190, 16_386]) {
        const { records } = (await said(
          `log long --from ${String(from)} --to ${String(from + 4)}`,
        )) as Log;
        const told = all.filter(
          ({ basis }) => basis.revision >= from - 1 && basis.revision < from + 4,
        );
        expect(records).toMatchObject(
          told.map(({ number, basis }) => ({ number, basedOn: basisText(basis) })),
        );
      }
      expect(await kept()).toHaveLength(2);
    }
    const { records } = (await said('log long --last 3')) as Log;
    expect(records.map(({ number }) => number)).toEqual(all.slice(-3).map(({ number }) => number));
    for (const number of [1, 8_193, 8_194, 16_386, last + 1]) {
      const found = why(history, { kind: 'number', number });
      expect(await said(`why long#${String(number)}`)).toMatchObject({
        number,
        asked: found?.asked,
        basis: found?.basis,
        state: found?.state,
      });
    }
    await expect(said(`why long#${String(last + 2)}`)).rejects.toThrow('has no record');
  });
});

interface Log {
  readonly records: readonly { readonly number: number }[];
}

describe('the state of a long session in a capture', () => {
  const last = history.commits.length;
  const short = { ...history, session: 'short' as SessionAddress, commits: [], refusals: [] };
  const kept = { names: false, ids: false, data: false };
  const packing = { realm, complete: true, createdAt: startAt, redaction: kept };

  beforeAll(async () => {
    const one = packCapture({ ...packing, content: { sessions: [history], nodes: [] } });
    await writeFile(join(folder.path, 'one.jlcap'), one);
    const lines = gunzipSync(one).toString().split('\n');
    await writeFile(join(folder.path, 'cut.jlcap'), gzipSync(lines.slice(0, 9_000).join('\n')));
    const two = packCapture({ ...packing, content: { sessions: [short, history], nodes: [] } });
    await writeFile(join(folder.path, 'two.jlcap'), two);
    const redaction = { names: true, ids: true, data: true };
    const less = packCapture({
      ...packing,
      redaction,
      content: { sessions: [history], nodes: [] },
    });
    await writeFile(join(folder.path, 'less.jlcap'), less);
  });

  const indexed = async (): Promise<readonly string[]> => {
    const [of] = await readdir(join(cache, 'checkpoints')).catch(() => []);
    return of === undefined ? [] : (await readdir(join(cache, 'checkpoints', of))).sort();
  };

  it('is what a plain fold says, before there is an index and by it', async () => {
    expect(await stateOf('one.jlcap@9000')).toEqual(folded(9_000));
    expect(await indexed()).toEqual([
      '000000000000.commits.gz',
      ...['000000008192.commits.gz', '000000008192.json'],
      ...['000000016384.commits.gz', '000000016384.json'],
      'about.json',
    ]);
    for (const revision of [0, 1, 8_191, 8_192, 8_193, 12_000, 16_384, 16_385, last]) {
      expect(await stateOf(`one.jlcap@${String(revision)}`)).toEqual(folded(revision));
    }
    expect(await stateOf('one.jlcap')).toEqual(folded(last));
    expect(await stateOf('one.jlcap@8193.1')).toEqual(folded(8_192, 1));
    expect(await stateOf('one.jlcap@16385.1')).toEqual(folded(16_384, 1));
    const beyond = stateOf(`one.jlcap@${String(last + 1)}`);
    await expect(beyond).rejects.toThrow(`long@${String(last)}`);
    expect(await stateOf('one.jlcap@9000')).toEqual(folded(9_000));
  });

  it('is opened by the index, which is of this file alone', async () => {
    await stateOf('one.jlcap@1');
    const [of = ''] = await readdir(join(cache, 'checkpoints'));
    const file = join(cache, 'checkpoints', of, '000000008192.json');
    await change(file, (text) => text.replace('"backlog":100', '"backlog":77'));
    expect(await stateOf('one.jlcap@8200')).toMatchObject({ backlog: 77 });
    expect(await stateOf('two.jlcap@8200 --session long')).toEqual(folded(8_200));
  });

  it.each(['000000008192.json', '000000008192.commits.gz', 'about.json'])(
    'is read from the file when %s is damaged, and the index is made again',
    async (name) => {
      await stateOf('one.jlcap@1');
      const [of = ''] = await readdir(join(cache, 'checkpoints'));
      await writeFile(join(cache, 'checkpoints', of, name), 'nothing');
      expect(await stateOf('one.jlcap@8200')).toEqual(folded(8_200));
      expect(await indexed()).toHaveLength(6);
      expect(await stateOf('one.jlcap@8200')).toEqual(folded(8_200));
    },
  );

  it('is read from the file when its index leaves commits out', async () => {
    await stateOf('one.jlcap@1');
    const [of = ''] = await readdir(join(cache, 'checkpoints'));
    const file = join(cache, 'checkpoints', of, '000000008192.commits.gz');
    const lines = gunzipSync(await readFile(file))
      .toString('utf8')
      .split('\n');
    for (const left of [
      lines.toSpliced(100, 50),
      lines.slice(0, 300),
      [...lines.slice(0, 100), '{"revision":8293}'],
      [...lines.slice(0, 100), '{'],
    ]) {
      const packed = gzipSync(left.join('\n'));
      await writeFile(file, packed);
      await change(join(cache, 'checkpoints', of, 'about.json'), (text) =>
        text.replace(/"8192":"[0-9a-f]{64}"/, `"8192":"${sha256(packed)}"`),
      );
      expect(await stateOf('one.jlcap@9000')).toEqual(folded(9_000));
      expect(await stateOf('one.jlcap@9000')).toEqual(folded(9_000));
    }
  });

  it('needs no place to keep an index', async () => {
    await writeFile(join(folder.path, 'no-folder'), '');
    const env = { JOINLEAF_CACHE: join(folder.path, 'no-folder') };
    const { out, err } = await joinleaf('state one.jlcap@9000 --json', { cwd: folder.path, env });
    expect(JSON.parse(out)).toMatchObject({ position: '@9000' });
    expect(err).toBe(`! no cache: ${env.JOINLEAF_CACHE} is no folder (JOINLEAF_CACHE)\n`);
  });

  it('of several has to be named', async () => {
    await expect(stateOf('two.jlcap@1')).rejects.toThrow('holds 2 sessions');
    await expect(stateOf('two.jlcap@1 --session other')).rejects.toThrow('no session other');
    expect(await stateOf('two.jlcap@9000 --session long')).toEqual(folded(9_000));
    expect(await stateOf('two.jlcap@9001 --session long')).toEqual(folded(9_001));
  });

  it('that is cut short says so each time, and has no index', async () => {
    for (let time = 0; time < 2; time += 1) {
      const { out, err } = await joinleaf('state cut.jlcap@8500 --json', {
        cwd: folder.path,
        env: { JOINLEAF_CACHE: cache },
      });
      expect(JSON.parse(out)).toMatchObject({ state: folded(8_500) });
      expect(err).toContain('the capture is truncated');
      expect(await indexed()).toEqual([]);
    }
  });

  it('that is redacted is told as such, with an index and without', async () => {
    const tell = async () =>
      (
        await joinleaf('state less.jlcap@8500', {
          cwd: folder.path,
          env: { JOINLEAF_CACHE: cache },
        })
      ).out;
    const first = await tell();
    expect(first).toMatch(/^session-A@8500/);
    expect(await tell()).toBe(first);
  });
});

function longHistory(): History {
  const recorder = new Recorder({ session: long, sha256, startAt });
  recorder.decide(opens({ admit: 'auto' }, { address: long }), listens(100));
  for (let i = 1; i <= 8_700; i += 1) {
    recorder.decide(asks(`n${String(i)}`, recorder.now));
    if (i > 40) recorder.decide(closes(socket(`n${String(i - 40)}`, 1)));
  }
  return recorder.history;
}
