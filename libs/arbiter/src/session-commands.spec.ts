import { describe, expect, it } from '@jest/globals';
import type { RefusalRecord } from '@joinleaf/event-log';
import type { SessionAddress } from '@joinleaf/multipoint';
import {
  encode,
  type CommandSubject,
  type NodeRecord,
  type Reply,
  type Verb,
} from '@joinleaf/wire';
import { Arbiter } from './arbiter.js';
import type { Asked } from './decide-batch.js';
import { NodeKeeper } from './node-keeper.js';
import { RateLimits, type RateLimitOptions } from './rate-limits.js';
import { SessionCommands } from './session-commands.js';
import {
  arbiterOptions,
  MemoryBook,
  memoryLogOptions,
  open,
  settled,
  TestLog,
  timelessWorld,
} from './testing.js';

/** A book in which some records take until the test says so to be found. */
class LateBook extends MemoryBook {
  readonly #late = new Map<string, PromiseWithResolvers<undefined>>();

  holdBack(node: string): void {
    const record = Promise.withResolvers<undefined>();
    record.promise.catch(() => undefined); // It may fail before somebody looks.
    this.#late.set(node, record);
  }

  async give(node: string): Promise<void> {
    this.#late.get(node)?.resolve(undefined);
    await settled();
  }

  fail(node: string, cause: Error): void {
    this.#late.get(node)?.reject(cause);
  }

  override async last(node: string) {
    await this.#late.get(node)?.promise;
    return super.last(node);
  }
}

/** An arbiter that says what is put into its mailboxes, in order. */
class WatchedArbiter extends Arbiter {
  readonly taken: string[] = [];

  override submit(session: SessionAddress, asked: Asked) {
    this.taken.push(asked.commandId);
    return super.submit(session, asked);
  }
}

const conf = 'conf-7' as SessionAddress;

const subjectOf = (verb: Verb, node: string, session: string = conf): CommandSubject => ({
  ...{ realm: 'main', partition: '00', session: session as SessionAddress, node, verb },
});

const bodyOf = (commandId: string, more: object = {}) =>
  encode({ v: 1, incarnation: 'run1', commandId, ...more });

const inviting = (leaf: string) => ({ as: 'root', socket: '1', leaf: `${leaf}:1`, link: '2' });
const joining = (node: string) => ({ as: 'leaf', socket: '1', local: `${node}:1` });

const startOf = (node: string): NodeRecord => ({
  ...{ schema: 1, type: 'NodeStarted', node, incarnation: 'run1', boundMs: 2_000, at: 0 },
});

/** Takes commands for `conf-7`, which `root` has opened. `root` and `ada` are known to be up; `bob` is on record. */
async function desk(limits?: Partial<RateLimitOptions>) {
  const log = new TestLog(memoryLogOptions);
  const book = new LateBook();
  const world = timelessWorld();
  const refused: RefusalRecord[] = [];
  const counted: string[] = [];
  const refusals = { record: (refusal: RefusalRecord) => void refused.push(refusal) };
  const reportBug = (what: string, cause: unknown) => {
    throw new Error(what, { cause });
  };
  const arbiter = new WatchedArbiter(
    { log, world, refusals, reportBug, folded: () => undefined },
    arbiterOptions,
  );
  const nodes = new NodeKeeper({ name: 'arb-a', book, world, ended: () => undefined });
  const start = (node: string, incarnation: string) =>
    nodes.start(node, encode({ v: 1, incarnation }));
  for (const node of ['root', 'ada']) await start(node, 'run1');
  await book.append(startOf('bob'), { afterSequence: 0 });
  const none = { nodeRatePerS: 0, nodeBurst: 0, rootRatePerS: 0, rootBurst: 0 };
  const commands = new SessionCommands({
    ...{ arbiter, nodes, refusals, world, name: 'arb-a', decider: 'multipoint/1' },
    malformed: (verb) => counted.push(`malformed ${verb}`),
    limited: (limit) => counted.push(`limited ${limit}`),
    ...(limits === undefined ? {} : { limits: new RateLimits({ ...none, ...limits }) }),
  });
  await arbiter.submit(conf, { commandId: 'open-0001', command: open(conf) });
  arbiter.taken.length = 0;
  const say = (verb: Verb, node: string, commandId: string, more: object, session?: string) =>
    commands.take(subjectOf(verb, node, session), bodyOf(commandId, more));
  return { arbiter, nodes, book, log, say, start, refused, counted };
}

const codeOf = (reply: Reply) => (reply.ok ? 'ok' : `${reply.code} ${reply.rule}`);

