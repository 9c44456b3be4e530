import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { NodeAddress, SessionAddress } from '../address.js';
import type { JoinId } from '../event.js';
import { err, ok } from '../result.js';
import { socketId } from '../socket-id.js';
import { acceptWaiting, deferWaiting, rejectWaiting } from './accept.js';
import { bindSocket } from './bind.js';
import { closeSocket, shutdownSocket } from './close.js';
import { createSocket } from './create.js';
import type { CallId, Descriptor, Effect } from './effect.js';
import { hear, hearWaiting, type Told } from './hear.js';
import { joinLeaf } from './join.js';
import { listenAt } from './listen.js';
import { loseNode } from './lose.js';
import { nameOf, noSockets, socketAt, type NodeSockets } from './node-sockets.js';
import { protocols } from './protocol.js';
import { giveUpCall, hearReply } from './reply.js';
import { enumNetworkEvents, eventSelect } from './select.js';
import { joiningOf, pendingAt } from './socket.js';
import type { Step } from './step.js';

// Whatever a program calls and a broker tells, in whatever order, these sentences stay true.

const sessions = ['conf-7', 'conf-8', '@news'] as SessionAddress[];
const endpoints = ['ada:1', 'ada:2', 'bob:1', 'ada:0'] as NodeAddress[];
const plane = { incarnation: 1, data: 'nonrooted', root: null } as const;

type Send = Extract<Effect, { type: 'send' }>;

const isRoot = (state: NodeSockets, descriptor: Descriptor): boolean =>
  socketAt(state, descriptor)?.kind === 'root';

function hold(is: boolean, sentence: string): void {
  if (!is) throw new Error(`not true: ${sentence}`);
}

/** A program, an arbiter without memory and a broker that repeats itself, played by numbers. */
class Life {
  state: NodeSockets = noSockets({
    node: 'ada',
    incarnation: 'run1',
    descriptorMax: 6,
    connectDataMax: 8,
  });
  readonly unanswered: Send[] = [];
  readonly told: Told[] = [];
  readonly outstanding = new Map<CallId, Descriptor>();
  readonly everMade = new Set<Descriptor>();
  readonly closedAt = new Set<Descriptor>();
  /** What this life went through, to know that the script reaches it. */
  readonly met: Set<string>;
  joins = 0;

  constructor(met: Set<string>) {
    this.met = met;
  }

  step<T>(step: Step<T>): void {
    // An accept that finds nothing, or what is over, has re-enabled FD_ACCEPT and forgets what it spoke of.
    const code = step.result.ok ? null : step.result.error.code;
    if (code !== null && code !== 'WSAEWOULDBLOCK' && code !== 'WSAEACCES') {
      hold(step.state === this.state, 'a refusal changes nothing');
    }
    const asks = step.effects.some(({ type }) => type !== 'signal');
    if (code !== null) hold(!asks, 'a refusal asks for nothing');
    this.take(step.state, step.effects);
  }

  take(state: NodeSockets, effects: readonly Effect[]): void {
    for (const key of state.sockets.keys()) {
      if (!this.state.sockets.has(key)) {
        hold(!this.everMade.has(Number(key)), 'descriptors are unique');
        this.everMade.add(Number(key));
      }
    }
    this.state = state;
    for (const effect of effects) this.#note(effect);
    this.check();
  }

