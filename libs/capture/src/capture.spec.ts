import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  checkChain,
  emptyHead,
  foldDecisions,
  headOf,
  sealCommit,
  type Commit,
  type Decided,
  type RefusalRecord,
  type StoredCommit,
} from '@joinleaf/event-log';
import {
  decide,
  nodeAddress,
  ok,
  socketId,
  unopened,
  winsockPolicy,
  type Result,
  type SessionAddress,
  type SessionCommand,
} from '@joinleaf/multipoint';
import { bytesOfTag, tagOfBytes } from './bytes.js';
import { leftReadable, redactEverything, type CaptureContent, type NodeLife } from './content.js';
import type { Digest } from './format.js';
import { letters } from './pseudonyms.js';
import { readCapture, type CaptureReading } from './read.js';
import { redact } from './redact.js';
import { writeCapture } from './write.js';

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const tag = (data: string): string => sha256(Buffer.from(`key ${data}`)).slice(0, 8);
const nothing = { names: false, ids: false, data: false } as const;

function newDigest(): Digest {
  const digest = createHash('sha256');
  return { update: (text) => void digest.update(text), hex: () => digest.digest('hex') };
}

const canary = 'the-canary-secret';
const secret = Buffer.from(canary).toString('base64');
const root = socketId({ node: 'ada-of-acme', incarnation: 'run1', serial: '1' });
const conf = 'board-meeting' as SessionAddress;

const commands: readonly SessionCommand[] = [
  {
    type: 'OpenSession',
    address: conf,
    root,
    control: 'rooted',
    data: 'nonrooted',
    policy: {
      ...winsockPolicy,
      capacity: 1,
      allow: ['bob', 'cy', 'ada-of-acme'],
      deny: ['mallory'],
    },
  },
  { type: 'Listen', root, backlog: 5 },
  asks('bob', secret),
  { type: 'AcceptJoin', join: 'J1', acceptor: root, accepted: null, calleeData: secret },
  asks('mallory', null),
  asks('zoe', null),
  asks('bob', null),
  asks('cy', Buffer.from('other').toString('base64')),
  { type: 'ChangePolicy', root, changes: { capacity: 2, deny: [] } },
  asks('mallory', null),
  {
    type: 'LoseNode',
    node: 'bob',
    incarnation: 'run1',
    evidence: { kind: 'superseded', by: 'run2' },
  },
  { type: 'CloseSocket', socket: root },
];

const content: CaptureContent = {
  sessions: [recorded(conf, commands)],
  nodes: [
    { schema: 1, type: 'NodeStarted', node: 'bob', incarnation: 'run1', boundMs: 15_000, at: 1 },
    { schema: 1, type: 'NodeStarted', node: 'bob', incarnation: 'run2', boundMs: 15_000, at: 9 },
  ],
};

const plain = () => write(content, nothing);
const redacted = () => write(redact(content, redactEverything, tag), redactEverything);