describe('what a node asks of a session', () => {
  it('is in the mailbox at once when nothing has to be looked up', async () => {
    const { say, arbiter } = await desk();
    const reply = say('join', 'ada', 'join-0001', joining('ada'));
    expect(arbiter.taken).toEqual(['join-0001']);
    expect(codeOf(await reply)).toBe('WSAECONNREFUSED R35');
  });

  it('is decided in its order, though one waits for the record of another node', async () => {
    const { say, book, arbiter } = await desk();
    book.holdBack('bob');
    const replies = [
      say('join', 'root', 'invite-01', inviting('bob')),
      say('close', 'root', 'close-0001', { socket: '1' }),
    ];
    await settled();
    expect(arbiter.taken).toEqual([]);
    await book.give('bob');
    expect(arbiter.taken).toEqual(['invite-01', 'close-0001']);
    expect((await Promise.all(replies)).map(codeOf)).toEqual(['ok', 'ok']);
  });

  it('is looked up in its order: what is known later is not overtaken by what is known sooner', async () => {
    const { say, book, arbiter } = await desk();
    book.holdBack('bob');
    const replies = [
      say('join', 'root', 'invite-01', inviting('bob')),
      say('join', 'root', 'invite-02', inviting('nobody')),
      say('join', 'root', 'invite-03', inviting('bob')),
    ];
    await settled();
    expect(arbiter.taken).toEqual([]);
    await book.give('bob');
    expect(arbiter.taken).toEqual(['invite-01', 'invite-02', 'invite-03']);
    const codes = (await Promise.all(replies)).map(codeOf);
    expect(codes).toEqual(['ok', 'WSAEALREADY R50', 'WSAEALREADY R50']);
  });

  it('waits for the one before it, though the one before that is in the mailbox', async () => {
    const { say, book, arbiter } = await desk();
    book.holdBack('bob');
    book.holdBack('cyd');
    const replies = [
      say('join', 'root', 'invite-01', inviting('bob')),
      say('join', 'root', 'invite-02', inviting('cyd')),
    ];
    await book.give('bob');
    replies.push(say('close', 'root', 'close-0001', { socket: '1' }));
    await settled();
    expect(arbiter.taken).toEqual(['invite-01']);
    await book.give('cyd');
    expect(arbiter.taken).toEqual(['invite-01', 'invite-02', 'close-0001']);
    await Promise.all(replies);
  });

  it('waits for the record of a node that is not known, and what it asks next waits its turn', async () => {
    const { say, nodes, book, arbiter } = await desk();
    book.holdBack('eve');
    const replies = [say('join', 'eve', 'join-0001', joining('eve'))];
    await settled();
    nodes.hear(startOf('eve'), 4); // What it asks from now on needs no record.
    replies.push(say('close', 'eve', 'close-0001', { socket: '1' }));
    await settled();
    expect(arbiter.taken).toEqual([]);
    await book.give('eve');
    expect(arbiter.taken).toEqual(['join-0001', 'close-0001']);
    await Promise.all(replies);
  });

  it('holds up neither what it asks of another session nor what another node asks', async () => {
    const { say, book, arbiter } = await desk();
    book.holdBack('bob');
    const waiting = say('join', 'root', 'invite-01', inviting('bob'));
    await settled();
    const others = [
      say('listen', 'root', 'listen-01', { socket: '9', backlog: 5 }, 'lobby'),
      say('join', 'ada', 'join-0001', joining('ada')),
    ];
    expect(arbiter.taken).toEqual(['listen-01', 'join-0001']);
    await Promise.all(others);
    await book.give('bob');
    expect(codeOf(await waiting)).toBe('ok');
  });

  it('waits for those before it until they are in the mailbox, and not for what they are told', async () => {
    const { say, book, log, arbiter } = await desk();
    book.holdBack('bob');
    const answer = Promise.withResolvers<undefined>();
    log.held = answer.promise;
    const replies = [say('join', 'root', 'invite-01', inviting('bob'))];
    await book.give('bob');
    expect(arbiter.taken).toEqual(['invite-01']);
    replies.push(say('close', 'root', 'close-0001', { socket: '2' }));
    expect(arbiter.taken).toEqual(['invite-01', 'close-0001']); // At once: its turn is forgotten.
    answer.resolve(undefined);
    expect((await Promise.all(replies)).map(codeOf)).toEqual(['ok', 'ok']);
  });

  it('goes on after one whose look-up failed', async () => {
    const { say, book, arbiter } = await desk();
    book.holdBack('bob');
    const failing = say('join', 'root', 'invite-01', inviting('bob'));
    const next = say('join', 'root', 'invite-02', inviting('ada'));
    book.fail('bob', new Error('a bug of ours'));
    await expect(failing).rejects.toThrow('a bug of ours');
    expect(codeOf(await next)).toBe('ok');
    const last = say('close', 'root', 'close-0001', { socket: '2' });
    expect(arbiter.taken).toEqual(['invite-02', 'close-0001']);
    await last;
  });
});

