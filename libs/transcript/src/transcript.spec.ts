import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import type { NodeAddress, SocketId } from '@joinleaf/multipoint';
import {
  Cast,
  explain,
  Recorder,
  redecide,
  stateAt,
  steps,
  type History,
  type Step,
} from '@joinleaf/replay';
import {
  asks,
  conf,
  crowd,
  everyday,
  inherited,
  group,
  listens,
  opens,
  startAt,
} from '@joinleaf/replay/contract';
import { ladderOf } from './ladder.js';
import { ladderMermaid } from './ladder-mermaid.js';
import { ladderSvg } from './ladder-svg.js';
import { ladderText, leavesIn } from './ladder-text.js';
import { logPage, type LogPageOptions } from './log-page.js';
import { pageText, type Line } from './page.js';
import { replayPage } from './replay-page.js';
import { statePage } from './state-page.js';
import { whyPage } from './why-page.js';
import { widthOf } from './width.js';

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const golden = join(import.meta.dirname, '../golden');

const telling = { width: 80, reveal: false, redacted: false, all: false } as const;
const full: LogPageOptions = { ...telling, told: true, state: true };
const brief: LogPageOptions = { ...telling, told: false, state: false };
const text = (lines: readonly Line[], width: number | null = 80): string =>
  pageText(lines, { colour: false, width });

const stories = { everyday, crowd, group, inherited } as const;

interface Told {
  readonly history: History;
  readonly all: readonly Step[];
  readonly cast: Cast;
}

function tell(history: History): Told {
  const all = [...steps(history)];
  return { history, all, cast: Cast.of(all) };
}

const pages: Readonly<Record<string, (told: Told) => string>> = {
  'log.txt': ({ all, cast }) => text(logPage(all, cast, brief)),
  'log-full.txt': ({ all, cast }) => text(logPage(all, cast, full)),
  'ladder.txt': ({ all, cast }) =>
    text(
      ladderText(ladderOf(all, cast, { leavesMax: leavesIn(80), recordsMax: 60 }), {
        width: 80,
        ascii: false,
      }),
    ),
  'ladder-ascii.txt': ({ all, cast }) =>
    text(
      ladderText(ladderOf(all, cast, { leavesMax: leavesIn(80), recordsMax: 60 }), {
        width: 80,
        ascii: true,
      }),
    ),
  'ladder.mmd': ({ all, cast }) =>
    `${ladderMermaid(ladderOf(all, cast, { leavesMax: 8, recordsMax: 60 })).join('\n')}\n`,
  'ladder.svg': ({ all, cast }) =>
    `${ladderSvg(ladderOf(all, cast, { leavesMax: 8, recordsMax: 60 })).join('\n')}\n`,
  'why.txt': ({ all, cast }) =>
    all.map((step) => text(whyPage(explain(step, cast), cast, telling))).join('\n'),
  'states.txt': ({ history }) =>
    history.commits
      .map(({ revision }) => {
        const state = stateAt(history.commits, { revision, decisions: 0 });
        if (!state.ok) throw new Error('every revision has a state');
        return text(statePage(`${history.session}@${String(revision)}`, state.value, telling));
      })
      .join('\n'),
  'replay.txt': ({ history, cast }) => text(replayPage(redecide(history), cast, telling)),
};

describe.each(Object.entries(stories))('the story %s', (name, story) => {
  const told = tell(story(sha256).history);

  it.each(Object.entries(pages))('is told as %s', (file, page) => {
    const written = page(told);
    expect(written).toBe(goldenText(`${name}.${file}`, written));
  });

  it.each(Object.entries(pages).filter(([file]) => file.endsWith('.txt')))(
    'fits 80 columns as %s',
    (_, page) => {
      const tooWide = page(told)
        .split('\n')
        .filter((line) => widthOf(line) > 80);
      expect(tooWide).toEqual([]);
    },
  );

  it('calls everything the same in a ladder of any width', () => {
    const { rows } = ladderOf(told.all, told.cast, { leavesMax: 8, recordsMax: 60 });
    for (const { labels } of rows) {
      const word = labels.at(-1) ?? '';
      expect(word).toMatch(/^\S{1,9}$/); // What fits between two lifelines.
      for (const label of labels) expect(label.split(' ')).toContain(word);
    }
  });

  it('has one numbered line for each record, in the log and in the ladder', () => {
    const numbers = told.all.map(({ number }) => number);
    const lines = (page: string) =>
      page.split('\n').flatMap((line) => /^ *(\d+) /.exec(line)?.[1] ?? []);
    expect(lines(pages['log.txt']?.(told) ?? '').map(Number)).toEqual(numbers);
    expect(lines(pages['ladder.txt']?.(told) ?? '').map(Number)).toEqual(numbers);
    const { rows } = ladderOf(told.all, told.cast, { leavesMax: 8, recordsMax: 60 });
    expect(rows.flatMap(({ number }) => number ?? [])).toEqual(numbers);
  });

  it('is told the same when all clocks stood still', () => {
    const still = (history: History): History => ({
      ...history,
      commits: history.commits.map((commit) => ({ ...commit, decidedAt: 0, storedAt: 0 })),
      refusals: history.refusals.map((refusal) => ({ ...refusal, decidedAt: 0 })),
    });
    const { all, cast } = tell(still(told.history));
    const { rows } = ladderOf(all, cast, { leavesMax: 8, recordsMax: 60 });
    const before = ladderOf(told.all, told.cast, { leavesMax: 8, recordsMax: 60 }).rows;
    expect(rows.map(({ labels, detail }) => [labels, detail])).toEqual(
      before.map(({ labels, detail }) => [labels, detail]),
    );
  });
});

