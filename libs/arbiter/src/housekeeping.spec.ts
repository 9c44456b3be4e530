import { beforeEach, describe, expect, it } from '@jest/globals';
import { type MemoryLog, type AppendOutcome, type EventLog } from '@joinleaf/event-log';
import {
  winsockPolicy,
  type LossEvidence,
  type SessionAddress,
  type SessionCommand,
  type SessionEvent,
} from '@joinleaf/multipoint';
import { Arbiter } from './arbiter.js';
import { Housekeeping } from './housekeeping.js';
import {
  arbiterOptions,
  asks as asksFor,
  memoryLog,
  open as opens,
  settled,
  socket,
  TestTime,
} from './testing.js';

const at = (text: string) => text as SessionAddress;
const evidence: LossEvidence = { kind: 'silent', silentMs: 2_001, boundMs: 2_000 };

/** A log whose appends wait for as long as a broker would need, and that knows how many wait at once. */
class SlowLog {
  waiting = 0;
  waitingMax = 0;
  readonly log: EventLog;

  constructor(
    inner: MemoryLog,
    private readonly sleep: (ms: number) => Promise<void>,
  ) {
    this.log = Object.assign(Object.create(inner) as EventLog, {
      append: (...call: Parameters<EventLog['append']>) => this.#append(inner, call),
      read: inner.read.bind(inner),
      follow: inner.follow.bind(inner),
      readsMayLag: () => false,
    });
  }

  async #append(inner: MemoryLog, call: Parameters<EventLog['append']>): Promise<AppendOutcome> {
    this.waiting += 1;
    this.waitingMax = Math.max(this.waitingMax, this.waiting);
    await this.sleep(10);
    this.waiting -= 1;
    const [session, head, draft] = call;
    return inner.append(session, head, draft);
  }
}

let time: TestTime;
let shared: MemoryLog;

beforeEach(() => {
  time = new TestTime();
  shared = memoryLog({ now: () => time.now });
});

/** An arbiter with what it does unasked, looking after what it owns ten times a second. */
function start(name: string, owns: (session: SessionAddress) => boolean = () => true) {
  const { world } = time.process();
  const slow = new SlowLog(shared, (ms) => world.sleep(ms));
  const bugs: unknown[] = [];
  const named: string[] = [];
  const reportBug = (what: string) => bugs.push(what);
  const arbiter = new Arbiter(
    {
      log: slow.log,
      refusals: { record: () => undefined },
      world,
      reportBug,
      folded: (commit) => {
        housekeeping.hear(commit);
      },
    },
    { ...arbiterOptions, arbiter: name, queueMax: 4_096, sessionsMax: 5_000 },
  );
  const housekeeping: Housekeeping = new Housekeeping({
    log: slow.log,
    arbiter,
    world,
    reportBug,
    unreadable: (sequence, reason) => named.push(`${String(sequence)} ${reason}`),
    owns,
  });
  const reading = new AbortController();
  void housekeeping.follow(reading.signal, () => undefined);
  const stop = world.every(100, () => {
    void housekeeping.expire();
    void housekeeping.takeOut();
  });
  const end = () => {
    reading.abort();
  };
  const submit = (session: SessionAddress, command: SessionCommand) =>
    arbiter.submit(session, { commandId: time.newId(), command });
  return { housekeeping, submit, slow, world, bugs, named, stop, end };
}

type Started = ReturnType<typeof start>;

/** Opens a session and listens, in one commit. */
async function open(by: Started, session: SessionAddress, root: string): Promise<void> {
  const opening = by.submit(session, {
    ...opens(session),
    root: socket(root),
    policy: winsockPolicy,
  });
  const listening = by.submit(session, { type: 'Listen', root: socket(root), backlog: 100 });
  await time.pass(50);
  await Promise.all([opening, listening]);
}

const asks = (node: string, now: number, deadlineMs: number): SessionCommand => ({
  ...asksFor(node),
  now,
  deadlineMs,
});

async function eventsOf(
  session: SessionAddress,
): Promise<readonly { event: SessionEvent; by: string }[]> {
  const events = [];
  for await (const commit of shared.read(session, { afterSequence: 0 })) {
    for (const { events: each } of commit.decisions) {
      events.push(...each.map((event) => ({ event, by: commit.arbiter })));
    }
  }
  return events;
}

const endsOf = async (session: SessionAddress) =>
  (await eventsOf(session)).filter(({ event }) => event.type === 'JoinFailed');

describe('a commit that does not follow the one before', () => {
  const plant = (session: SessionAddress, changes: object) => {
    const commit = {
      ...{ schema: 1, session, revision: 2, prevHash: 'f'.repeat(64), commitId: 'planted-1' },
      ...{ arbiter: 'x', decider: 'law/1', decidedAt: 0, decisions: [], ...changes },
    };
    return shared.plant(session, new TextEncoder().encode(JSON.stringify(commit))).sequence;
  };

  it('is named once, and its session alone is given up', async () => {
    const one = start('a');
    await open(one, at('conf-7'), 'root');
    await open(one, at('lobby'), 'root');
    const sequence = plant(at('conf-7'), {});
    plant(at('conf-7'), { revision: 3, commitId: 'planted-2' });
    await time.pass(100);
    expect(one.named).toEqual([
      expect.stringMatching(new RegExp(`^${String(sequence)} broken-hash at revision 2: `)),
    ]);
    const [damaged, sound] = ['conf-7', 'lobby'].map((name) =>
      one.submit(at(name), asks('ada', one.world.now(), 500)),
    );
    await time.pass(1_000);
    expect(await damaged).toMatchObject({ kind: 'turned-away', refusal: { rule: 'H14' } });
    expect(await sound).toMatchObject({ kind: 'accepted' });
    expect(await endsOf(at('lobby'))).toHaveLength(1);
  });

  it('is not what we wrote ourselves and hear again', async () => {
    const [one, other] = [start('a'), start('b')];
    await open(one, at('conf-7'), 'root');
    await time.pass(100);
    expect([one.named, other.named]).toEqual([[], []]);
  });
});

