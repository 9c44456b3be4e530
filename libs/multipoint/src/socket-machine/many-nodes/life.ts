import type { AdmissionPolicy } from '../../policy.js';
import { agree } from './agreement.js';
import { same } from './hold.js';
import { probe } from './probe.js';
import type { CallOf, ProgramCall } from './program-call.js';
import { Reference } from './reference.js';
import { group, names, play, policies, type Act } from './script.js';
import { World } from './world.js';

const root = { verb: 'create', entry: 'mp-conference', flags: ['c_root', 'd_leaf'] } as const;
const rootedRoot = { verb: 'create', entry: 'mp-rooted', flags: ['c_root', 'd_root'] } as const;

/** A life, by numbers. */
export interface Script {
  /** Which policy ada's session has. */
  readonly policy: number;
  /** Descriptors of a node at most. */
  readonly room: number;
  readonly isWatched: boolean;
  /** Whether the data of ada's session has a root. */
  readonly isRooted: boolean;
  readonly acts: readonly Act[];
}

export interface Opening {
  /** That of ada's session. */
  readonly policy?: Partial<AdmissionPolicy>;
  /** Descriptors of a node at most. */
  readonly room?: number;
  /** Whether events are registered from the beginning. */
  readonly isWatched?: boolean;
  /** Whether the data of ada's session has a root. */
  readonly isRooted?: boolean;
}

/**
 * A life of three nodes: ada keeps a session, bob can be invited, cy has a socket that may ask and a session
 * of its own.
 */
export class Life {
  readonly reference = new Reference();
  readonly world: World;

  constructor({ policy = {}, room = 12, isWatched = false, isRooted = false }: Opening = {}) {
    this.world = new World(names, this.reference, room);
    this.world.openGroup(group);
    this.does('bob', { verb: 'create', entry: 'mp-conference', flags: ['c_leaf', 'd_leaf'] });
    this.does('bob', { verb: 'bind', socket: 1, address: 'bob:1' });
    this.does('bob', { verb: 'listen', socket: 1, backlog: 1 });
    this.does('cy', { verb: 'create', entry: 'mp-conference', flags: ['c_leaf', 'd_leaf'] });
    this.does('ada', isRooted ? rootedRoot : root).keeps('ada', 1, { address: 'conf-7', policy });
    this.does('cy', root).keeps('cy', 2, { address: 'conf-8' });
    for (const node of isWatched ? names : []) this.watches(node, 1);
    this.arrives();
  }

  /** A root opens its session, and listens. */
  keeps(node: string, socket: number, bind: Pick<CallOf<'bind'>, 'address' | 'policy'>): this {
    this.does(node, { verb: 'bind', socket, ...bind });
    return this.does(node, { verb: 'listen', socket, backlog: 2 });
  }

  watches(node: string, socket: number): this {
    const mask = ['FD_ACCEPT', 'FD_CONNECT', 'FD_CLOSE'] as const;
    return this.does(node, { verb: 'select', socket, object: socket, mask });
  }

  /** A program calls; what it is answered is compared with the reference. */
  does(node: string, call: ProgramCall): this {
    this.world.call(this.world.node(node), call);
    return this;
  }

  /** The arbiter takes the oldest question of a node, or a later one. */
  asks(node: string, at = 0): this {
    this.world.decideNext(this.world.node(node), at);
    return this;
  }

  /** The oldest answer that a node waits for arrives, or a later one. */
  isAnswered(node: string, at = 0): this {
    this.world.replyNext(this.world.node(node), at);
    return this;
  }

  /** The next of a node's news arrives. */
  isTold(node: string): this {
    this.world.newsNext(this.world.node(node));
    return this;
  }

  /** The next message of somebody's arrives at a node. */
  getsMessage(node: string): this {
    this.world.messageNext(this.world.node(node), 0);
    return this;
  }

  /** Everything under way arrives. */
  arrives(): this {
    this.world.settle();
    return this;
  }

  play(act: Act): this {
    play(this.world, this.reference, act);
    return this;
  }

  /** Every call on every socket would be answered as the reference says. */
  probe(): this {
    for (const node of this.world.nodes) probe(node, this.reference.hand(node));
    return this;
  }

  /** Programs read all that there is, and those that are in have missed nothing. */
  readsAll(): this {
    this.arrives();
    for (const node of this.world.nodes) {
      for (const socket of [...this.reference.hand(node).held.keys()]) {
        while (this.world.call(node, { verb: 'receive', socket }).ok);
      }
    }
    this.reference.mail.nothingMissed(
      [...this.reference.hands.values()].filter(({ lost }) => !lost),
    );
    return this;
  }

  /** Nothing is under way any more: programs and the log are of one mind. */
  agrees(): this {
    this.arrives();
    agree(this.world, this.reference);
    return this;
  }

  /** Whoever closes everything is owed nothing, and leaves nothing behind. */
  closesAll(): this {
    for (const node of this.world.nodes) {
      for (const socket of [...this.reference.hand(node).held.keys()]) {
        this.does(node.name, { verb: 'close', socket });
      }
    }
    this.agrees();
    // Nobody comes for a session that has lost its root (H22).
    this.world.tick(60_000);
    for (const { state } of this.world.nodes) {
      const left = [state.sockets, state.ports, state.links].map(({ size }) => size);
      same(left, [0, 0, 0], 'R140: what is closed leaves nothing behind');
      if (state.lost === null) same(state.calls.size, 0, 'every question was answered');
    }
    for (const [address, session] of this.world.sessions) {
      const members = session.phase === 'open' ? session.members.size : 0;
      same(members, 0, `R136: nobody is left in ${address}`);
      if (address !== group) same(session.phase === 'open', false, `R131: ${address} is over`);
    }
    return this;
  }

  /** The whole of a drawn life; a failure tells its story. */
  static of({ policy, acts, ...more }: Script): Life {
    const life = new Life({ policy: policies[policy % policies.length] ?? {}, ...more });
    try {
      for (const act of acts) life.play(act);
      return life.probe().agrees().probe().readsAll().closesAll().probe();
    } catch (error) {
      const story = life.reference.story.join('\n');
      throw new Error(`${String(error)}\n${story}`, { cause: error });
    }
  }
}
