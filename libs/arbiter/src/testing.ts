import { createHash } from 'node:crypto';
import {
  MemoryLog,
  type AppendOutcome,
  type EventLog,
  type MemoryLogOptions,
  type StoredCommit,
} from '@joinleaf/event-log';
import {
  nodeAddress,
  socketId,
  winsockPolicy,
  type SessionAddress,
  type SessionCommand,
  type SocketId,
} from '@joinleaf/multipoint';
import type { NodeRecord } from '@joinleaf/wire';
import type { ArbiterOptions } from './arbiter.js';
import type { NodeBook, World } from './ports.js';

// For tests: time that passes when it is told to, for several processes that may be paused; a log and a book of nodes in
// memory; and the commands that most of them begin with.

interface Timer {
  at: number;
  readonly everyMs: number | null;
  readonly call: () => void;
}

/** One clock for all processes of a test. */
export class TestTime {
  now = 1_000;
  readonly #processes: TestProcess[] = [];
  #ids = 0;

  process(): TestProcess {
    const process = new TestProcess(this);
    this.#processes.push(process);
    return process;
  }

  newId(): string {
    this.#ids += 1;
    return `id-${String(this.#ids).padStart(6, '0')}`;
  }

  /** Lets time pass in steps of 5 ms; what is begun in one step is done before the next. */
  async pass(ms: number): Promise<void> {
    const until = this.now + ms;
    await settled();
    while (this.now < until) {
      this.now += 5;
      for (const process of this.#processes) process.fire();
      await settled();
    }
  }
}

/** One process: its timers stand still while it is paused, and what is due then happens when it goes on. */
export class TestProcess {
  readonly world: World;
  readonly #timers = new Set<Timer>();
  readonly #waiting: (() => void)[] = [];
  #paused = false;
  #dead = false;

  constructor(time: TestTime) {
    const set = (ms: number, everyMs: number | null, call: () => void) => {
      const timer = { at: time.now + ms, everyMs, call };
      this.#timers.add(timer);
      return () => void this.#timers.delete(timer);
    };
    this.#now = () => time.now;
    this.world = {
      now: () => 1_795_000_000_000 + time.now,
      monotonicMs: () => time.now,
      newId: () => time.newId(),
      sleep: (ms) =>
        new Promise((resolve) => {
          set(ms, null, resolve);
        }),
      after: (ms, call) => set(ms, null, call),
      every: (ms, call) => set(ms, ms, call),
      random: () => 0.5,
    };
  }

  readonly #now: () => number;

  get isAlive(): boolean {
    return !this.#dead;
  }

  pause(): void {
    this.#paused = true;
  }

  goOn(): void {
    this.#paused = false;
    for (const take of this.#waiting.splice(0)) take();
  }

  kill(): void {
    this.#dead = true;
    this.#timers.clear();
  }

  /** Something arrives: taken at once, when it goes on, or never. */
  receive(take: () => void): void {
    if (this.#dead) return;
    if (this.#paused) this.#waiting.push(take);
    else take();
  }

  fire(): void {
    if (this.#paused || this.#dead) return;
    const now = this.#now();
    for (const timer of [...this.#timers]) {
      if (timer.at > now || !this.#timers.has(timer)) continue;
      if (timer.everyMs === null) this.#timers.delete(timer);
      else timer.at = now + timer.everyMs;
      timer.call();
    }
  }
}

/** Waits until no promise is left to continue. */
export const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A world in which nothing has to be waited for, and no timer calls. */
export function timelessWorld(clock: () => number = () => 1_000): World {
  let ids = 0;
  return {
    now: () => 1_700_000_000_000 + clock(),
    monotonicMs: clock,
    newId: () => `id-${String((ids += 1)).padStart(6, '0')}`,
    sleep: async () => undefined,
    after: () => () => undefined,
    every: () => () => undefined,
    random: () => 0.5,
  };
}

export const memoryLogOptions: MemoryLogOptions = {
  sha256: (bytes) => createHash('sha256').update(bytes).digest('hex'),
  now: () => 0,
};

export const memoryLog = (changes: Partial<MemoryLogOptions> = {}): MemoryLog =>
  new MemoryLog({ ...memoryLogOptions, ...changes });

/** A log that counts who reads single sessions of it, and may hold back its acknowledgements. */
export class TestLog extends MemoryLog {
  reads = 0;
  held: Promise<undefined> | undefined = undefined;

  override async append(...call: Parameters<MemoryLog['append']>): Promise<AppendOutcome> {
    const outcome = await super.append(...call);
    await this.held;
    return outcome;
  }

  override read(...call: Parameters<EventLog['read']>): AsyncIterable<StoredCommit> {
    this.reads += 1;
    return super.read(...call);
  }
}

interface Written {
  readonly record: NodeRecord;
  readonly sequence: number;
}

/** JL_NODES in memory. */
export class MemoryBook implements NodeBook {
  mayLag = false;
  readonly records: Written[] = [];

  async last(node: string): Promise<Written | null> {
    return this.records.findLast(({ record }) => record.node === node) ?? null;
  }

  readsMayLag(): boolean {
    return this.mayLag;
  }

  async append(record: NodeRecord, { afterSequence }: { readonly afterSequence: number }) {
    const last = this.records.findLast((each) => each.record.node === record.node);
    if ((last?.sequence ?? 0) !== afterSequence) return { kind: 'conflict' } as const;
    this.records.push({ record, sequence: this.records.length + 1 });
    return { kind: 'ok', sequence: this.records.length } as const;
  }
}

export const arbiterOptions: ArbiterOptions = {
  arbiter: 'arb-a',
  decider: 'multipoint/1',
  batchMax: 128,
  queueMax: 1_000,
  attemptsMax: 8,
  appendDeadlineMs: 1_000,
  sessionsMax: 1_000,
};

export const socket = (node: string, serial = '1'): SocketId =>
  socketId({ node, incarnation: 'run1', serial });
export const root = socket('root');

/** Opens a session that lets everybody in. */
export const open = (
  address: SessionAddress,
): SessionCommand & { readonly type: 'OpenSession' } => ({
  type: 'OpenSession',
  address,
  root,
  control: 'rooted',
  data: 'nonrooted',
  policy: { ...winsockPolicy, admit: 'auto' },
});

export const listen: SessionCommand = { type: 'Listen', root, backlog: 10 };

/** A node asks to join, from its first port. */
export const asks = (node: string): SessionCommand & { readonly type: 'RequestJoin' } => ({
  type: 'RequestJoin',
  caller: socket(node),
  leafAddress: nodeAddress(node, 1),
  flags: 'both',
  callerData: null,
  now: 1_000,
  deadlineMs: null,
});
