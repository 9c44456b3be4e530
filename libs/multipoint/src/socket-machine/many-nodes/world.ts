import type { NodeAddress, SessionAddress } from '../../address.js';
import { answer, type Answer } from '../../answer.js';
import type { SessionCommand } from '../../command.js';
import { decide } from '../../decide.js';
import type { JoinId, SessionEvent } from '../../event.js';
import { evolve } from '../../evolve.js';
import { notify } from '../../notify.js';
import { winsockPolicy } from '../../policy.js';
import { err, ok, type Result } from '../../result.js';
import { outstanding, unopened, type Session } from '../../session.js';
import type { Refusal } from '../../wsa.js';
import { drained } from '../drain.js';
import type { CallId, Descriptor, Effect } from '../effect.js';
import { hearData } from '../hear-data.js';
import { hear, hearWaiting, type Told } from '../hear.js';
import { loseNode } from '../lose.js';
import { noSockets, type NodeSockets } from '../node-sockets.js';
import type { Change } from '../queueing.js';
import { hearReply } from '../reply.js';
import { flushed } from '../send.js';
import type { Datum } from '../traffic.js';
import { perform, type Given, type ProgramCall } from './program-call.js';
import { toCommand } from './to-command.js';

// Several nodes and the real arbiter, wired in memory. What is under way lies in three heaps: questions to
// the arbiter, its answers, and news of the log. Whoever plays says what arrives next.

export type Send = Extract<Effect, { type: 'send' }>;

export interface Reply {
  readonly call: CallId;
  readonly session: SessionAddress;
  readonly result: Result<Answer, Refusal>;
  /** The last revision of the session then. */
  readonly revision: number;
}

export interface NodeWorld {
  readonly name: string;
  state: NodeSockets;
  /** Questions under way. They may overtake each other, except where one waits for another. */
  readonly questions: Send[];
  /** Calls whose answer has not been heard. */
  readonly unanswered: Set<CallId>;
  /** Answers under way: any may come first, and before or after the news of the same commit. */
  readonly replies: Reply[];
  /** News under way: numbered per node, so they come in the order of the log. */
  readonly news: Told[];
  /** Messages under way, by sender: each sender's come in their order. */
  readonly messages: Map<string, Datum[]>;
  /** What this node subscribes to at the broker. */
  readonly tuned: Set<string>;
  /** Bytes that the broker has taken, and that the node does not know of. */
  readonly taken: { readonly socket: Descriptor; readonly bytes: number }[];
  /** Sockets whose FD_CLOSE waits for messages, for so long. */
  readonly draining: Descriptor[];
}

/** Why a node's sockets changed. */
export type Cause =
  | { readonly type: 'call'; readonly call: ProgramCall; readonly result: Result<Given, Refusal> }
  | { readonly type: 'reply'; readonly reply: Reply }
  | { readonly type: 'news'; readonly told: Told }
  | { readonly type: 'waiting'; readonly told: Told }
  | { readonly type: 'message'; readonly datum: Datum }
  | {
      readonly type: 'taken';
      readonly taken: readonly { readonly socket: Descriptor; readonly bytes: number }[];
    }
  /** What FD_CLOSE waited for has not come in time. */
  | { readonly type: 'drained'; readonly socket: Descriptor }
  /** A new run of the node begins: its sockets are gone. */
  | { readonly type: 'restart' }
  /** The node learns that this run of it was declared over. */
  | { readonly type: 'lost' };

/** Whoever watches the world: what programs see of it, and what the log says. */
export interface Watcher {
  took(node: NodeWorld, before: NodeSockets, cause: Cause, effects: readonly Effect[]): void;
  decided(
    session: SessionAddress,
    command: SessionCommand,
    decided: Result<readonly SessionEvent[], Refusal>,
  ): void;
}

export class World {
  readonly nodes: readonly NodeWorld[];
  readonly sessions = new Map<SessionAddress, Session>();
  now = 1_000;
  #runs = 0;
  readonly #revisions = new Map<SessionAddress, number>();
  /** Runs of nodes that the arbiter has declared over. */
  readonly #over = new Set<string>();

  constructor(
    names: readonly string[],
    private readonly watcher: Watcher,
    private readonly descriptorMax = 12,
  ) {
    this.nodes = names.map((name) => ({
      name,
      state: this.#fresh(name),
      questions: [],
      unanswered: new Set(),
      replies: [],
      news: [],
      messages: new Map(),
      tuned: new Set(),
      taken: [],
      draining: [],
    }));
  }