describe('a capture', () => {
  it('comes back as it went, checked against the hashes of what was stored', () => {
    const read = readGood(plain());
    expect(read.content).toEqual(content);
    expect(read.verified).toBe(content.sessions[0]?.commits.length);
    expect(read.manifest).toMatchObject({
      sessions: ['board-meeting'],
      deciders: ['multipoint/1'],
      realm: 'main',
    });
    expect(read.footer).toMatchObject({ commits: 7, refusals: 5, nodes: 2 });
  });

  it('is redacted and comes back as it was redacted', () => {
    const expected = redact(content, redactEverything, tag);
    expect(readGood(redacted()).content).toEqual(expected);
    expect(readGood(write(expected, redactEverything)).content).toEqual(expected);
  });

  it('has its refusals where the state they were based on stands', () => {
    const kinds = plain().map((line) => /^\{"n":\d+,"sum":"\w+","(\w+)"/.exec(line)?.[1]);
    expect(kinds.join(' ')).toBe(
      'manifest node node ev ev ev ev dec dec dec dec ev dec ev ev footer',
    );
  });

  it('can be checked by hand: the footer has the digest of the lines before it', () => {
    const lines = plain();
    const before = lines
      .slice(0, -1)
      .map((line) => `${line}\n`)
      .join('');
    expect(lines.at(-1)).toContain(sha256(Buffer.from(before)));
  });

  it('may be empty', () => {
    const read = readGood(write({ sessions: [], nodes: [] }, nothing));
    expect(read.content).toEqual({ sessions: [], nodes: [] });
  });
});

describe('redaction', () => {
  it('leaves no name, no id and no byte', () => {
    const text = redacted().join('\n');
    for (const word of [
      'acme',
      'bob',
      'cy:',
      'mallory',
      'zoe',
      'board',
      'my-command',
      'arb-',
      canary,
      secret,
      'main',
    ]) {
      expect(text).not.toContain(word);
    }
    expect(text).toContain('"callerData":{"len":17,"tag":"');
  });

  it('keeps the equality and the size of bytes', () => {
    const [session] = redact(content, redactEverything, tag).sessions;
    const requested = session?.commits[2]?.decisions[0]?.events[0];
    const admitted = session?.commits[3]?.decisions[0]?.events[0];
    if (requested?.type !== 'JoinRequested' || admitted?.type !== 'LeafAdmitted')
      throw new Error('?');
    expect(requested.callerData).toBe(admitted.calleeData);
    expect(Buffer.from(requested.callerData ?? '', 'base64')).toHaveLength(canary.length);
  });

  it('names the same thing the same, so that every decision comes out the same', () => {
    const [session] = redact(content, redactEverything, tag).sessions;
    if (session === undefined) throw new Error('there is one');
    const again = decideAgain(session.commits, session.refusals);
    expect(again.decisions).toEqual(
      session.commits.flatMap((commit) =>
        commit.decisions.map(({ rule, events }) => ({ rule, events })),
      ),
    );
    expect(again.refusals).toEqual(session.refusals.map(({ code, rule }) => ({ code, rule })));
  });

  it('names who kept a session, who inherited it, and who may not', () => {
    const at = (node: string) => socketId({ node, incarnation: 'run1', serial: '9' });
    const [opens, ...more] = commands.slice(0, 4);
    if (opens?.type !== 'OpenSession') throw new Error('it is opened first');
    const electing = { ...opens, policy: { ...opens.policy, rootLoss: 'elect-oldest' as const } };
    const isLost = { kind: 'superseded', by: 'run2' } as const;
    const lost = {
      type: 'LoseNode',
      node: 'ada-of-acme',
      incarnation: 'run1',
      evidence: isLost,
    } as const;
    const taken = [at('cy'), at('bob')].map((socket) => ({ ...electing, root: socket }));
    const story = recorded(conf, [electing, ...more, { ...lost, now: 1_000 }, ...taken]);
    expect(story.refusals.map(({ rule }) => rule)).toEqual(['H21']);
    const kept = redact({ sessions: [story], nodes: [] }, redactEverything, tag);
    expect(JSON.stringify(kept)).not.toMatch(/acme|bob|"cy/);
    const [session] = kept.sessions;
    const again = decideAgain(session?.commits ?? [], session?.refusals ?? []);
    expect(again.refusals).toEqual([{ code: 'WSAEADDRINUSE', rule: 'H21' }]);
    const decisions = (session?.commits ?? []).flatMap((commit) => commit.decisions);
    expect(again.decisions).toEqual(decisions.map(({ rule, events }) => ({ rule, events })));
    expect(decisions.map(({ rule }) => rule).slice(-2)).toEqual(['H18', 'H20']);
  });

  it('keeps the chain as it was recorded', () => {
    const [session] = redact(content, redactEverything, tag).sessions;
    expect(checkChain(session?.commits ?? []).ok).toBe(true);
    expect(session?.commits.map(({ hash }) => hash)).toEqual(
      content.sessions[0]?.commits.map(({ hash }) => hash),
    );
    expect(readGood(redacted()).verified).toBe(0);
  });

  it('takes out only what it is told to', () => {
    const onlyData = write(redact(content, { ...nothing, data: true }, tag), {
      ...nothing,
      data: true,
    }).join('\n');
    expect(onlyData).toContain('mallory');
    expect(onlyData).toContain('my-command-1');
    expect(onlyData).not.toContain(secret);
    const onlyIds = write(redact(content, { ...nothing, ids: true }, tag), {
      ...nothing,
      ids: true,
    }).join('\n');
    expect(onlyIds).not.toContain('my-command');
    expect(onlyIds).toContain(secret);
  });

  it('says what stays readable', () => {
    expect(leftReadable.join('\n')).toContain('times, deadlines');
  });

  it('has a name for the 27th and the 703rd', () => {
    expect([1, 26, 27, 52, 53, 702, 703].map(letters)).toEqual([
      'A',
      'Z',
      'AA',
      'AZ',
      'BA',
      'ZZ',
      'AAA',
    ]);
  });

  it.each([0, 1, 2, 3, 4, 5, 17, 4_096])('knows %d bytes again', (len) => {
    const bytes = bytesOfTag({ len, tag: '9f3c2a1b' });
    expect(Buffer.from(bytes, 'base64')).toHaveLength(len);
    expect(tagOfBytes(bytes)).toEqual({ len, tag: '9f3c2a1b'.slice(0, Math.min(8, len * 2)) });
    expect(bytesOfTag(tagOfBytes(bytes))).toBe(bytes);
  });
});

describe('a capture that is not what was written', () => {
  it.each([1, 2, 5, 14])('is truncated after line %d, and says so', (kept) => {
    const read = readAny(plain().slice(0, kept));
    expect(read).toMatchObject({
      ok: true,
      value: { problem: { kind: 'truncated', line: kept }, footer: null },
    });
  });

  it('is cut in the middle of a line', () => {
    const lines = plain();
    lines[4] = lines[4]?.slice(0, 50) ?? '';
    expect(readAny(lines.slice(0, 5))).toMatchObject({
      value: {
        problem: {
          kind: 'malformed',
          line: 5,
          message: 'the line is cut, or no line of a capture',
        },
      },
    });
  });

  it('is edited, and names the line', () => {
    for (const write of [plain, redacted]) {
      const lines = write();
      lines[6] = lines[6]?.replace(/"revision":(\d)/, '"revision":7') ?? '';
      expect(readAny(lines)).toMatchObject({ value: { problem: { kind: 'edited', line: 7 } } });
    }
  });

  it('lacks a line, or has it twice, or in another place', () => {
    const lines = plain();
    const problem = { kind: 'edited', line: 6, message: expect.stringContaining('another order') };
    expect(readAny(lines.toSpliced(5, 1))).toMatchObject({ value: { problem } });
    expect(readAny(lines.toSpliced(5, 0, lines[4] ?? ''))).toMatchObject({ value: { problem } });
    const swapped = lines.with(5, lines[6] ?? '').with(6, lines[5] ?? '');
    expect(readAny(swapped)).toMatchObject({ value: { problem } });
  });

  it('is forged with checksums that fit: the hash of the stored bytes does not', () => {
    const forged = {
      ...content,
      sessions: content.sessions.map((session) => ({
        ...session,
        commits: session.commits.map((commit) =>
          commit.revision === 4 ? { ...commit, decidedAt: 5 } : commit,
        ),
      })),
    };
    const lines = write(forged, nothing).map((line) =>
      line.replace('"exact":false', '"exact":true'),
    );
    expect(readAny(resummed(lines))).toMatchObject({
      value: {
        problem: { kind: 'edited', line: 7, message: 'the commit is not the one of its hash' },
      },
    });
  });

  it('goes on after its footer', () => {
    expect(readAny([...plain(), 'more'])).toMatchObject({
      value: {
        problem: { kind: 'edited', line: 17, message: 'something stands after the footer' },
      },
    });
  });

  it('is none at all', () => {
    for (const lines of [[], ['hello'], ['{}'], [''], ['{"n":1,"sum":"00000000","manifest":{}}']]) {
      expect(readAny(lines)).toMatchObject({ ok: false, error: { kind: 'no-capture', line: 1 } });
    }
  });

  it('is of a version that is not known yet', () => {
    const lines = plain().with(0, (plain()[0] ?? '').replace('"version":1', '"version":2'));
    expect(readAny(resummed(lines))).toMatchObject({
      ok: false,
      error: { kind: 'too-new', message: expect.stringContaining('version 2') },
    });
  });
});

describe('a capture made by an enemy', () => {
  const withLine = (body: string): readonly string[] =>
    resummed([plain()[0] ?? '', `{"n":2,"sum":"00000000",${body}}`]);

  it.each([
    ['nested too deep', `"ev":${'['.repeat(200_000)}${']'.repeat(200_000)}`, 'nested deeper'],
    ['a key of the prototype', '"ev":{"__proto__":{"x":1}}', 'a key that no record has'],
    ['a constructor', '"dec":{"facts":{"constructor":"x"}}', 'a key that no record has'],
    ['an unknown kind', '"hb":{}', 'does not know'],
    ['a commit that is none', '"ev":[]', 'is no commit'],
    ['a refusal that is none', '"dec":7', 'refused by the schema'],
    ['a footer that is none', '"footer":{"heads":[]}', 'is no footer'],
    ['something that is not JSON', '"ev":{,}', 'is not JSON'],
  ])('has %s', (_, body, message) => {
    expect(readAny(withLine(body))).toMatchObject({
      value: { problem: { kind: 'malformed', line: 2, message: expect.stringContaining(message) } },
    });
  });

  it('claims more bytes than anybody may attach', () => {
    const lines = redacted().map((line) => line.replace(/"len":17/g, '"len":900000000000'));
    expect(readAny(resummed(lines))).toMatchObject({
      value: { problem: { kind: 'malformed', line: 6 } },
    });
  });

  it('is too long, in lines, in characters and in a line', () => {
    for (const limits of [{ linesMax: 3 }, { charactersMax: 1_000 }, { lineCharactersMax: 400 }]) {
      const read = readCapture(plain(), { ...reading(), limits });
      expect(read).toMatchObject({ value: { problem: { kind: 'too-large' } } });
    }
  });

  it('never makes the reader throw, whatever one line says', () => {
    fc.assert(
      fc.property(
        fc.nat(13),
        fc.json({ maxDepth: 4 }),
        fc.constantFrom('ev', 'dec', 'node', 'footer', 'manifest'),
        (at, json, kind) => {
          const lines = plain().with(
            at,
            `{"n":${String(at + 1)},"sum":"00000000","${kind}":${json}}`,
          );
          readAny(resummed(lines));
        },
      ),
      { numRuns: 300 },
    );
  });
});

function asks(node: string, callerData: string | null): SessionCommand {
  return {
    type: 'RequestJoin',
    caller: socketId({ node, incarnation: 'run1', serial: '1' }),
    leafAddress: nodeAddress(node, 1),
    flags: 'both',
    callerData,
    now: 1_000,
    deadlineMs: null,
  };
}

function recorded(session: SessionAddress, all: readonly SessionCommand[]) {
  const commits: StoredCommit[] = [];
  const refusals: RefusalRecord[] = [];
  let state = unopened;
  let head = emptyHead;
  for (const [index, command] of all.entries()) {
    const commandId = `my-command-${String(index + 1)}`;
    const by = { arbiter: 'arb-a', decider: 'multipoint/1', decidedAt: 1_000 + index };
    const decision = decide(command, state);
    if (decision.ok) {
      const decided: Decided = { commandId, command, ...decision.value };
      const commit = sealCommit(session, head, {
        commitId: `commit-of-${commandId}`,
        ...by,
        decisions: [decided],
      });
      const hash = sha256(Buffer.from(JSON.stringify(commit)));
      const stored = { ...commit, hash, sequence: commit.revision, storedAt: 2_000 + index };
      commits.push(stored);
      head = headOf(stored);
      state = foldDecisions(state, [decided]);
    } else {
      const { code, rule, facts = null } = decision.error;
      const basedOn = { revision: head.revision, decisions: 0 };
      refusals.push({ schema: 1, session, commandId, command, basedOn, code, rule, facts, ...by });
    }
  }
  return { session, commits, refusals };
}

function decideAgain(commits: readonly StoredCommit[], refusals: readonly RefusalRecord[]) {
  let state = unopened;
  const states = [state];
  const decisions = commits.flatMap((commit) =>
    commit.decisions.map((decided) => {
      const decision = decide(decided.command, state);
      state = foldDecisions(state, [decided]);
      states.push(state);
      return decision.ok ? decision.value : null;
    }),
  );
  const refused = refusals.map(({ command, basedOn }) => {
    const decision = decide(command, states[basedOn.revision] ?? unopened);
    return decision.ok ? null : { code: decision.error.code, rule: decision.error.rule };
  });
  return { decisions, refusals: refused };
}

function write(what: CaptureContent, redaction: typeof redactEverything): string[] {
  const tool = 'joinleaf test';
  const digest = newDigest();
  return [
    ...writeCapture(what, {
      tool,
      createdAt: 5,
      realm: 'main',
      complete: true,
      redaction,
      sha256,
      digest,
    }),
  ];
}

function reading(): CaptureReading {
  const shaped = (value: unknown, field: string) =>
    typeof value === 'object' && value !== null && field in value && hasGoodData(value)
      ? ok(value)
      : ({ ok: false, error: 'refused by the schema' } as const);
  return {
    sha256,
    digest: newDigest(),
    commit: (value) => shaped(value, 'decisions') as Result<Commit, string>,
    refusal: (value) => shaped(value, 'code') as Result<RefusalRecord, string>,
    node: (value) => shaped(value, 'incarnation') as Result<NodeLife, string>,
  };
}

const hasGoodData = (value: object): boolean => !/"calle[re]Data":\{/.test(JSON.stringify(value));

const readAny = (lines: readonly string[]) => readCapture(lines, reading());

function readGood(lines: readonly string[]) {
  const read = readAny(lines);
  if (!read.ok) throw new Error(read.error.message);
  expect(read.value.problem).toBeNull();
  return read.value;
}

/** The same lines with checksums that fit, and a footer digest that does not matter. */
function resummed(lines: readonly string[]): readonly string[] {
  return lines.map((line) => {
    const [, n = '', body = ''] = /^\{"n":(\d+),"sum":"\w+",(.*)\}$/s.exec(line) ?? [];
    const sum = sha256(Buffer.from(`${n},${body}`)).slice(0, 8);
    return `{"n":${n},"sum":"${sum}",${body}}`;
  });
}
