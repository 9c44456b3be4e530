import { describe, expect, it } from '@jest/globals';
import type { EventLog } from '@joinleaf/event-log';
import type { SessionAddress, SessionCommand } from '@joinleaf/multipoint';
import { Arbiter, type ArbiterOptions } from './arbiter.js';
import {
  arbiterOptions,
  asks,
  listen,
  memoryLogOptions,
  open,
  root,
  settled,
  TestLog,
  timelessWorld,
} from './testing.js';

const session = (i: number) => `conf-${String(i)}` as SessionAddress;

const newLog = () => new TestLog(memoryLogOptions);

function arbiterOn(log: EventLog, changes: Partial<ArbiterOptions> = {}) {
  const bugs: unknown[] = [];
  const arbiter = new Arbiter(
    {
      log,
      world: timelessWorld(),
      refusals: { record: () => undefined },
      reportBug: (_what, cause) => void bugs.push(cause),
      folded: () => undefined,
    },
    { ...arbiterOptions, ...changes },
  );
  const say = (i: number, commandId: string, command: SessionCommand) =>
    arbiter.submit(session(i), { commandId, command });
  return { arbiter, say, bugs };
}

/** Lets an arbiter hear everything that lies in the log by now. */
async function hearAll(log: EventLog, { arbiter }: ReturnType<typeof arbiterOn>): Promise<void> {
  const over = new AbortController();
  for await (const item of log.follow({ signal: over.signal })) {
    if (item.kind === 'caught-up') break;
    if (item.kind === 'commit') arbiter.hear(item.commit);
  }
  over.abort();
}

async function opened(log: EventLog, sessions: number) {
  const owner = arbiterOn(log);
  for (let i = 0; i < sessions; i += 1) {
    await owner.say(i, `open-000${String(i)}`, open(session(i)));
    await owner.say(i, `listen-0${String(i)}`, listen);
  }
  return owner;
}

describe('an arbiter', () => {
  it('decides for a session that another one looked after, without reading it', async () => {
    const log = newLog();
    const owner = await opened(log, 3);
    for (let i = 0; i < 50; i += 1)
      await owner.say(1, `join-${String(i + 1000)}`, asks(`n${String(i)}`));
    const heir = arbiterOn(log);
    await hearAll(log, heir);
    log.reads = 0;
    expect(await heir.say(1, 'join-2000', asks('zoe'))).toMatchObject({
      kind: 'accepted',
      revision: 53,
      answer: { type: 'joined', join: 'J51' },
    });
    expect(log.reads).toBe(0);
  });

  it('decides on what is true when it had not heard everything yet', async () => {
    const log = newLog();
    const owner = await opened(log, 1);
    const heir = arbiterOn(log);
    await hearAll(log, heir);
    await owner.say(0, 'join-0001', asks('ada'));
    expect(await heir.say(0, 'join-0002', asks('ada'))).toMatchObject({
      kind: 'refused',
      refusal: { code: 'WSAEISCONN' },
    });
    expect(await heir.say(0, 'join-0003', asks('bob'))).toMatchObject({
      kind: 'accepted',
      answer: { join: 'J2' },
    });
  });

  it('[H9] answers a command that another arbiter had decided as that one did', async () => {
    const log = newLog();
    const owner = await opened(log, 1);
    const first = await owner.say(0, 'join-0001', asks('ada'));
    const heir = arbiterOn(log);
    await hearAll(log, heir);
    expect(await heir.say(0, 'join-0001', asks('ada'))).toEqual(first);
  });

  it('[H9] answers an old command from the log, and decides it no second time', async () => {
    const log = newLog();
    const owner = await opened(log, 1);
    const first = await owner.say(0, 'join-0001', asks('ada'));
    for (let i = 0; i < 20; i += 1)
      await owner.say(0, `join-${String(i + 1000)}`, asks(`n${String(i)}`));
    const forgetful = arbiterOn(log, { decisionsMax: 4 });
    await hearAll(log, forgetful);
    log.reads = 0;
    expect(await forgetful.say(0, 'join-0001', asks('ada'))).toEqual(first);
    expect(log.reads).toBe(1);
    expect(forgetful.arbiter.revisionOf(session(0))).toBe(23);
    expect(await forgetful.arbiter.recall(session(0), 'join-0001', 'ada')).toEqual(first);
    expect(await forgetful.arbiter.recall(session(0), 'join-0001', 'bob')).toBeNull();
  });

  it('[H9] tells apart what two sessions decided under one id', async () => {
    const log = newLog();
    const owner = await opened(log, 2);
    const inOne = await owner.say(0, 'join-0001', asks('ada'));
    await owner.say(1, 'join-0000', asks('bob'));
    const inOther = await owner.say(1, 'join-0001', asks('ada'));
    expect(await owner.say(0, 'join-0001', asks('ada'))).toEqual(inOne);
    expect(await owner.say(1, 'join-0001', asks('ada'))).toEqual(inOther);
    expect(inOne).not.toEqual(inOther);
  });

  it('[H9] tells apart what two sessions refused under one id', async () => {
    const log = newLog();
    const { say } = await opened(log, 2);
    const full: SessionCommand = { type: 'ChangePolicy', root, changes: { capacity: 1 } };
    await say(0, 'policy-01', full);
    await say(0, 'join-0000', asks('bob'));
    expect(await say(0, 'join-0001', asks('ada'))).toMatchObject({ kind: 'refused' });
    expect(await say(1, 'join-0001', asks('ada'))).toMatchObject({ kind: 'accepted' });
    await say(0, 'policy-02', { ...full, changes: { capacity: 5 } });
    expect(await say(0, 'join-0001', asks('ada'))).toMatchObject({ kind: 'refused' });
  });

  it('keeps no more sessions in memory than it may, and knows the others when they are asked', async () => {
    const log = newLog();
    await opened(log, 40);
    const small = arbiterOn(log, { sessionsMax: 16 });
    await hearAll(log, small);
    expect(small.arbiter.sessionsInMemory).toBeLessThanOrEqual(16);
    expect(await small.say(0, 'join-0001', asks('ada'))).toMatchObject({
      kind: 'accepted',
      revision: 3,
    });
    for (let i = 1; i < 40; i += 1) {
      expect(await small.say(i, 'join-0001', asks('ada'))).toMatchObject({ revision: 3 });
      expect(small.arbiter.sessionsInMemory).toBeLessThanOrEqual(16);
    }
    expect(small.bugs).toEqual([]);
  });

  it('misses nothing that it hears while it is at work', async () => {
    const log = newLog();
    const owner = await opened(log, 1);
    const heir = arbiterOn(log);
    await hearAll(log, heir);
    const answer = Promise.withResolvers<undefined>();
    log.held = answer.promise;
    const asked = heir.say(0, 'join-0001', asks('ada'));
    await settled(); // Stored, and not yet acknowledged.
    log.held = undefined;
    await owner.say(0, 'join-0002', asks('bob'));
    await owner.say(0, 'join-0003', asks('cyd'));
    await hearAll(log, heir);
    answer.resolve(undefined);
    await asked;
    await heir.arbiter.settled();
    expect(heir.arbiter.revisionOf(session(0))).toBe(5);
  });
});
