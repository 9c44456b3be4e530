import { emptyHead, foldDecisions, sealCommit, type Head } from '@joinleaf/event-log';
import { sha256 } from '@joinleaf/jetstream-log';
import {
  decide,
  nodeAddress,
  socketId,
  unopened,
  winsockPolicy,
  type Session,
  type SessionAddress,
  type SessionCommand,
} from '@joinleaf/multipoint';
import { encode } from '@joinleaf/wire';

const startAt = 1_700_000_000_000;
const backlog = 100;
const portMax = 60_000;

/**
 * The life of one session that admits at once, commit by commit as an arbiter would have written it: one member comes and, when there
 * are `membersMax`, the oldest one goes. One decision in each commit, which is what costs a reader most.
 */
export class Life {
  readonly #root = socketId({ node: 'ada', incarnation: 'bench', serial: '1' });
  #session: Session = unopened;
  #head: Head = emptyHead;
  #joins = 0;
  #left = 0;

  constructor(
    readonly address: SessionAddress,
    private readonly membersMax: number,
  ) {}

  /** What became of it so far: a plain fold of what was decided. */
  get session(): Session {
    return this.#session;
  }

  get revision(): number {
    return this.#head.revision;
  }

  /** The bytes of the next commit. */
  next(): Uint8Array {
    const command = this.#command();
    const decision = decide(command, this.#session);
    if (!decision.ok) throw new Error(`refused by ${decision.error.rule}`);
    const id = `${this.address}-${String(this.#head.revision + 1).padStart(8, '0')}`;
    const decided = { commandId: id, command, ...decision.value };
    const commit = sealCommit(this.address, this.#head, {
      commitId: id,
      arbiter: 'bench',
      decider: 'multipoint/1',
      decidedAt: startAt + this.#head.revision,
      decisions: [decided],
    });
    const bytes = encode(commit);
    this.#session = foldDecisions(this.#session, [decided]);
    const { revision } = commit;
    this.#head = { revision, hash: sha256(bytes), sequence: revision };
    return bytes;
  }

  #command(): SessionCommand {
    const root = this.#root;
    if (this.#head.revision === 0) {
      const policy = {
        ...winsockPolicy,
        admit: 'auto',
        identity: { kind: 'allow', max: 1_000 },
      } as const;
      const planes = { control: 'rooted', data: 'rooted' } as const;
      return { type: 'OpenSession', address: this.address, root, ...planes, policy };
    }
    if (this.#head.revision === 1) return { type: 'Listen', root, backlog };
    if (this.#joins - this.#left > this.membersMax) {
      this.#left += 1;
      return { type: 'CloseSocket', socket: this.#leaf(this.#left) };
    }
    this.#joins += 1;
    return {
      type: 'RequestJoin',
      caller: this.#leaf(this.#joins),
      leafAddress: nodeAddress(nodeOf(this.#joins), (this.#joins % portMax) + 1),
      flags: 'both',
      callerData: null,
      now: startAt + this.#head.revision,
      deadlineMs: null,
    };
  }

  #leaf(number: number) {
    return socketId({ node: nodeOf(number), incarnation: 'bench', serial: String(number) });
  }
}

const nodeOf = (number: number): string => `node-${String(number % 5_000)}`;