describe('deadlines', () => {
  it('are kept by the arbiter that owns the session, and by nobody else', async () => {
    const [one, other] = [start('a', () => true), start('b', () => false)];
    await open(one, at('conf-7'), 'root');
    const asked = one.submit(at('conf-7'), asks('ada', one.world.now(), 2_000));
    await time.pass(1_950);
    await asked;
    expect(await endsOf(at('conf-7'))).toEqual([]);
    await time.pass(300);
    expect(await endsOf(at('conf-7'))).toMatchObject([{ by: 'a' }]);
    await time.pass(3_000);
    expect(await endsOf(at('conf-7'))).toHaveLength(1);
    expect(other.slow.waitingMax).toBe(0);
  });

  it('are kept by another one a second later, when the owner does not', async () => {
    const [dead, other] = [start('a'), start('b', () => false)];
    await open(dead, at('conf-7'), 'root');
    const asked = dead.submit(at('conf-7'), asks('ada', dead.world.now(), 2_000));
    await time.pass(100);
    await asked;
    dead.stop();
    await time.pass(2_700);
    expect(await endsOf(at('conf-7'))).toEqual([]);
    await time.pass(500);
    expect(await endsOf(at('conf-7'))).toMatchObject([{ by: 'b' }]);
    expect(other.bugs).toEqual([]);
  });

  it('are kept at once, and once, by who takes over', async () => {
    let owner = 'a';
    const dead = start('a', () => owner === 'a');
    const other = start('b', () => owner === 'b');
    await open(dead, at('conf-7'), 'root');
    const asked = dead.submit(at('conf-7'), asks('ada', dead.world.now(), 2_000));
    await time.pass(100);
    await asked;
    dead.stop();
    await time.pass(2_100);
    expect(await endsOf(at('conf-7'))).toEqual([]);
    owner = 'b';
    other.housekeeping.ownershipChanged();
    await time.pass(200);
    expect(await endsOf(at('conf-7'))).toMatchObject([{ by: 'b' }]);
    await time.pass(3_000);
    expect(await endsOf(at('conf-7'))).toHaveLength(1);
  });
});

describe('lost nodes', () => {
  it('are taken out of all their sessions, so many at a time, while other sessions go on', async () => {
    const one = start('a');
    const nodes = Array.from({ length: 1_000 }, (_, index) => `node-${String(index)}`);
    const opening = nodes.map((node) => open(one, at(`room-${node}`), node));
    await Promise.all(opening);
    await open(one, at('conf-7'), 'root');
    one.slow.waitingMax = 0;

    for (const node of nodes) {
      const run = { node, incarnation: 'run1' };
      const silence = { silentMs: 2_001, boundMs: 2_000, at: 0 };
      const record = { schema: 1, type: 'NodeLost', ...run, ...silence } as const;
      one.housekeeping.lose({ ...run, supersededBy: null, record }, evidence);
    }
    await settled();
    expect(one.housekeeping.backlog).toBe(1_000);
    const asked = one.submit(at('conf-7'), asks('ada', one.world.now(), 60_000));
    await time.pass(20);
    expect(one.housekeeping.backlog).toBeGreaterThan(500);
    expect(await asked).toMatchObject({ kind: 'accepted' });
    await time.pass(1_000);
    expect(one.housekeeping.backlog).toBe(0);
    expect(one.slow.waitingMax).toBeLessThanOrEqual(65);
    for (const node of nodes) {
      const ends = (await eventsOf(at(`room-${node}`))).filter(
        ({ event }) => event.type === 'SessionClosed',
      );
      expect(ends).toHaveLength(1);
    }
    expect(one.bugs).toEqual([]);
  }, 60_000);

  it('are left to the owner of the session, and taken out a second later if it does not', async () => {
    const [one, other] = [start('a'), start('b', () => false)];
    await open(one, at('conf-7'), 'root');
    one.stop();
    const run = { node: 'root', incarnation: 'run1' };
    const record = { schema: 1, type: 'NodeStopped', ...run, at: 0 } as const;
    other.housekeeping.lose({ ...run, supersededBy: null, record }, { kind: 'stopped' });
    await time.pass(900);
    expect(other.housekeeping.backlog).toBe(1);
    await time.pass(500);
    const closed = (await eventsOf(at('conf-7'))).filter(
      ({ event }) => event.type === 'SessionClosed',
    );
    expect(closed).toMatchObject([{ by: 'b' }]);
    expect(other.housekeeping.backlog).toBe(0);
  });
});