describe('what programs attached', () => {
  const { all, cast } = tell(everyday(sha256).history);

  it('is shown as its length, everywhere', () => {
    for (const page of Object.values(pages)) {
      const written = page({ ...tell(everyday(sha256).history) });
      expect(written).not.toMatch(/let me in|aGVsbG8|welcome|d2VsY29t/);
    }
  });

  it('is shown when somebody asks for it', () => {
    const revealed = text(logPage(all, cast, { ...brief, width: null, reveal: true }), null);
    expect(revealed).toContain('caller 16 B "hello, let me in"');
  });

  it('is not made up when a capture has only its length', () => {
    const redacted = text(
      logPage(all, cast, { ...brief, width: null, reveal: true, redacted: true }),
      null,
    );
    expect(redacted).toContain('caller 16 B redacted');
    expect(redacted).not.toContain('let me in');
  });

  it('cannot reach the terminal as anything but text', () => {
    const recorder = new Recorder({ session: conf, sha256, startAt });
    const escape = Buffer.from('\u001b[2J\u202egood\nline\u0007').toString('base64');
    recorder.decide(opens(), listens()).decide(asks('bob', startAt, { callerData: escape }));
    const hostile = tell(recorder.history);
    const page = text(logPage(hostile.all, hostile.cast, { ...brief, width: null, reveal: true }));
    expect(unprintableIn(page)).toEqual([]);
  });
});

describe('names that the grammar would have refused', () => {
  const evil = '\u001b[31mbob\u202e\r\nroot' as string;
  const recorder = new Recorder({ session: conf, sha256, startAt });
  recorder.decide(opens(), listens()).decide(
    asks('bob', startAt, {
      caller: `${evil}/run1/1` as SocketId,
      leafAddress: `${evil}:1` as NodeAddress,
    }),
  );
  recorder.decide(asks('cy', startAt, { caller: `${evil}/run1/1` as SocketId }));
  const told = tell(recorder.history);

  it.each(Object.entries(pages))('are spelled out in %s', (_, page) => {
    const written = page(told);
    expect(unprintableIn(written)).toEqual([]);
  });

  it('are no markup in an image', () => {
    const named = tell(
      new Recorder({ session: conf, sha256, startAt })
        .decide(opens(), listens())
        .decide(asks('bob', startAt, { leafAddress: '<script>"&:1' as NodeAddress })).history,
    );
    const svg = pages['ladder.svg']?.(named) ?? '';
    expect(svg).not.toContain('<script>');
    expect(svg).toContain('&lt;script&gt;&quot;&amp;:1');
    expect(pages['ladder.mmd']?.(named)).toContain('#60;script#62;#34;#38;:1');
  });
});

describe('a crowded session', () => {
  const recorder = new Recorder({ session: conf, sha256, startAt });
  recorder.decide(opens({ admit: 'auto' }), listens());
  for (let n = 1; n <= 200; n += 1) recorder.decide(asks(`leaf${String(n)}`));
  recorder.decide({ type: 'CloseSocket', socket: asks('leaf7').caller });
  recorder.decide({ type: 'CloseSocket', socket: opens().root ?? asks('x').caller });
  const told = tell(recorder.history);

  it('fits, with the endpoints that have no column of their own in one', () => {
    const page = pages['ladder.txt']?.(told) ?? '';
    expect(page.split('\n')[0]).toMatch(/root +service +leaf1:1 +leaf2:1 +\+\d+ more$/);
    expect(page).toContain('records not shown');
    expect(page.split('\n').every((line) => widthOf(line) <= 80)).toBe(true);
    expect(page).toMatch(/\bCLOSE to 398 sockets/);
  });

  it('can be looked at from one endpoint', () => {
    const { columns, rows } = ladderOf(told.all, told.cast, {
      leavesMax: 3,
      recordsMax: 60,
      leaf: 'leaf7',
    });
    expect(columns.map(({ title }) => title)).toEqual(['root', 'service', 'leaf7:1']);
    expect(rows.flatMap(({ number }) => number ?? [])).toEqual([1, 2, 9, 203, 204]);
  });

  it('has its long lists shortened, unless somebody wants all', () => {
    const shown = (all: boolean) =>
      text(logPage(told.all, told.cast, { ...full, all, from: 203 })).split('\n').length;
    expect(shown(false)).toBeLessThan(20);
    expect(shown(true)).toBeGreaterThan(398);
  });

  it('keeps its numbers when only a part is wanted', () => {
    const page = text(logPage(told.all, told.cast, { ...brief, from: 100, to: 101 }));
    expect(page).toMatch(/^ *101 +100 /m);
    expect(page).toMatch(/^ *102 +101 /m);
  });
});

const unprintableIn = (page: string): readonly string[] =>
  page.replaceAll('\n', '').match(/[\p{Cc}\p{Cf}]/gu) ?? [];

function goldenText(file: string, written: string): string {
  const path = join(golden, file);
  if (process.env.GOLDEN === 'write') {
    mkdirSync(golden, { recursive: true });
    writeFileSync(path, written);
  }
  return readFileSync(path, 'utf8');
}

it('counts a single refusal of a replay as one', () => {
  const { history, cast } = tell(everyday(sha256).history);
  const once = { ...history, refusals: history.refusals.slice(0, 1) };
  expect(text(replayPage(redecide(once), cast, telling))).toContain('11 decisions, 1 refusal)');
});
