import { setTimeout as delay } from 'node:timers/promises';
import { emptyHead, headOf, type Decided, type Head } from '@joinleaf/event-log';
import type { JetStreamLog } from '@joinleaf/jetstream-log';
import {
  decide,
  evolve,
  nodeAddress,
  socketId,
  unopened,
  winsockPolicy,
  type AdmissionPolicy,
  type Session,
  type SessionAddress,
  type SessionCommand,
  type SocketId,
} from '@joinleaf/multipoint';

// Sessions that were there before anybody measures, decided by the law itself and put into the log as an arbiter would: a
// million of them would take too long to open one by one.

const policy: AdmissionPolicy = {
  ...winsockPolicy,
  admit: 'auto',
  identity: { kind: 'allow', max: 1_000 },
};
const backlog = 4_096;
const appendsAtOnce = 512;
/** Roots keep some sessions each. */
const sessionsPerRoot = 100;
const decisionsPerCommit = 128;

/** The session with this number, and its root. */
export const seededSession = (number: number): SessionAddress =>
  `seed-${String(number)}` as SessionAddress;

function rootOf(number: number): SocketId {
  const node = `root-${String(Math.floor(number / sessionsPerRoot))}`;
  return socketId({ node, incarnation: 'seeded', serial: String((number % sessionsPerRoot) + 1) });
}

/** Opens sessions by number, from `from` up to but without `to`; each listens. */
export async function seedSessions(log: JetStreamLog, from: number, to: number): Promise<void> {
  let next = from;
  const worker = async () => {
    for (let number = next; number < to; number = next) {
      next += 1;
      await new Seed(log, seededSession(number), rootOf(number)).open();
    }
  };
  await Promise.all(Array.from({ length: appendsAtOnce }, worker));
}

/** A session that grows in the log without an arbiter. */
export class Seed {
  #state: Session = unopened;
  #head: Head = emptyHead;
  #joins = 0;
  #commands = 0;
  #waiting: Decided[] = [];

  constructor(
    private readonly log: JetStreamLog,
    readonly session: SessionAddress,
    private readonly root: SocketId,
  ) {}

  async open(): Promise<void> {
    const { session: address, root } = this;
    this.#take({
      type: 'OpenSession',
      address,
      root,
      control: 'rooted',
      data: 'nonrooted',
      policy,
    });
    this.#take({ type: 'Listen', root, backlog });
    await this.#append();
  }

  /** Lets so many leaves in, many of them in one commit. */
  async join(count: number): Promise<void> {
    for (let i = 0; i < count; i += 1) {
      this.#join();
      if (this.#waiting.length >= decisionsPerCommit) await this.#append();
    }
    await this.#append();
  }

  /** Adds so many commits: somebody comes, and goes again. */
  async churn(commits: number): Promise<void> {
    for (let i = 0; i < commits; i += 2) {
      const leaf = this.#join();
      await this.#append();
      this.#take({ type: 'CloseSocket', socket: leaf });
      await this.#append();
    }
  }

  #join(): SocketId {
    this.#joins += 1;
    const node = `seeded-${String(this.#joins % 1_000)}`;
    const caller = socketId({ node, incarnation: 'seeded', serial: String(this.#joins) });
    const leafAddress = nodeAddress(node, (this.#joins % 65_535) + 1);
    const asked = { flags: 'both', callerData: null, now: Date.now(), deadlineMs: null } as const;
    this.#take({ type: 'RequestJoin', caller, leafAddress, ...asked });
    return caller;
  }

  #take(command: SessionCommand): void {
    const decision = decide(command, this.#state);
    if (!decision.ok) throw new Error(`${command.type} was refused: ${decision.error.code}`);
    const { rule, events } = decision.value;
    this.#commands += 1;
    const commandId = `${this.session}-${String(this.#commands).padStart(8, '0')}`;
    this.#waiting.push({ commandId, command, rule, events });
    this.#state = events.reduce(evolve, this.#state);
  }

  async #append(): Promise<void> {
    const decisions = this.#waiting;
    if (decisions.length === 0) return;
    this.#waiting = [];
    const commitId = `${this.session}-commit-${String(this.#head.revision + 1)}`;
    const draft = { commitId, arbiter: 'seed', decider: 'multipoint/1', decidedAt: Date.now() };
    for (;;) {
      const outcome = await this.log.append(this.session, this.#head, { ...draft, decisions });
      if (outcome.kind === 'ok') {
        this.#head = headOf(outcome.commit);
        return;
      }
      if (outcome.kind === 'conflict' || outcome.kind === 'refused')
        throw new Error(`${this.session} could not be seeded: ${outcome.kind}`);
      await delay(100);
    }
  }
}