  #fresh(node: string): NodeSockets {
    this.#runs += 1;
    const incarnation = `run${String(this.#runs)}`;
    return noSockets({
      node,
      incarnation,
      descriptorMax: this.descriptorMax,
      connectDataMax: 4_096,
    });
  }

  node(name: string): NodeWorld {
    const found = this.nodes.find((node) => node.name === name);
    if (found === undefined) throw new Error(`there is no node ${name}`);
    return found;
  }

  session(address: SessionAddress): Session {
    return this.sessions.get(address) ?? unopened;
  }

  /** An operator sets up a group. */
  openGroup(address: SessionAddress): void {
    const planes = { control: 'nonrooted', data: 'nonrooted' } as const;
    this.#decide(address, {
      type: 'OpenSession',
      address,
      root: null,
      ...planes,
      policy: winsockPolicy,
    });
  }

  /** An operator ends it. */
  closeGroup(address: SessionAddress): void {
    this.#decide(address, { type: 'CloseGroup' });
  }

  /** A program calls. */
  call(node: NodeWorld, call: ProgramCall): Result<Given, Refusal> {
    const step = perform(node.state, call);
    this.#take(node, step, { type: 'call', call, result: step.result });
    return step.result;
  }

  /** The arbiter takes one of a node's questions. */
  decideNext(node: NodeWorld, at: number): boolean {
    const ready = node.questions.filter(
      ({ after }) => after === null || !node.unanswered.has(after),
    );
    const next = ready[at % Math.max(ready.length, 1)];
    if (next === undefined) return false;
    node.questions.splice(node.questions.indexOf(next), 1);
    const { call, session, command } = next;
    const result = this.#ask(node, session, command);
    node.replies.push({ call, session, result, revision: this.#revisionOf(session) });
    return true;
  }

  /** One of the arbiter's answers arrives. */
  replyNext(node: NodeWorld, at: number): boolean {
    const [reply] = node.replies.splice(at % Math.max(node.replies.length, 1), 1);
    if (reply === undefined) return false;
    node.unanswered.delete(reply.call);
    const { call, result, revision } = reply;
    this.#take(node, hearReply(node.state, call, result, revision), { type: 'reply', reply });
    if (!result.ok && result.error.code === 'WSAENETRESET') this.#learnsOfItsEnd(node);
    return true;
  }

  /** The next of a node's news arrives. */
  newsNext(node: NodeWorld): boolean {
    const told = node.news.shift();
    if (told === undefined) return false;
    this.#take(node, hear(node.state, told), { type: 'news', told });
    return true;
  }

  /** The next message of one of those that have sent something arrives. */
  messageNext(node: NodeWorld, at: number): boolean {
    const queues = [...node.messages.values()].filter(({ length }) => length > 0);
    const datum = queues[at % Math.max(queues.length, 1)]?.shift();
    if (datum === undefined) return false;
    this.#take(node, hearData(node.state, datum), { type: 'message', datum });
    return true;
  }

  /** The broker says that it has what was sent. */
  takenNext(node: NodeWorld): boolean {
    const taken = node.taken.splice(0);
    if (taken.length === 0) return false;
    this.#take(node, flushed(node.state, taken), { type: 'taken', taken });
    return true;
  }

  /** FD_CLOSE has waited for long enough. */
  drainedNext(node: NodeWorld): boolean {
    const socket = node.draining.shift();
    if (socket === undefined) return false;
    this.#take(node, drained(node.state, socket), { type: 'drained', socket });
    return true;
  }

  /** Time passes, and the timer looks for deadlines. */
  tick(ms: number): void {
    this.now += ms;
    for (const address of this.sessions.keys()) {
      this.#decide(address, { type: 'ExpireJoins', now: this.now });
    }
  }

  /** The arbiter declares a run of a node over, which goes on until it hears of that. */
  declareLost({ state: { node, incarnation } }: NodeWorld): void {
    this.#over.add(`${node}/${incarnation}`);
    const evidence = { kind: 'silent', silentMs: 20_000, boundMs: 15_000 } as const;
    for (const address of this.sessions.keys()) {
      this.#decide(address, {
        ...{ type: 'LoseNode', node, incarnation, evidence },
        now: this.now,
      });
    }
  }

  /** A node's process ends and starts again: another run, which hears what waits for its ports. */
  restart(node: NodeWorld): void {
    const { incarnation } = node.state;
    const before = node.state;
    for (const heap of [node.questions, node.replies, node.news, node.taken, node.draining]) {
      heap.length = 0;
    }
    for (const kept of [node.unanswered, node.messages, node.tuned]) kept.clear();
    node.state = this.#fresh(node.name);
    this.watcher.took(node, before, { type: 'restart' }, []);
    this.#over.add(`${node.name}/${incarnation}`);
    const evidence = { kind: 'superseded', by: node.state.incarnation } as const;
    for (const address of this.sessions.keys()) {
      this.#decide(address, {
        ...{ type: 'LoseNode', node: node.name, incarnation, evidence },
        now: this.now,
      });
    }
    node.news.length = 0;
    for (const told of this.#waitingFor(node.name)) {
      this.#take(node, hearWaiting(node.state, told), { type: 'waiting', told });
    }
  }

  /** Everything under way arrives, the oldest first, until nothing is. */
  settle(): void {
    for (const node of this.nodes) if (this.#isOver(node.state)) this.#learnsOfItsEnd(node);
    while (this.nodes.some((node) => this.#somethingArrives(node)));
  }

  #somethingArrives(node: NodeWorld): boolean {
    return (
      this.newsNext(node) ||
      this.replyNext(node, 0) ||
      this.decideNext(node, 0) ||
      this.messageNext(node, 0) ||
      this.takenNext(node) ||
      this.drainedNext(node)
    );
  }

  #isOver({ node, incarnation }: NodeSockets): boolean {
    return this.#over.has(`${node}/${incarnation}`);
  }

  // From any refusal, that of a beat at the latest.
  #learnsOfItsEnd(node: NodeWorld): void {
    if (node.state.lost !== null) return;
    this.#take(node, loseNode(node.state, 'WSAENETRESET'), { type: 'lost' });
  }

  #take(node: NodeWorld, { state, effects }: Change, cause: Cause): void {
    const before = node.state;
    node.state = state;
    for (const effect of effects) this.#do(node, effect);
    this.watcher.took(node, before, cause, effects);
  }

  #do(node: NodeWorld, effect: Effect): void {
    switch (effect.type) {
      case 'send':
        node.questions.push(effect);
        node.unanswered.add(effect.call);
        return;
      case 'tune': {
        const subject = `${effect.session} ${effect.channel}`;
        if (effect.on) node.tuned.add(subject);
        else node.tuned.delete(subject);
        return;
      }
      case 'publish':
        this.#publish(node, effect);
        return;
      case 'drain':
        node.draining.push(effect.socket);
        return;
      case 'heard':
      case 'ended':
      case 'signal':
      case 'reset':
        return;
    }
  }

  // The broker delivers to whoever is subscribed now, and tells the sender in the end that it has done so.
  #publish(
    from: NodeWorld,
    { socket, datum, isLocal }: Extract<Effect, { type: 'publish' }>,
  ): void {
    const { channel, session, bytes } = datum;
    const hears = (node: NodeWorld): boolean =>
      typeof channel === 'string'
        ? node.tuned.has(`${session} ${channel}`)
        : channel.socket.startsWith(`${node.name}/`);
    for (const node of isLocal ? [from] : this.nodes.filter(hears)) {
      const queue = node.messages.get(datum.from) ?? [];
      node.messages.set(datum.from, [...queue, datum]);
    }
    if (!isLocal && datum.kind === 'data') from.taken.push({ socket, bytes: bytes.length });
  }

  #ask(
    { state }: NodeWorld,
    session: SessionAddress,
    command: Send['command'],
  ): Result<Answer, Refusal> {
    if (this.#isOver(state)) {
      return err({ code: 'WSAENETRESET', rule: 'H10' });
    }
    const isUp = (name: string): boolean => this.nodes.some((one) => one.name === name);
    const asked = toCommand({ from: state, session, command, now: this.now, isUp });
    const decision = this.#decide(session, asked);
    return decision.ok ? ok(answer(asked, decision.value)) : decision;
  }

  #revisionOf(address: SessionAddress): number {
    return this.#revisions.get(address) ?? 0;
  }

  #decide(
    address: SessionAddress,
    command: SessionCommand,
  ): Result<readonly SessionEvent[], Refusal> {
    const decision = decide(command, this.session(address));
    const decided = decision.ok ? ok(decision.value.events) : decision;
    if (decided.ok && decided.value.length > 0) {
      this.#revisions.set(address, this.#revisionOf(address) + 1);
    }
    this.watcher.decided(address, command, decided);
    for (const event of decided.ok ? decided.value : []) this.#happen(address, event);
    return decided;
  }

  #happen(address: SessionAddress, event: SessionEvent): void {
    const before = this.session(address);
    for (const notification of notify(before, event)) {
      const to = notification.to.split(/[/:]/)[0] ?? '';
      const told = { ...notification, session: address, revision: this.#revisionOf(address) };
      this.nodes.find(({ name }) => name === to)?.news.push(told);
    }
    this.sessions.set(address, evolve(before, event));
  }

  // What a run of a node is told at its start, as if it had just happened.
  #waitingFor(node: string): readonly Told[] {
    return [...this.sessions].flatMap(([address, session]) => {
      if (session.phase !== 'open' || session.invitation === null) return [];
      const { id, caller, leafAddress, flags, callerData, deadlineAt } = session.invitation;
      if (!leafAddress.startsWith(`${node}:`)) return [];
      const { incarnation, data, root } = session;
      const asked = { join: id, from: caller, flags, callerData, deadlineAt };
      const plane = { incarnation, data, root };
      return [{ kind: 'FD_ACCEPT', session: address, to: leafAddress, ...asked, plane } as const];
    });
  }
}

/** Joins of a session without an outcome, in the order in which they may be answered. */
export const waitingIn = (
  session: Session,
): readonly { readonly id: JoinId; readonly kind: string; readonly at: NodeAddress }[] =>
  session.phase === 'open'
    ? outstanding(session).map(({ id, kind, leafAddress }) => ({ id, kind, at: leafAddress }))
    : [];
