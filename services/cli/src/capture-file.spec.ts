import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { redactEverything } from '@joinleaf/capture';
import { sha256 } from '@joinleaf/jetstream-log';
import type { SessionAddress, SessionCommand } from '@joinleaf/multipoint';
import { drawCommand } from '@joinleaf/multipoint/testing';
import { Cast, explain, Recorder, redecide, steps, type History } from '@joinleaf/replay';
import { crowd, everyday, group, startAt } from '@joinleaf/replay/contract';
import { packCapture, readCaptureFile } from './capture-file.js';
import { joinleaf, newFolder, type Folder } from './testing.js';

const kept = { names: false, ids: false, data: false } as const;
const written = { realm: 'main', complete: true, createdAt: startAt } as const;

let folder: Folder;
beforeAll(async () => {
  folder = await newFolder();
});
afterAll(async () => {
  await folder[Symbol.asyncDispose]();
});

const at = (name: string): string => join(folder.path, name);
const here = () => ({ cwd: folder.path });

async function packed(name: string, histories: readonly History[], redaction = redactEverything) {
  const content = { sessions: histories, nodes: [] };
  await writeFile(at(name), packCapture({ content, redaction, ...written }));
  return at(name);
}

describe('a capture file', () => {
  const stories = [everyday, crowd, group].map((story) => story(sha256).history);

  it('comes back whole, and is checked against what was stored', async () => {
    const read = await readCaptureFile(await packed('whole.jlcap', stories.slice(0, 1), kept));
    expect(read.problem).toBeNull();
    expect(read.content.sessions).toEqual([stories[0]]);
    expect(read.verified).toBe(stories[0]?.commits.length);
  });

  it('decides the same when it is redacted', async () => {
    for (const story of stories) {
      const read = await readCaptureFile(await packed('redacted.jlcap', [story]));
      const [session] = read.content.sessions;
      if (session === undefined) throw new Error('it holds one');
      const replay = redecide(session);
      expect(replay).toMatchObject({ diverged: 0, damage: null });
      expect(replay.counts).toEqual(redecide(story).counts);
    }
  });

  it('has no name, no id and no byte of anybody in it', async () => {
    const text = gunzipSync(await readFile(await packed('redacted.jlcap', stories))).toString();
    const names = /\b(?:ada|bob|cy|dan|eve)[/:"]|conf-7|@news|arb-a|aGVsbG8|d2VsY29t/;
    expect(names.exec(text)?.[0]).toBeUndefined();
  });

  it('decides the same whatever happened in the session', async () => {
    for (let seed = 1; seed <= 40; seed += 1) {
      const history = drawnHistory(seed);
      const read = await readCaptureFile(await packed('drawn.jlcap', [history]));
      expect(read.problem).toBeNull();
      const [session] = read.content.sessions;
      if (session === undefined) throw new Error('it holds one');
      expect({ seed, ...redecide(session).counts }).toEqual({ seed, ...redecide(history).counts });
      expect(redecide(session).diverged).toBe(0);
    }
  });

  it('is explained whatever happened in the session', () => {
    for (let seed = 1; seed <= 40; seed += 1) {
      const all = [...steps(drawnHistory(seed))];
      const cast = Cast.of(all);
      for (const step of all) {
        const explanation = explain(step, cast);
        // What became of a command that is not on record, no session knows (H12).
        const isSettling = step.kind === 'refusal' && step.refusal.rule === 'H12';
        expect(explanation.check.verdict).toBe(isSettling ? 'at-the-edge' : 'same');
        if (explanation.outcome === 'refused') expect(explanation.because.join('')).not.toBe('');
      }
    }
  });
});

describe('a capture file that is not what was written', () => {
  const { history } = everyday(sha256);

  async function changed(name: string, change: (lines: readonly string[]) => readonly string[]) {
    const path = await packed(name, [history]);
    const lines = gunzipSync(await readFile(path))
      .toString()
      .trimEnd()
      .split('\n');
    await writeFile(
      path,
      gzipSync(
        change(lines)
          .map((line) => `${line}\n`)
          .join(''),
      ),
    );
  }

  it('is cut after a line: 5, and the line', async () => {
    await changed('cut.jlcap', (lines) => lines.slice(0, 6));
    for (const verb of ['verify', 'replay', 'inspect']) {
      const { exitCode, out } = await joinleaf(`${verb} cut.jlcap`, here());
      expect(exitCode).toBe(5);
      expect(out).toContain('line 6: the capture is truncated');
      expect(out).toContain('✗');
      expect(out).not.toContain('✔');
    }
    const { out } = await joinleaf('log cut.jlcap', here());
    expect(out).toContain('JoinRequested');
  });

  it.each(['log', 'log --json', 'show', 'show --json', 'ladder', 'ladder --json', 'state', 'why'])(
    'is told as far as it goes by %s, and is damage all the same',
    async (words) => {
      await changed('told.jlcap', (lines) => lines.slice(0, -1));
      const [verb = '', ...flags] = words.split(' ');
      const line = [verb, verb === 'why' ? 'told.jlcap#1' : 'told.jlcap', ...flags];
      const { exitCode, out, err } = await joinleaf(line, here());
      expect(exitCode).toBe(5);
      expect(out).not.toBe('');
      expect(err).toContain('the capture is truncated');
    },
  );

  it('has the change of one state told, and is damage all the same', async () => {
    await changed('told.jlcap', (lines) => lines.slice(0, -1));
    for (const flag of ['', ' --json']) {
      const { exitCode } = await joinleaf(`state told.jlcap --diff @1${flag}`, here());
      expect(exitCode).toBe(5);
    }
  });

  it.each([
    ['its packed text', -100],
    ['its checksum', -6],
  ])('has one byte changed in %s', async (_, place) => {
    const path = await packed('byte.jlcap', [history]);
    const bytes = await readFile(path);
    const at = bytes.length + place;
    bytes[at] = (bytes[at] ?? 0) ^ 0xff;
    await writeFile(path, bytes);
    const { exitCode, err } = await joinleaf('show byte.jlcap', here());
    expect(exitCode).toBe(5);
    expect(err).toContain('byte.jlcap is damaged: it cannot be unpacked');
    expect(err).not.toContain('is no capture');
  });

  it('is cut in the middle of the packing', async () => {
    const path = await packed('half.jlcap', [history]);
    const bytes = await readFile(path);
    await writeFile(path, bytes.subarray(0, bytes.length - 400));
    const { exitCode, out } = await joinleaf('verify half.jlcap', here());
    expect(exitCode).toBe(5);
    expect(out).toMatch(/line \d+: /);
  });

  it('is edited', async () => {
    await changed('edited.jlcap', (lines) =>
      lines.map((line, index) => (index === 3 ? line.replace('"both"', '"sender-only"') : line)),
    );
    const { exitCode, out } = await joinleaf('replay edited.jlcap', here());
    expect(exitCode).toBe(5);
    expect(out).toContain('line 4: the line was edited: its checksum does not fit');
  });

  it.each([
    ['nothing.jlcap', Buffer.alloc(0)],
    ['text.jlcap', Buffer.from('hello')],
    ['other.jlcap', gzipSync('{"hello":1}\n')],
    ['deep.jlcap', gzipSync('['.repeat(1_000_000))],
  ])('is none: %s', async (name, bytes) => {
    await writeFile(at(name), bytes);
    const { exitCode, err } = await joinleaf(`show ${name}`, here());
    expect(exitCode).toBe(5);
    expect(err).toMatch(/is no capture/);
  });

  it('is a bomb', async () => {
    await writeFile(at('bomb.jlcap'), gzipSync(Buffer.alloc(64 * 1_024 * 1_024, 0x61)));
    const { exitCode, err } = await joinleaf('inspect bomb.jlcap', here());
    expect(exitCode).toBe(5);
    expect(err).toContain('unpacks to more than a capture may hold');
  });
});

describe('every verb that reads', () => {
  const stories = [everyday, crowd].map((story) => story(sha256).history);
  beforeAll(async () => {
    const [one, other] = stories;
    if (one === undefined || other === undefined) throw new Error('there are two');
    await packed('x.jlcap', [one], kept);
    const lobby = JSON.parse(JSON.stringify(other).replaceAll('conf-7', 'lobby')) as History;
    await packed('two.jlcap', [one, lobby], kept);
  });

  it.each([
    ['ls two.jlcap', /^conf-7 +closed[^]*^lobby +shut/m],
    ['show x.jlcap', /^conf-7 {3}closed/],
    ['log x.jlcap', /^ +# rev/],
    ['log x.jlcap --from 8 --to 8', /timed-out/],
    ['log x.jlcap --type refusal', /WSAEALREADY/],
    ['log x.jlcap --leaf dan', /J3/],
    ['log x.jlcap --plain', /^1\t1\t2026-11-20T12:04:31.020Z\troot\tSessionOpened\t/],
    ['ladder x.jlcap', /root +service +bob:1/],
    ['ladder x.jlcap --ascii', /[|:]-open-+>/],
    ['ladder x.jlcap --as mermaid', /^sequenceDiagram/],
    ['ladder x.jlcap --as svg', /^<svg/],
    ['state x.jlcap@5', /^conf-7@5 {3}open/],
    ['state x.jlcap@4 --diff 3', /^\+ members/m],
    ['why x.jlcap#6', /^REFUSED WSAEALREADY \(10037\) by rule R50/m],
    ['why x.jlcap@4', /^ACCEPTED by rule R37/m],
    ['why x.jlcap', /WSAEISCONN/],
    ['why x.jlcap conf-7-command-0010', /WSAEACCES/],
    ['why two.jlcap --session lobby', /^lobby#12/],
    ['verify x.jlcap', /11 of 11 commits checked against their hash/],
    ['replay x.jlcap two.jlcap', /^3 same · 0 diverged/m],
    ['inspect x.jlcap', /not redacted/],
  ])('%s', async (line, text) => {
    const { exitCode, out, err } = await joinleaf(line, here());
    expect({ exitCode, err: /joinleaf: .*/.exec(err)?.[0] }).toEqual({ exitCode: 0 });
    expect(out).toMatch(text);
  });

  it.each([
    'ls two.jlcap',
    'show x.jlcap',
    'log x.jlcap',
    'ladder x.jlcap',
    'state x.jlcap@5',
    'why x.jlcap#6',
    'verify x.jlcap',
    'replay x.jlcap',
    'inspect x.jlcap',
  ])('%s --json is one document with its schema', async (line) => {
    const { exitCode, out } = await joinleaf(`${line} --json`, here());
    expect(exitCode).toBe(0);
    expect(JSON.parse(out)).toHaveProperty('schema', expect.stringMatching(/^joinleaf\.\w+\/1$/));
    expect(out).not.toContain('aGVsbG8');
  });

  it.each([
    'show x.jlcap',
    'log x.jlcap --told --state',
    'ladder two.jlcap --session lobby',
    'why x.jlcap#6',
    'inspect x.jlcap',
    'state x.jlcap@5',
    'verify x.jlcap',
  ])('%s fits a terminal of 80 columns', async (line) => {
    const { out, err } = await joinleaf(`${line} --no-color`, { ...here(), columns: 80 });
    const tooWide = `${out}${err}`.split('\n').filter((one) => Array.from(one).length > 80);
    expect(tooWide).toEqual([]);
  });

  it('uses colour on a terminal, and nowhere else', async () => {
    const colour = new RegExp('\\p{Cc}\\[', 'u');
    expect((await joinleaf('why x.jlcap', { ...here(), columns: 80 })).out).toMatch(colour);
    expect((await joinleaf('why x.jlcap', here())).out).not.toMatch(colour);
    expect((await joinleaf('why x.jlcap --no-color', { ...here(), columns: 80 })).out).not.toMatch(
      colour,
    );
    const noColour = { ...here(), columns: 80, env: { NO_COLOR: '1' } };
    expect((await joinleaf('why x.jlcap', noColour)).out).not.toMatch(colour);
  });

  it.each([
    ['why x.jlcap#99', 3, 'has no record #99'],
    ['why x.jlcap@9.7', 3, 'has no decision @9.7'],
    ['state x.jlcap@99', 3, 'as far as it goes: conf-7@11'],
    ['show two.jlcap', 2, 'it holds conf-7, lobby'],
    ['show two.jlcap --session loby', 3, 'there is no session loby'],
    ['export x.jlcap -o -', 2, 'a capture is no text for a terminal'],
  ])('%s exits with %d', async (line, exitCode, message) => {
    const said = await joinleaf(line, { ...here(), columns: 80 });
    expect(said.exitCode).toBe(exitCode);
    expect(said.err).toContain(message);
  });

  it('exports a capture again, with more taken out', async () => {
    const { exitCode } = await joinleaf('export x.jlcap -o less.jlcap', here());
    expect(exitCode).toBe(0);
    expect((await joinleaf('ls less.jlcap', here())).out).toContain('session-A');
    const { bytes } = await joinleaf('export x.jlcap -o -', here());
    expect(gunzipSync(bytes).toString()).toContain('"format":"jlcap"');
  });

  it('holds another decider against the history: 4, and a report', async () => {
    await writeFile(
      at('strict.mjs'),
      `export const decide = (command, session) =>
        command.type === 'Listen'
          ? { ok: false, error: { code: 'WSAEINVAL', rule: 'R17' } }
          : { ok: true, value: { rule: 'R1', events: [] } };`,
    );
    const { exitCode, out } = await joinleaf(
      'replay x.jlcap --against strict.mjs --junit report.xml',
      here(),
    );
    expect(exitCode).toBe(4);
    expect(out).toContain('DIVERGED at @1, record #1: other-events');
    expect(out).toMatch(/recorded +accepted by R8: SessionOpened/);
    expect(out).toMatch(/recomputed +accepted by R1: nothing to do/);
    const report = await readFile(at('report.xml'), 'utf8');
    expect(report).toContain('tests="1" failures="1"');
    expect(report).toContain('diverged at record #1 (@1)');
    expect((await joinleaf('replay x.jlcap --against nowhere.mjs', here())).exitCode).toBe(2);
  });
});

/** What happens to a session by chance: the same for the same seed. */
function drawnHistory(seed: number): History {
  let state = seed;
  const chance = (max: number): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return (state >>> 8) % (max + 1);
  };
  const recorder = new Recorder({ session: 'conf-7' as SessionAddress, sha256, startAt: 0 });
  for (let i = 0; i < 60; i += 1) {
    const command: SessionCommand = drawCommand(chance, recorder.session);
    recorder.wait(500).decide(command);
  }
  return recorder.history;
}