  #note(effect: Effect): void {
    if (effect.type === 'send') {
      this.unanswered.push(effect);
      if (effect.command.verb !== 'join') return;
      this.outstanding.set(effect.call, Number(effect.command.socket));
      if (this.outstanding.size > 1) this.met.add('two joins at once');
    } else if (effect.type === 'ended') {
      // Exactly one end per join that was sent.
      hold(this.outstanding.delete(effect.call), 'a join ends once');
      const { end } = effect;
      this.met.add(
        `join: ${end.ok ? (end.value.link === null ? 'ok' : 'ok with link') : end.error.rule}`,
      );
    } else if (effect.type === 'heard') {
      this.met.add(effect.what.kind);
      if (effect.what.kind !== 'FD_CLOSE') return;
      hold(!this.closedAt.has(effect.socket), 'FD_CLOSE comes once per socket');
      this.closedAt.add(effect.socket);
    }
  }

  check(): void {
    const { state } = this;
    hold(state.sockets.size <= state.descriptorMax, 'the table is bounded');
    const leaves = [...this.outstanding.values()].filter((caller) => !isRoot(state, caller));
    hold(new Set(leaves).size === leaves.length, 'one pending join per c_leaf');
    for (const [call, caller] of this.outstanding) {
      const socket = socketAt(state, caller);
      const pending = socket?.kind === 'root' ? pendingAt(socket) : socket && [joiningOf(socket)];
      hold(
        pending?.some((one) => one?.call === call) ?? false,
        'a pending join is known to its socket',
      );
    }
    for (const [key, socket] of state.sockets) {
      hold(key === String(socket.descriptor), 'a socket is kept under its descriptor');
      const joining = joiningOf(socket);
      if (joining !== null) {
        hold(
          this.outstanding.get(joining.call) === socket.descriptor,
          'a socket waits for a join that was sent',
        );
      }
      if (joining?.link != null) this.#cannotBeUsed(joining.link);
    }
    for (const [port, holders] of state.ports) {
      hold(holders.length === 1, 'a port has one holder where nobody shares it');
      const socket = socketAt(state, holders[0] ?? 0);
      hold(
        (socket && 'local' in socket && socket.local) === `ada:${port}`,
        'a port has its holder',
      );
    }
    for (const [key, holder] of state.links) {
      const link = socketAt(state, holder);
      hold(
        (link?.kind === 'link' && `${link.session}/${link.serial}`) === key,
        'a link is found by name',
      );
    }
  }

  // Before its join succeeds, what JoinLeaf returned is good for close alone.
  #cannotBeUsed(socket: Descriptor): void {
    const asking = { flags: 'both', callerData: null, deadlineMs: null } as const;
    for (const step of [
      joinLeaf(this.state, { socket, name: 'bob:1', ...asking }),
      listenAt(this.state, { socket, backlog: 1 }),
      bindSocket(this.state, { socket, address: 'ada:9' }),
      eventSelect(this.state, { socket, registration: null }),
      shutdownSocket(this.state, { socket, how: 'both' }),
    ]) {
      const code = step.result.ok ? null : step.result.error.code;
      const refused = this.state.lost === null ? code === 'WSAENOTCONN' : code !== null;
      hold(refused, 'a pending link is good for close alone');
    }
  }
}

const pick = <T>(from: readonly T[], at: number): T => {
  const found = from[at % from.length];
  if (found === undefined) throw new Error('nothing to pick from');
  return found;
};

type Act = (life: Life, a: number, b: number) => void;

const roles = [
  [protocols['mp-conference'], ['c_root', 'd_leaf']],
  [protocols['mp-conference'], ['c_leaf', 'd_leaf']],
  [protocols['mp-group'], ['c_leaf', 'd_leaf']],
  [protocols['mp-rooted'], []],
] as const;

