import { describe, expect, it } from '@jest/globals';
import type { AppendOutcome, EventLog, RefusalRecord, StoredCommit } from '@joinleaf/event-log';
import { nodeAddress, type SessionAddress, type SessionCommand } from '@joinleaf/multipoint';
import { SessionMailbox, type MailboxOptions, type Outcome } from './session-mailbox.js';
import {
  arbiterOptions,
  asks,
  listen,
  memoryLog,
  open as opens,
  root,
  socket,
  timelessWorld,
} from './testing.js';

const session = 'conf-7' as SessionAddress;
const open = opens(session);
const invites = (node: string): SessionCommand => ({
  type: 'InviteLeaf',
  caller: root,
  leafAddress: nodeAddress(node, 1),
  link: socket('root', '2'),
  flags: 'both',
  callerData: null,
  now: 1_000,
  deadlineMs: null,
  leafNode: 'up',
});

/** A log whose next append answers `unknown`: stored, not stored, or stored when it is told to arrive. */
class LossyLog implements EventLog {
  mayLag = false;
  lose: 'answer' | 'message' | 'time' | null = null;
  appends = 0;
  arrive: () => Promise<AppendOutcome | null> = async () => null;
  constructor(private readonly log: EventLog) {}

  async append(...call: Parameters<EventLog['append']>): Promise<AppendOutcome> {
    this.appends += 1;
    const lost = this.lose;
    this.lose = null;
    if (lost === 'time') this.arrive = () => this.log.append(...call);
    if (lost === 'answer' || lost === null) {
      const outcome = await this.log.append(...call);
      if (lost === null) return outcome;
    }
    return { kind: 'unknown', cause: new Error('no answer') };
  }

  read: EventLog['read'] = (...call) => this.log.read(...call);
  follow: EventLog['follow'] = (...call) => this.log.follow(...call);
  readsMayLag = (): boolean => this.mayLag;
}

const world = timelessWorld();

function mailboxOn(log: EventLog, changes: Partial<MailboxOptions> = {}) {
  const refusals: RefusalRecord[] = [];
  const bugs: unknown[] = [];
  const parts = {
    log,
    world,
    refusals: { record: (refusal: RefusalRecord) => void refusals.push(refusal) },
    reportBug: (_what: string, cause: unknown) => void bugs.push(cause),
    folded: () => undefined,
  };
  const mailbox = new SessionMailbox(session, parts, { ...arbiterOptions, ...changes });
  const say = (commandId: string, command: SessionCommand) =>
    mailbox.submit({ commandId, command });
  const repeat = (commandId: string, command: SessionCommand) =>
    mailbox.submit({ commandId, command, isRepeat: true });
  return { mailbox, refusals, bugs, say, repeat };
}

async function commitsOf(log: EventLog): Promise<StoredCommit[]> {
  const commits: StoredCommit[] = [];
  for await (const commit of log.read(session)) commits.push(commit);
  return commits;
}

const codeOf = (outcome: Outcome) =>
  outcome.kind === 'refused' || outcome.kind === 'turned-away'
    ? outcome.refusal.code
    : outcome.kind;

