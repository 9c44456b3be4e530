import type { SessionAddress } from '../address.js';
import type { Answer } from '../answer.js';
import type { Base64, JoinId } from '../event.js';
import { err, ok } from '../result.js';
import type { Refusal } from '../wsa.js';
import { acceptWaiting } from './accept.js';
import { bindSocket } from './bind.js';
import { closeSocket } from './close.js';
import { createSocket } from './create.js';
import type { CallId, Descriptor, Effect, Heard, JoinEnd, NodeCommand } from './effect.js';
import { hear, hearWaiting, type Hearing, type Told } from './hear.js';
import { joinLeaf, type JoinLeaf, type JoinStarted } from './join.js';
import { listenAt } from './listen.js';
import {
  nameOf,
  noSockets,
  socketAt,
  type NodeIdentity,
  type NodeSockets,
} from './node-sockets.js';
import { protocols, type MultipointFlag, type ProtocolEntry } from './protocol.js';
import { giveUpCall, hearReply } from './reply.js';
import { enumNetworkEvents, eventSelect } from './select.js';
import type { Socket } from './socket.js';
import type { Step } from './step.js';
import type { WaitingKey } from './waiting.js';
import type { NetworkEvent, RecordedEvent } from './watch.js';

type Send = Extract<Effect, { type: 'send' }>;
type ToldOf<K extends Told['kind']> = Extract<Told, { kind: K }>;

/** A node whose arbiter and event objects are played by the caller: a script for tests and examples. */
export class Rehearsal {
  state: NodeSockets;
  /** What the last step asked to be done. */
  effects: readonly Effect[] = [];
  /** Everything that was asked of the arbiter so far. */
  readonly sent: Send[] = [];
  /** Everything that sockets heard so far. */
  readonly heard: { readonly socket: Descriptor; readonly what: Heard }[] = [];
  /** The ends of joins so far, by call. */
  readonly ends: { readonly call: CallId; readonly end: JoinEnd }[] = [];

  constructor(identity: Partial<NodeIdentity> = {}) {
    this.state = noSockets({
      node: 'ada',
      incarnation: 'run1',
      descriptorMax: 100,
      connectDataMax: 4_096,
      ...identity,
    });
  }

  /** Takes a step that has to succeed. */
  run<T>(step: Step<T>): T {
    const result = this.attempt(step);
    if (!result.ok) throw new Error(`refused: ${result.error.code} (${result.error.rule})`);
    return result.value;
  }

  /** Takes a step that may be refused. */
  attempt<T>(step: Step<T>): Step<T>['result'] {
    this.#keep(step.state, step.effects);
    return step.result;
  }