const acts: Record<string, Act> = {
  create: (life, a) => {
    const [protocol, flags] = pick(roles, a);
    life.step(createSocket(life.state, protocol, flags));
  },
  bind: (life, socket, b) => {
    const address = pick([...sessions, ...endpoints], b);
    life.step(bindSocket(life.state, { socket, address }));
  },
  listen: (life, socket, b) => {
    life.step(listenAt(life.state, { socket, backlog: b - 1 }));
  },
  join: (life, socket, b) => {
    const name = pick([...sessions, 'bob:1', 'eve:2'], b);
    const asking = { flags: 'both', callerData: null, deadlineMs: null } as const;
    life.step(joinLeaf(life.state, { socket, name, ...asking }));
  },
  accept: (life, socket) => {
    life.step(acceptWaiting(life.state, { socket, calleeData: null }));
  },
  reject: (life, socket) => {
    life.step(rejectWaiting(life.state, { socket }));
  },
  defer: (life, socket) => {
    life.step(deferWaiting(life.state, { socket }));
  },
  close: (life, socket) => {
    life.step(closeSocket(life.state, socket));
  },
  shutdown: (life, socket, b) => {
    life.step(shutdownSocket(life.state, { socket, how: b % 2 === 0 ? 'both' : 'receive' }));
  },
  select: (life, socket, b) => {
    const mask = (['FD_ACCEPT', 'FD_CONNECT', 'FD_CLOSE'] as const).slice(0, b % 4);
    life.step(eventSelect(life.state, { socket, registration: { object: b, mask } }));
  },
  enumerate: (life, socket) => {
    life.step(enumNetworkEvents(life.state, { socket, reset: null }));
  },
  answer: (life, a, b) => {
    const [sent] = life.unanswered.splice(a % Math.max(life.unanswered.length, 1), 1);
    if (sent === undefined) return;
    const reply = replyTo(life, sent, b);
    const change =
      reply === null ? giveUpCall(life.state, sent.call) : hearReply(life.state, sent.call, reply);
    life.take(change.state, change.effects);
  },
  connected: (life, a, b) => {
    const [call, caller] = pick([...life.outstanding, [0, 1] as const], a);
    const socket = socketAt(life.state, caller);
    const joining = socket && joiningOf(socket);
    const join: JoinId = joining?.join ?? (`J${String(++life.joins)}` as JoinId);
    const link = joining?.link == null ? null : nameOf(life.state, String(joining.link));
    const session = joining?.session ?? pick(sessions, call + b);
    const code = pick([null, null, 'WSAETIMEDOUT', 'WSAECONNREFUSED'] as const, b);
    const to = nameOf(life.state, String(caller));
    tell(life, { kind: 'FD_CONNECT', session, to, join, code, link, calleeData: null });
  },
  accepts: (life, a, b) => {
    const to = a % 2 === 0 ? pick(endpoints, b) : nameOf(life.state, String(b + 1));
    const session = pick(sessions, a);
    const join = `J${String(++life.joins)}` as JoinId;
    const asked = { flags: 'both', callerData: null, deadlineAt: 1, plane } as const;
    tell(life, { kind: 'FD_ACCEPT', session, to, join, from: pick(endpoints, a), ...asked });
  },
  early: (life, a, b) => {
    const [session, to] = [pick(sessions, a), pick(endpoints, b)];
    const join = `J${String(++life.joins)}` as JoinId;
    const asked = { flags: 'both', callerData: null, deadlineAt: 1, plane } as const;
    const from = pick(endpoints, a);
    const told: Told = { kind: 'FD_ACCEPT', session, to, join, from, ...asked };
    const hearing = hearWaiting(life.state, told);
    life.take(hearing.state, hearing.effects);
  },
  withdrawn: (life, a, b) => {
    const accept = life.told.filter(({ kind }) => kind === 'FD_ACCEPT')[a];
    if (accept === undefined || !('join' in accept)) return;
    const { session, to, join } = accept;
    tell(life, { kind: 'WITHDRAWN', session: b === 0 ? pick(sessions, a) : session, to, join });
  },
  linked: (life, a, b) => {
    const join = `J${String(b + 1)}` as JoinId;
    const [to, link] = [nameOf(life.state, String(a)), nameOf(life.state, join)];
    const [session, leafAddress] = [pick(sessions, b), pick(endpoints, a)];
    const peer = socketId({ node: 'bob', incarnation: 'run7', serial: String(a + 1) });
    const more = { leafAddress, flags: 'both', callerData: null, peer } as const;
    tell(life, { kind: 'LINKED', session, to, join, link, ...more });
  },
  closed: (life, a, b) => {
    const to = nameOf(life.state, b % 3 === 0 ? `J${String(a + 1)}` : String(a));
    tell(life, { kind: 'FD_CLOSE', session: pick(sessions, b), to, code: null });
  },
  bereft: (life, a, b) => {
    const [session, to] = [pick(sessions, b), nameOf(life.state, String(a))];
    const news = { session, to, plane: { ...plane, root: null } };
    tell(life, { kind: 'ROOT_LOST', ...news, heir: a % 2 === 0, until: 1 });
  },
  rerooted: (life, a, b) => {
    const [session, to] = [pick(sessions, b), nameOf(life.state, String(a))];
    const root = socketId({ node: 'bob', incarnation: 'run7', serial: '9' });
    const peer = socketId({ node: 'bob', incarnation: 'run7', serial: `J${String(a + 1)}` });
    tell(life, { kind: 'ROOT_REPLACED', session, to, root, peer, plane: { ...plane, root } });
  },
  again: (life, a) => {
    const told = life.told[life.told.length - 1 - a];
    if (told === undefined) return;
    const hearing = hear(life.state, told);
    life.take(hearing.state, hearing.effects);
  },
  lose: (life, a, b) => {
    if (a + b > 0) return;
    const change = loseNode(life.state, 'WSAENETRESET');
    life.take(change.state, change.effects);
  },
};