describe('a command that is not decided', () => {
  it('[E2] is of a node whose records may be behind; it is decided when they are not', async () => {
    const { say, start, book, arbiter, refused } = await desk();
    book.mayLag = true;
    const asked = ['join', 'eve', 'join-0001', joining('eve')] as const;
    expect(await say(...asked)).toMatchObject({ code: 'WSAENETDOWN', rule: 'E2', basedOn: null });
    const invited = await say('join', 'root', 'invite-01', inviting('eve'));
    expect(codeOf(invited)).toBe('WSAENETDOWN E2');
    expect({ taken: arbiter.taken, refused }).toEqual({ taken: [], refused: [] });
    await start('eve', 'run1');
    await say(...asked);
    expect(arbiter.taken).toEqual(['join-0001']);
  });

  it('[H10] is of a run that is over, and kept with the state that it met', async () => {
    const { say, start, arbiter, refused } = await desk();
    await start('ada', 'run2');
    const reply = await say('join', 'ada', 'join-0001', joining('ada'));
    expect(codeOf(reply)).toBe('WSAENETRESET H10');
    expect(arbiter.taken).toEqual([]);
    expect(refused).toMatchObject([
      {
        ...{ session: 'conf-7', commandId: 'join-0001', code: 'WSAENETRESET', rule: 'H10' },
        command: { type: 'RequestJoin', caller: 'ada/run1/1' },
        basedOn: { revision: 1, decisions: 0 },
      },
    ]);
  });

  it('[H9] [H10] holds if it was decided while its run could speak, and else is refused for good', async () => {
    const { say, start, arbiter } = await desk();
    const listens = { socket: '1', backlog: 5 };
    const first = await say('listen', 'root', 'listen-01', listens);
    await start('root', 'run2');
    expect(await say('listen', 'root', 'listen-01', { ...listens, repeat: true })).toEqual(first);
    const closes = { socket: '1', repeat: true };
    const reply = await say('close', 'root', 'close-0001', closes);
    expect(codeOf(reply)).toBe('WSAENETRESET H10');
    const kept = await arbiter.recall(conf, 'close-0001', 'root');
    expect(kept).toMatchObject({ kind: 'refused', refusal: { rule: 'H10' } });
  });

  it('[E18] is of a node that has not started', async () => {
    const { say, arbiter } = await desk();
    const reply = await say('join', 'eve', 'join-0001', joining('eve'));
    expect(codeOf(reply)).toBe('WSANOTINITIALISED E18');
    expect(arbiter.taken).toEqual([]);
  });

  it.each<[Verb, object, string]>([
    ['listen', { socket: '1' }, 'backlog'],
    ['join', { ...joining('ada'), as: 'guest' }, 'as'],
    ['resolve', { socket: '1' }, ''],
  ])('[H11] is no message of ours: %s %j', async (verb, body, field) => {
    const { say, arbiter, counted } = await desk();
    expect(await say(verb, 'ada', 'any-00001', body)).toMatchObject({
      ...{ code: 'WSAEFAULT', rule: 'H11', session: 'conf-7', commandId: null },
      facts: { field },
    });
    expect(arbiter.taken).toEqual([]);
    expect(counted).toEqual([`malformed ${verb}`]);
  });

  it.each([
    ['node', { nodeRatePerS: 1, nodeBurst: 1 }],
    ['root', { rootRatePerS: 1, rootBurst: 1 }],
  ] as const)('[H13] is over the limit of its %s, and counted', async (limit, limits) => {
    const { say, arbiter, counted } = await desk(limits);
    await say('join', 'ada', 'join-0001', joining('ada'));
    expect(await say('join', 'ada', 'join-0002', joining('ada'))).toMatchObject({
      ...{ code: 'WSAENOBUFS', rule: 'H13', commandId: 'join-0002' },
      facts: { limit, perSecond: 1, retryAfterMs: 1_000 },
    });
    expect(arbiter.taken).toEqual(['join-0001']);
    expect(counted).toEqual([`limited ${limit}`]);
  });
});

describe('what became of a command', () => {
  it('[H12] is said as it was, or that it never will be', async () => {
    const { say, arbiter } = await desk();
    const first = await say('listen', 'root', 'listen-01', { socket: '1', backlog: 5 });
    expect(await say('resolve', 'root', 'listen-01', {})).toEqual(first);
    const unknown = await say('resolve', 'root', 'invite-01', {});
    expect(codeOf(unknown)).toBe('WSAENETDOWN H12');
    expect(arbiter.revisionOf(conf)).toBe(3); // In the log, where every arbiter finds it.
    const late = await say('join', 'root', 'invite-01', inviting('ada'));
    expect(codeOf(late)).toBe('WSAENETDOWN H12');
  });
});