  #keep(state: NodeSockets, effects: readonly Effect[]): void {
    this.state = state;
    this.effects = effects;
    for (const effect of effects) {
      if (effect.type === 'send') this.sent.push(effect);
      else if (effect.type === 'heard') this.heard.push(effect);
      else if (effect.type === 'ended') this.ends.push(effect);
    }
  }

  create(protocol: ProtocolEntry, ...flags: readonly MultipointFlag[]): Descriptor {
    return this.run(createSocket(this.state, protocol, flags));
  }

  /** A c_leaf for rooted sessions. */
  leaf(): Descriptor {
    return this.create(protocols['mp-conference'], 'c_leaf', 'd_leaf');
  }

  /** A c_leaf that listens at a port. */
  listener(port = 1, backlog = 8): Descriptor {
    const socket = this.leaf();
    this.run(bindSocket(this.state, { socket, address: `${this.state.node}:${String(port)}` }));
    this.run(listenAt(this.state, { socket, backlog }));
    return socket;
  }

  /** A c_root whose session is open. */
  root(address = 'conf-7'): Descriptor {
    const socket = this.create(protocols['mp-conference'], 'c_root', 'd_leaf');
    const { call } = this.run(bindSocket(this.state, { socket, address }));
    this.answers(call, { type: 'opened', incarnation: 1 });
    return socket;
  }

  /** A c_root whose session is open and that listens. */
  listeningRoot(address = 'conf-7', backlog = 8): Descriptor {
    const socket = this.root(address);
    const { call } = this.run(listenAt(this.state, { socket, backlog }));
    this.answers(call, { type: 'done', changed: true });
    return socket;
  }

  joinLeaf(socket: Descriptor, name: string, more: Partial<JoinLeaf> = {}): JoinStarted {
    return this.run(this.joining(socket, name, more));
  }

  joining(socket: Descriptor, name: string, more: Partial<JoinLeaf> = {}): Step<JoinStarted> {
    const asked = { flags: 'both', callerData: null, deadlineMs: null } as const;
    return joinLeaf(this.state, { socket, name, ...asked, ...more });
  }

  accept(socket: Descriptor, waiting?: WaitingKey) {
    const calleeData: Base64 | null = null;
    const which = waiting === undefined ? {} : { waiting };
    return this.run(acceptWaiting(this.state, { socket, calleeData, ...which }));
  }

  close(socket: Descriptor): CallId | null {
    return this.run(closeSocket(this.state, socket)).call;
  }

  answers(call: CallId | null, answer: Answer): void {
    if (call === null) throw new Error('nothing was asked');
    const change = hearReply(this.state, call, ok(answer));
    this.#keep(change.state, change.effects);
  }

  /** The arbiter has recorded a join. */
  started(call: CallId, join: JoinId): void {
    this.answers(call, { type: 'started', join, link: null, deadlineAt: 1_000 });
  }

  refuses(call: CallId | null, refusal: Refusal): void {
    if (call === null) throw new Error('nothing was asked');
    const change = hearReply(this.state, call, err(refusal));
    this.#keep(change.state, change.effects);
  }

  givesUp(call: CallId): void {
    const change = giveUpCall(this.state, call);
    this.#keep(change.state, change.effects);
  }

  hears(told: Told): Hearing['verdict'] {
    const hearing = hear(this.state, told);
    this.#keep(hearing.state, hearing.effects);
    return hearing.verdict;
  }

  hearsWaiting(told: Told): Hearing['verdict'] {
    const hearing = hearWaiting(this.state, told);
    this.#keep(hearing.state, hearing.effects);
    return hearing.verdict;
  }

  register(socket: Descriptor, object: number, ...mask: readonly NetworkEvent[]): void {
    this.run(eventSelect(this.state, { socket, registration: { object, mask } }));
  }

  enumerate(socket: Descriptor): readonly RecordedEvent[] {
    return this.run(enumNetworkEvents(this.state, { socket, reset: null }));
  }

  socket(descriptor: Descriptor): Socket | undefined {
    return socketAt(this.state, descriptor);
  }

  /** The commands that the last step sent. */
  get commands(): readonly NodeCommand[] {
    return this.effects.flatMap((effect) => (effect.type === 'send' ? [effect.command] : []));
  }

  /** The event objects that the last step set. */
  get signals(): readonly number[] {
    return this.effects.flatMap((effect) => (effect.type === 'signal' ? [effect.object] : []));
  }

  name(descriptor: Descriptor | string) {
    return nameOf(this.state, String(descriptor));
  }

  /** A leaf's request for a c_root, or with an endpoint an invitation. */
  fdAccept(to: ToldOf<'FD_ACCEPT'>['to'], join: JoinId, session = 'conf-7'): ToldOf<'FD_ACCEPT'> {
    const from = 'bob:9' as ToldOf<'FD_ACCEPT'>['from'];
    const plane = { incarnation: 1, data: 'nonrooted', root: null } as const;
    const asked = { flags: 'both', callerData: null, deadlineAt: 1_000, plane } as const;
    return { kind: 'FD_ACCEPT', session: session as SessionAddress, to, join, from, ...asked };
  }

  fdConnect(
    to: Descriptor,
    join: JoinId,
    more: Partial<ToldOf<'FD_CONNECT'>> = {},
  ): ToldOf<'FD_CONNECT'> {
    const session = 'conf-7' as SessionAddress;
    const success = { code: null, link: null, calleeData: null };
    return { kind: 'FD_CONNECT', session, to: this.name(to), join, ...success, ...more };
  }

  fdClose(to: Descriptor | string, code: ToldOf<'FD_CLOSE'>['code'] = null): ToldOf<'FD_CLOSE'> {
    const session = 'conf-7' as SessionAddress;
    return { kind: 'FD_CLOSE', session, to: this.name(to), code };
  }

  withdrawn(to: ToldOf<'WITHDRAWN'>['to'], join: JoinId): ToldOf<'WITHDRAWN'> {
    return { kind: 'WITHDRAWN', session: 'conf-7' as SessionAddress, to, join };
  }
}