describe('a session mailbox', () => {
  it('stores what comes together as one commit, and answers each', async () => {
    const log = memoryLog();
    const { say } = mailboxOn(log);
    await say('open-0001', open);
    await say('listen-01', listen);
    const names = Array.from({ length: 50 }, (_, index) => `leaf-${String(index)}`);
    const outcomes = await Promise.all(names.map((name) => say(`ask-${name}`, asks(name))));

    const commits = await commitsOf(log);
    expect(outcomes.every(({ kind }) => kind === 'accepted')).toBe(true);
    expect(commits.flatMap(({ decisions }) => decisions)).toHaveLength(52);
    expect(commits).toHaveLength(3);
  });

  it('[H9] answers a repeated command as the first time, and stores it once', async () => {
    const log = memoryLog();
    const { say } = mailboxOn(log);
    const first = await say('open-0001', open);
    const again = await say('open-0001', open);
    const elsewhere = await mailboxOn(log).say('open-0001', open);
    expect(again).toEqual(first);
    expect(elsewhere).toEqual(first);
    expect(await commitsOf(log)).toHaveLength(1);
  });

  it('[H9] does not take a refusal back when the session has changed since', async () => {
    const { say, refusals } = mailboxOn(memoryLog());
    const first = await say('ask-early', asks('ada'));
    await say('open-0001', open);
    await say('listen-01', listen);
    expect(codeOf(first)).toBe('WSAECONNREFUSED');
    expect(await say('ask-early', asks('ada'))).toEqual(first);
    expect(refusals.map(({ commandId }) => commandId)).toEqual(['ask-early']);
  });

  it('[H9] does not hand an outcome to another node that uses the same command id', async () => {
    const { say } = mailboxOn(memoryLog());
    await say('open-0001', open);
    await say('listen-01', listen);
    await say('ask-00001', asks('ada'));
    expect(codeOf(await say('ask-00001', asks('eve')))).toBe('WSAEINVAL');
  });

  it('[R55] lets exactly one of many invitations start, in one batch and over two arbiters', async () => {
    const log = memoryLog();
    const [one, other] = [mailboxOn(log), mailboxOn(log)];
    await one.say('open-0001', open);
    const calls = Array.from({ length: 40 }, (_, index) =>
      (index % 2 === 0 ? one : other).say(
        `invite-${String(index)}`,
        invites(`leaf-${String(index)}`),
      ),
    );
    const codes = (await Promise.all(calls)).map(codeOf);
    expect(codes.filter((code) => code === 'accepted')).toHaveLength(1);
    expect(codes.filter((code) => code === 'WSAEALREADY')).toHaveLength(39);
  });

  it('records each refusal with the state that it was based on', async () => {
    const { say, refusals } = mailboxOn(memoryLog());
    await say('open-0001', open);
    await Promise.all([say('invite-01', invites('ada')), say('invite-02', invites('bob'))]);
    await say('invite-03', invites('eve'));
    expect(refusals).toMatchObject([
      { commandId: 'invite-02', basedOn: { revision: 1, decisions: 1 }, rule: 'R50' },
      { commandId: 'invite-03', basedOn: { revision: 2, decisions: 0 }, rule: 'R50' },
    ]);
  });

  it('[R58] refuses on the latest state, though another arbiter wrote it', async () => {
    const log = memoryLog();
    const [one, other] = [mailboxOn(log), mailboxOn(log)];
    await one.say('open-0001', open);
    await one.say('invite-01', invites('ada'));
    expect(codeOf(await other.say('invite-02', invites('bob')))).toBe('WSAEALREADY');
    await one.say('cancel-01', { type: 'CloseSocket', socket: socket('root', '2') });
    expect(codeOf(await other.say('invite-03', invites('bob')))).toBe('accepted');
    await one.say('cancel-02', { type: 'CloseSocket', socket: socket('root', '2') });
    await one.say('close-001', { type: 'CloseSocket', socket: root });
    expect(codeOf(await other.say('invite-04', invites('bob')))).toBe('WSAENOTSOCK');
  });

  it.each(['answer', 'message'] as const)(
    '[H12] calls an append whose %s was lost unknown, and is right afterwards',
    async (lost) => {
      const log = new LossyLog(memoryLog());
      const { say, mailbox } = mailboxOn(log);
      await say('open-0001', open);
      log.lose = lost;
      expect(await say('invite-01', invites('ada'))).toEqual({ kind: 'unknown' });

      const recalled = await mailbox.recall('invite-01', 'root');
      expect(recalled?.kind).toBe(lost === 'answer' ? 'accepted' : undefined);
      expect(codeOf(await say('invite-01', invites('ada')))).toBe('accepted');
      const decided = (await commitsOf(log)).flatMap(({ decisions }) => decisions);
      expect(decided.map(({ commandId }) => commandId)).toEqual(['open-0001', 'invite-01']);
    },
  );

  it('[H12] does not refuse what an append under way elsewhere may still record', async () => {
    const log = new LossyLog(memoryLog());
    const [one, other] = [mailboxOn(log), mailboxOn(log)];
    await one.say('open-0001', open);
    log.lose = 'time';
    expect(await one.say('invite-01', invites('ada'))).toEqual({ kind: 'unknown' });

    const unreachable = { ...invites('ada'), leafNode: 'lost' } as const;
    expect(codeOf(await other.repeat('invite-01', unreachable))).toBe('WSAENETUNREACH');
    expect(await log.arrive()).toMatchObject({ kind: 'conflict' });
    expect(codeOf(await one.repeat('invite-01', invites('ada')))).toBe('WSAENETUNREACH');
  });

  it('[H9] finds a repetition in the log, though this arbiter has refused the first try', async () => {
    const log = memoryLog();
    const [one, other] = [mailboxOn(log), mailboxOn(log)];
    expect(codeOf(await one.say('ask-00001', asks('ada')))).toBe('WSAECONNREFUSED');
    await other.say('open-0001', open);
    await other.say('listen-01', listen);
    expect(codeOf(await other.repeat('ask-00001', asks('ada')))).toBe('accepted');
    expect(codeOf(await one.repeat('ask-00001', asks('ada')))).toBe('accepted');
  });

  it('[H9] keeps the refusal of a repetition in the log, where every arbiter finds it', async () => {
    const log = memoryLog();
    const [one, other] = [mailboxOn(log), mailboxOn(log)];
    expect(codeOf(await one.repeat('ask-00001', asks('ada')))).toBe('WSAECONNREFUSED');
    await other.say('open-0001', open);
    await other.say('listen-01', listen);
    expect(codeOf(await other.repeat('ask-00001', asks('ada')))).toBe('WSAECONNREFUSED');
    const [first] = await commitsOf(log);
    expect(first?.decisions).toMatchObject([{ events: [{ type: 'CommandSettled' }] }]);
  });

  it('[H9] keeps in the log that a repetition had nothing to change', async () => {
    const log = new LossyLog(memoryLog());
    const [one, other] = [mailboxOn(log), mailboxOn(log)];
    await one.say('open-0001', open);
    await one.say('listen-01', listen);
    log.lose = 'time';
    const asked = asks('bob');
    const close = { type: 'CloseSocket', socket: socket('bob') } as const;
    await Promise.all([one.say('ask-00001', asked), one.say('close-001', close)]);
    const told = await other.repeat('close-001', close);
    expect(told).toMatchObject({ kind: 'accepted', answer: { changed: false } });
    await log.arrive();
    expect(await one.repeat('close-001', close)).toMatchObject({ answer: { changed: false } });
  });

  it('[H9] keeps it once, however many repetitions wait at the same time', async () => {
    const log = memoryLog();
    const { repeat } = mailboxOn(log);
    const first = repeat('ask-00000', asks('bob')); // The others wait for it, side by side.
    const tries = ['one', 'two', 'three'].map(() => repeat('ask-00001', asks('ada')));
    const outcomes = await Promise.all([first, ...tries]);
    expect(new Set(outcomes.map(codeOf))).toEqual(new Set(['WSAECONNREFUSED']));
    const decided = (await commitsOf(log)).flatMap(({ decisions }) => decisions);
    expect(decided.map(({ commandId }) => commandId)).toEqual(['ask-00000', 'ask-00001']);
  });

  it('[H12] settles what became of a command that is not on record, for good', async () => {
    const log = memoryLog();
    const [one, other] = [mailboxOn(log), mailboxOn(log)];
    await one.say('open-0001', open);
    const settle = { type: 'SettleCommand', node: 'root' } as const;
    const settled = await one.repeat('invite-01', settle);
    expect(settled).toMatchObject({ refusal: { code: 'WSAENETDOWN', rule: 'H12' } });
    expect(codeOf(await other.say('invite-01', invites('ada')))).toBe('WSAENETDOWN');
    expect(codeOf(await other.say('invite-02', invites('ada')))).toBe('accepted');
  });

  it('[H12] stores its refusals while reads of the log may lag', async () => {
    const log = new LossyLog(memoryLog());
    const { say } = mailboxOn(log);
    log.mayLag = true;
    expect(codeOf(await say('ask-00001', asks('ada')))).toBe('WSAECONNREFUSED');
    expect(await commitsOf(log)).toHaveLength(1);
  });

  it('[H13] turns commands away at once when too many wait', async () => {
    const { say } = mailboxOn(memoryLog(), { queueMax: 2, batchMax: 1 });
    const outcomes = await Promise.all(['a', 'b', 'c', 'd'].map((x) => say(`open-000${x}`, open)));
    expect(outcomes.map(codeOf)).toContain('WSAENOBUFS');
  });

  it('[H11] splits a batch that is too large for one commit', async () => {
    const log = memoryLog({ commitBytesMax: 2_000 });
    const { say } = mailboxOn(log);
    await say('open-0001', open);
    await say('listen-01', listen);
    const names = Array.from({ length: 9 }, (_, index) => `leaf-${String(index)}`);
    const outcomes = await Promise.all(names.map((name) => say(`ask-${name}`, asks(name))));
    expect(outcomes.map(codeOf)).toEqual(names.map(() => 'accepted'));
  });

  it('[H14] stops at a log that does not continue what was read', async () => {
    const log = memoryLog();
    const { say } = mailboxOn(log);
    await say('open-0001', open);
    const [first] = await commitsOf(log);
    const forged = { ...first, revision: 3, commitId: 'forged-01' };
    log.plant(session, new TextEncoder().encode(JSON.stringify(forged)));
    expect(codeOf(await say('listen-01', listen))).toBe('WSAENETDOWN');
    expect(codeOf(await say('listen-02', listen))).toBe('WSAENETDOWN');
  });
});
