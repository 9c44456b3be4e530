import {
  joinLeaf,
  listenAt,
  shutdownSocket,
  socketAt,
  socketId,
  type AdmissionPolicy,
  type Asked as MachineAsked,
  type Descriptor,
  type Heard,
  type SessionAddress,
  type SocketId,
  type Step,
} from '@joinleaf/multipoint';
import type { Reply } from '@joinleaf/wire';
import type {
  CallOptions,
  CloseOptions,
  Done,
  Join,
  JoinOptions,
  JoinOutcome,
  JoinRequest,
  Link,
  MessageData,
  ReceivedMessage,
  Refused,
  Root,
  SendOptions,
  SocketEvent,
} from './api.js';
import {
  checkBacklog,
  checkDeadline,
  checkEndpoint,
  checkFlags,
  checkFlow,
  checkOptions,
  checkPolicy,
} from './check.js';
import { fromBase64, toBase64 } from './connect-data.js';
import { Conversation } from './conversation.js';
import { JoinleafRefusal } from './errors.js';
import { eventOf, noEvent } from './events.js';
import { Feed } from './feed.js';
import { followJoin } from './joining.js';
import { MemberLink, type Leafs } from './member.js';
import { joinFields } from './option-fields.js';
import type { Notice, Provider, SocketOwner } from './provider.js';
import { refusedHere, refusedThere } from './refused.js';
import { Requests } from './requests.js';
import { abortable } from './waits.js';
import { RootRequest } from './waiting-join.js';

/** Events kept for the first who listens: nobody may ever come. */
const earlyMax = 1_024;

/** A session's root, on this node. */
export class SessionRoot implements Root, SocketOwner {
  readonly socket: SocketId;
  readonly #links = new Map<Descriptor, MemberLink>();
  readonly #requests: Requests<RootRequest>;
  readonly #feed: Feed<SocketEvent>;
  readonly #conversation: Conversation;
  /** What happened before anybody listened, while the session was being opened too; null from then on. */
  #early: SocketEvent[] | null = [];
  #isOpen = true;
  #incarnation = 0;

  constructor(
    private readonly provider: Provider,
    readonly session: SessionAddress,
    readonly descriptor: Descriptor,
  ) {
    const { node, incarnation } = provider.state;
    this.socket = socketId({ node, incarnation, serial: String(descriptor) });
    this.#requests = new Requests(provider.counters);
    this.#feed = new Feed(provider.counters);
    const lost = (count: number) => {
      this.#feed.push({ type: 'DATA_LOST', ...noEvent, session, count });
    };
    this.#conversation = new Conversation({ provider, descriptor, session, lost });
    provider.own(descriptor, this);
  }