function tell(life: Life, told: Told): void {
  life.told.push(told);
  const hearing = hear(life.state, told);
  life.take(hearing.state, hearing.effects);
}

function replyTo(life: Life, { command }: Send, luck: number) {
  if (luck === 0) return null;
  if (luck < 3)
    return err({ code: pick(['WSAEACCES', 'WSAENOBUFS'] as const, luck), rule: 'H5' } as const);
  if (command.verb === 'join') {
    const join = `J${String(++life.joins)}` as JoinId;
    return command.as === 'leaf' && luck % 2 === 0
      ? ok({ type: 'joined', join, link: null } as const)
      : ok({ type: 'started', join, link: null, deadlineAt: 1 } as const);
  }
  if (command.verb === 'open') return ok({ type: 'opened', incarnation: 1 } as const);
  if (command.verb !== 'accept') return ok({ type: 'done', changed: true } as const);
  const leaf = nameOf(life.state, command.accepted);
  return ok({ type: 'accepted', join: command.join, leaf, link: null } as const);
}

const names = Object.keys(acts);
// What leads somewhere comes more often than what only disturbs.
const act = fc.tuple(
  fc.constantFrom(...names, 'create', 'bind', 'join', 'join', 'answer', 'answer', 'connected'),
  fc.nat({ max: 7 }),
  fc.nat({ max: 7 }),
);

// A root and two leaves are there from the start; whatever becomes of them.
const opening: [string, number, number][] = [
  ['create', 0, 0],
  ['bind', 1, 0],
  ['create', 1, 0],
  ['create', 2, 0],
  ['create', 1, 0],
  ['bind', 4, 3],
  ['listen', 4, 3],
];

/** Any script, played; what it went through is added to `met`. */
const lives = (met: Set<string>) =>
  fc.property(fc.array(act, { maxLength: 120, size: 'max' }), (script) => {
    const life = new Life(met);
    for (const [name, a, b] of [...opening, ...script]) acts[name]?.(life, a, b);
    // Whoever closes everything is owed nothing.
    for (const { descriptor } of life.state.sockets.values()) {
      life.step(closeSocket(life.state, descriptor));
    }
    expect(life.outstanding.size).toBe(0);
    expect(life.state.ports.size + life.state.links.size).toBe(0);
  });

describe('any life of a node', () => {
  it('[R33] [R49] [R65] [R129] keeps its sentences true', () => {
    fc.assert(lives(new Set()), { numRuns: 1_500 });
  });

  it('is any: whatever there is to go through is met', () => {
    const met = new Set<string>();
    // One seed for all: whether it is met must not be a matter of luck.
    fc.assert(lives(met), { numRuns: 1_000, seed: 7 });
    expect([...met].sort()).toEqual(
      expect.arrayContaining([
        'FD_ACCEPT',
        'FD_CLOSE',
        'FD_CONNECT',
        'LINKED',
        'ROOT_LOST',
        'ROOT_REPLACED',
        'WITHDRAWN',
        'join: E16',
        'join: E8',
        'join: H10',
        'join: H5',
        'join: R140',
        'join: R145',
        'join: R146',
        'join: ok',
        'join: ok with link',
        'two joins at once',
      ]),
    );
  });
});
