import { randomUUID } from 'node:crypto';
import {
  emptyHead,
  headOf,
  type ChainedCommit,
  type Decided,
  type EventLog,
} from '@joinleaf/event-log';
import {
  decide,
  evolve,
  nodeAddress,
  socketId,
  unopened,
  winsockPolicy,
  type AdmissionPolicy,
  type JoinId,
  type Session,
  type SessionAddress,
  type SessionCommand,
  type SocketId,
} from '@joinleaf/multipoint';

// For tests: sessions that write real commits, decided by the real law, with nobody else around.

export const socketOf = (node: string, serial: number | string): SocketId =>
  socketId({ node, incarnation: 'run1', serial: String(serial) });

/** One session, kept by socket 1 of its root's node. */
export class ScriptedSession {
  #session: Session = unopened;
  #head = emptyHead;
  #links = 1;
  readonly root: SocketId;

  constructor(
    private readonly log: EventLog,
    readonly address: SessionAddress,
    readonly rootNode = 'ada',
  ) {
    this.root = socketOf(rootNode, 1);
  }

  /** Decides these commands in order, and stores them as one commit. */
  async commit(...commands: readonly SessionCommand[]): Promise<ChainedCommit> {
    const decisions = commands.map((command) => this.#decide(command));
    const draft = {
      commitId: randomUUID(),
      arbiter: 'test',
      decider: 'multipoint/1',
      decidedAt: Date.now(),
      decisions,
    };
    let appended = await this.log.append(this.address, this.#head, draft);
    while (appended.kind === 'unknown' || appended.kind === 'unavailable') {
      await new Promise((resolve) => setTimeout(resolve, 20));
      appended = await this.log.append(this.address, this.#head, draft);
    }
    if (appended.kind !== 'ok') throw new Error(`append: ${appended.kind}`);
    this.#head = headOf(appended.commit);
    return appended.commit;
  }

  open(policy: Partial<AdmissionPolicy> = {}): SessionCommand {
    const { address, root } = this;
    const planes = { control: 'rooted', data: 'nonrooted' } as const;
    return {
      type: 'OpenSession',
      address,
      root,
      ...planes,
      policy: { ...winsockPolicy, ...policy },
    };
  }

  listen(backlog = 1_000): SessionCommand {
    return { type: 'Listen', root: this.root, backlog };
  }

  /** Invites port 1 of a node. */
  invite(node: string, callerData: string | null = null): SessionCommand {
    this.#links += 1;
    return {
      type: 'InviteLeaf',
      ...joining,
      callerData,
      caller: this.root,
      leafAddress: nodeAddress(node, 1),
      link: socketOf(this.rootNode, this.#links),
      leafNode: 'up',
    };
  }

  /** A node asks to be a leaf, with a socket of this number. */
  ask(node: string, serial = 1, callerData: string | null = null): SessionCommand {
    const caller = socketOf(node, serial);
    const leafAddress = nodeAddress(node, serial);
    return { type: 'RequestJoin', ...joining, callerData, caller, leafAddress };
  }

  /** The invited node accepts, with a new socket of this number. */
  accept(join: JoinId, node: string, serial = 2): SessionCommand {
    const acceptor = socketOf(node, 9);
    const accepted = socketOf(node, serial);
    return { type: 'AcceptJoin', join, acceptor, accepted, calleeData: null };
  }

  close(socket: SocketId = this.root): SessionCommand {
    return { type: 'CloseSocket', socket };
  }

  #decide(command: SessionCommand): Decided {
    const ruling = decide(command, this.#session);
    if (!ruling.ok) throw new Error(`${command.type}: ${ruling.error.code} ${ruling.error.rule}`);
    const { rule, events } = ruling.value;
    this.#session = events.reduce(evolve, this.#session);
    return { commandId: randomUUID(), command, rule, events };
  }
}

const joining = { flags: 'both', callerData: null, now: 1_000, deadlineMs: 60_000 } as const;