  get incarnation(): number {
    return this.#incarnation;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  get links(): readonly Link[] {
    return [...this.#links.values()].filter(({ isOpen }) => isOpen);
  }

  /** The session is open, the how-manieth at its address. */
  opened(incarnation: number): void {
    this.#incarnation = incarnation;
  }

  async joinLeaf(leaf: string, options: JoinOptions = {}): Promise<Join> {
    checkEndpoint('leaf', leaf);
    checkOptions(options, joinFields);
    const flags = checkFlags(options.flags);
    const callerData = toBase64('callerData', options.callerData);
    const deadlineMs = checkDeadline(options.deadlineMs);
    options.signal?.throwIfAborted();
    this.provider.check();
    const { provider, session, descriptor: socket } = this;
    const qos = checkFlow(options.qos);
    const asking = { socket, name: leaf, flags, callerData, qos, deadlineMs };
    const step = provider.take(joinLeaf(provider.state, asking), options);
    if (!step.ok) return notStarted(leaf, refusedHere(step.error, { session }));
    const { call, descriptor } = step.value;
    const link = this.#link(descriptor, { leaf, flags, callerData: null });
    const { started, connected } = followJoin(
      provider,
      { call, descriptor, session },
      {
        options,
        joined: ({ join, calleeData }): JoinOutcome => {
          link.joined(join);
          return { ok: true, join, link, calleeData };
        },
      },
    );
    const { id, deadlineAt } = await started;
    const cancel = async (more: CallOptions = {}) => {
      if (link.join === null) await provider.close(descriptor, more);
    };
    return { id, link: id === null ? null : link, leaf, deadlineAt, connected, cancel };
  }

  requests(): AsyncIterableIterator<JoinRequest, undefined> {
    return this.#requests.read();
  }

  events(): AsyncIterableIterator<SocketEvent, undefined> {
    const early = this.#early ?? [];
    this.#early = null;
    return this.#feed.read(early);
  }

  async setPolicy(change: Partial<AdmissionPolicy>, options: CallOptions = {}): Promise<void> {
    const policy = checkPolicy(change);
    options.signal?.throwIfAborted();
    this.provider.check();
    const command = { verb: 'policy', socket: String(this.descriptor), policy } as const;
    const reply = await this.provider.command(this.session, command, options);
    if (!reply.ok) throw new JoinleafRefusal(refusedThere(reply));
  }

  async listen(backlog: number, options: CallOptions = {}): Promise<void> {
    checkBacklog(backlog);
    options.signal?.throwIfAborted();
    this.provider.check();
    const { provider, descriptor: socket } = this;
    await this.#settled(listenAt(provider.state, { socket, backlog }), options);
  }

  async shutdown(
    options: CallOptions & { readonly how?: 'receive' | 'send' | 'both' | undefined } = {},
  ): Promise<void> {
    options.signal?.throwIfAborted();
    this.provider.check();
    const { provider, descriptor: socket } = this;
    const { how = 'both' } = options;
    await this.#settled(shutdownSocket(provider.state, { socket, how }), options);
  }

  send(data: MessageData, options: SendOptions & CallOptions = {}): Promise<void> {
    return this.#conversation.send(data, options);
  }

  trySend(data: MessageData, options: SendOptions = {}): Done {
    return this.#conversation.trySend(data, options);
  }

  messages(): AsyncGenerator<ReceivedMessage, undefined> {
    return this.#conversation.messages();
  }

  close(options: CloseOptions = {}): Promise<void> {
    return this.provider.close(this.descriptor, options);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  heard(what: Heard, notice: Notice): void {
    this.#conversation.heard(what);
    if (what.kind === 'FD_ACCEPT') this.#asked(what);
    if (what.kind === 'WITHDRAWN') this.#withdrawn(what);
    if (what.kind === 'LINKED') this.#linked(what);
    const event = eventOf(what, notice, (descriptor) => this.#links.get(descriptor) ?? null);
    if (event !== null) this.#tell(event);
    if (what.kind !== 'FD_CLOSE') return;
    this.#conversation.keepRest();
    void this.provider.release(this.descriptor);
  }

  #tell(event: SocketEvent): void {
    this.#feed.push(event);
    if (this.#early !== null && this.#early.push(event) > earlyMax) this.#early.shift();
  }

  closedHere(): void {
    this.#isOpen = false;
    this.#early = null;
    this.#conversation.end();
    this.#requests.end();
    this.#feed.end();
  }

  async #settled(step: Step<MachineAsked>, options: CallOptions): Promise<void> {
    const taken = this.provider.take(step, options);
    if (!taken.ok) throw new JoinleafRefusal(refusedHere(taken.error, { session: this.session }));
    if (taken.value.call === null) return;
    const reply: Reply = await abortable(this.provider.answer(taken.value.call), options.signal);
    if (!reply.ok) throw new JoinleafRefusal(refusedThere(reply));
  }

  // The requests that programs iterate over say themselves that they are over.
  #withdrawn(what: Extract<Heard, { kind: 'WITHDRAWN' }>): void {
    this.#requests.withdraw(what);
    this.provider.forget(this.descriptor, what);
  }

  #asked(what: Extract<Heard, { kind: 'FD_ACCEPT' }>): void {
    const { provider, descriptor: socket } = this;
    const request = new RootRequest(
      {
        provider,
        socket,
        accepted: (accepted, { from: leaf, flags, callerData }) =>
          this.#link(accepted, { leaf, flags, callerData }),
      },
      what,
    );
    this.#requests.add(request);
  }

  #linked({ link: descriptor, join, leafAddress, ...what }: Extract<Heard, { kind: 'LINKED' }>) {
    const { flags } = what;
    const callerData = fromBase64(what.callerData);
    this.#link(descriptor, { leaf: leafAddress, flags, callerData }).joined(join);
  }

  #link(descriptor: Descriptor, leafs: Leafs): MemberLink {
    const { provider, session } = this;
    const socket = socketAt(provider.state, descriptor);
    const serial = socket?.kind === 'link' ? socket.serial : String(descriptor);
    const over = () => {
      this.#links.delete(descriptor);
    };
    const link = new MemberLink({ provider, descriptor, serial, session, over }, leafs);
    this.#links.set(descriptor, link);
    return link;
  }
}

const notStarted = (leaf: string, refusal: Refused): Join => ({
  id: null,
  link: null,
  leaf,
  deadlineAt: null,
  connected: Promise.resolve(refusal),
  cancel: () => Promise.resolve(),
});
