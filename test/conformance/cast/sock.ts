import type { ConditionWish, Sight } from '../bridge/behaviours.js';
import type { Call } from '../bridge/calls.js';
import type { Remote } from '../bridge/line.js';
import {
  FD,
  FD_MAX_EVENTS,
  FIONBIO,
  JL_BOTH,
  SIO_GET_QOS,
  SIO_SET_QOS,
  SOL_SOCKET,
  WSA,
  type EventName,
  type WsaName,
} from '../winsock.js';
import { must, type Answer } from './answer.js';
import {
  bestEffort,
  bytesOf,
  qos,
  room,
  type FlowSpec,
  type Qos,
  type WsaBuf,
} from './structures.js';

/** How long is waited for what has to come. */
const patienceMs = 25_000;
const lookAgainMs = 500;
const dwordBytes = 4;
/** Two flow specs of eight numbers, and the length and place of the provider's bytes. */
const qosBytes = 72;

/** One event that enumerating answered: null for no error. */
export interface Recorded {
  readonly event: EventName;
  readonly code: WsaName | null;
}

export interface NameWish {
  readonly family?: number;
  readonly namelen?: number;
}

/** A thread of a program: what a socket needs of whoever calls on it. */
interface Owner {
  readonly node: string;
  call(name: string, ...args: readonly unknown[]): Promise<Answer>;
  later(name: string, ...args: readonly unknown[]): Call;
  together(calls: readonly Call[]): Promise<readonly Answer[]>;
  event(): Promise<Remote>;
  condition(wish: ConditionWish): Promise<Remote>;
  keep(value: object): Promise<Remote>;
  nameArguments(name: string, wish: NameWish): readonly [object, number];
}

export interface JoinWish extends NameWish {
  readonly flags?: number;
  readonly callerData?: Uint8Array | null;
  /** Room for callee data; null passes no buffer. */
  readonly calleeRoom?: number | null;
  readonly qos?: Qos | null;
  readonly groupQos?: Qos | null;
}

export type Joined = Answer & {
  /** What JoinLeaf returned. */
  readonly socket: Sock;
  /** The callee data buffer as it is now: its `len`, and that many of its bytes. */
  readonly callee: () => Promise<{ readonly len: number; readonly bytes: Uint8Array }>;
};

export interface AcceptWish {
  readonly condition?: ConditionWish;
  readonly callbackData?: number;
  /** The room that is announced for the address; null asks for none. */
  readonly addrlen?: number | null;
}

export type Accepted = Answer & {
  readonly socket: Sock;
  readonly sights: readonly Sight[];
  readonly from: { readonly sa_family: number; readonly sa_data: string } | null;
  readonly addrlen: number | null;
};

export type Received = Answer & { readonly bytes: Uint8Array; readonly flags: number };

/** A descriptor in a program, and what a test does with it. */
export class Sock {
  #event: Remote | null;
  #unread: Recorded[] = [];

  constructor(
    readonly actor: Owner,
    readonly descriptor: number,
    event: Remote | null = null,
  ) {
    this.#event = event;
  }

  /** The event object that it is registered with, or its parent was when it was made. */
  get event(): Remote {
    if (this.#event === null) throw new Error('the socket is not registered');
    return this.#event;
  }

  call(name: string, ...args: readonly unknown[]): Promise<Answer> {
    return this.actor.call(name, this.descriptor, ...args);
  }

  bind(name: string, wish: NameWish = {}): Promise<Answer> {
    return this.call('WSPBind', ...this.actor.nameArguments(name, wish));
  }

  listen(backlog = 8): Promise<Answer> {
    return this.call('WSPListen', backlog);
  }

  async join(name: string, wish: JoinWish = {}): Promise<Joined> {
    const { flags = JL_BOTH, callerData = null, calleeRoom = null, qos = null } = wish;
    // On a nonblocking socket the buffer is filled when the call has long returned.
    const callee = calleeRoom === null ? null : await this.actor.keep(room(calleeRoom));
    const answer = await this.call(
      'WSPJoinLeaf',
      ...this.actor.nameArguments(name, wish),
      callerData === null ? null : bytesOf(callerData),
      callee,
      qos,
      wish.groupQos ?? null,
      flags,
    );
    return {
      ...answer,
      socket: this.#child(answer),
      callee: async () => {
        const { len, buf } = (await callee?.read()) as WsaBuf;
        return { len, bytes: (buf ?? new Uint8Array()).slice(0, len) };
      },
    };
  }

  /** An ordinary connection. */
  connect(name: string): Promise<Answer> {
    return this.call('WSPConnect', ...this.actor.nameArguments(name, {}), null, null, null, null);
  }

  async accept(wish: AcceptWish = {}): Promise<Accepted> {
    const { condition, callbackData = 0, addrlen = null } = wish;
    const asked = condition === undefined ? null : await this.actor.condition(condition);
    const addr = addrlen === null ? null : { sa_family: 0, sa_data: '' };
    const length = addrlen === null ? null : { value: addrlen };
    const run = asked === null ? null : await asked.property('run');
    const answer = await this.call('WSPAccept', addr, length, run, callbackData);
    const sights = asked === null ? [] : ((await asked.property('sights')) as readonly Sight[]);
    const socket = this.#child(answer);
    return { ...answer, socket, sights, from: addr, addrlen: length?.value ?? null };
  }

  send(bytes: Uint8Array | string, flags = 0): Promise<Answer & { readonly sent: number }> {
    return this.#send([bytesOf(bytes)], flags);
  }

  async #send(buffers: readonly WsaBuf[], flags: number) {
    const sent = { value: -1 };
    const answer = await this.call('WSPSend', buffers, buffers.length, sent, flags);
    return { ...answer, sent: sent.value };
  }

  async receive({ bytesMax = 1_024, flags = 0 } = {}): Promise<Received> {
    const buffer = room(bytesMax);
    const length = { value: 0 };
    const seen = { value: flags };
    const answer = await this.call('WSPRecv', [buffer], 1, length, seen);
    const bytes = (buffer.buf ?? new Uint8Array()).slice(0, length.value);
    return { ...answer, bytes, flags: seen.value };
  }

  /** What arrives next, as text: waits for FD_READ unless something is there. The socket nominates FD_READ. */
  async text(): Promise<string> {
    for (;;) {
      const received = await this.receive();
      if (received.ok) return new TextDecoder().decode(received.bytes);
      if (received.code !== 'WSAEWOULDBLOCK') must(received);
      await this.hears('FD_READ');
    }
  }

  shutdown(how: number): Promise<Answer> {
    return this.call('WSPShutdown', how);
  }

  close(): Promise<Answer> {
    return this.call('WSPCloseSocket');
  }

  /** WSPEventSelect with an event object of its own, unless one is given. */
  async register(mask: number, event?: Remote): Promise<Answer> {
    this.#event = event ?? this.#event ?? (await this.actor.event());
    this.#unread = [];
    return this.call('WSPEventSelect', this.#event, mask);
  }

  async unregister(): Promise<Answer> {
    return this.call('WSPEventSelect', null, 0);
  }

  /** WSPAsyncSelect: the program is called instead. */
  asyncSelect(messages: Remote, mask: number): Promise<Answer> {
    return messages.property('take').then((take) => this.call('WSPAsyncSelect', take, mask));
  }

  /** WSPEnumNetworkEvents, as the structure it fills. */
  async enumerate(event: Remote | null = null, prefilled = 0) {
    const events = {
      lNetworkEvents: 0,
      iErrorCode: Array.from({ length: FD_MAX_EVENTS }, () => prefilled),
    };
    const answer = await this.call('WSPEnumNetworkEvents', event, events);
    return { ...answer, ...events };
  }

  /** All that was recorded and that the test has not taken note of. */
  async recorded(): Promise<readonly Recorded[]> {
    await this.#collect();
    const recorded = this.#unread;
    this.#unread = [];
    return recorded;
  }

  /** Waits for an event to be recorded, takes note of it, and answers its error code. */
  async hears(event: EventName): Promise<WsaName | null> {
    const until = performance.now() + patienceMs;
    for (;;) {
      await this.#collect();
      const index = this.#unread.findIndex((one) => one.event === event);
      const [heard] = index < 0 ? [] : this.#unread.splice(index, 1);
      if (heard !== undefined) return heard.code;
      if (performance.now() > until) {
        throw new Error(
          `${this.actor.node} did not hear ${event}; ${JSON.stringify(this.#unread)}`,
        );
      }
      // Several sockets may share the object, and another one may have reset it: so look again now and then.
      await this.event.call('wait', lookAgainMs);
    }
  }

  async #collect(): Promise<void> {
    const seen = must(await this.enumerate(this.#event));
    for (const [event, mask] of Object.entries(FD) as [EventName, number][]) {
      if ((seen.lNetworkEvents & mask) === 0) continue;
      const number = seen.iErrorCode[Math.log2(mask)] ?? 0;
      this.#unread.push({ event, code: nameOf(number) });
    }
  }

  /** WSPIoctl with a number that goes in. */
  ioctl(code: number, value: number): Promise<Answer> {
    return this.#ioctl(code, [{ value }, dwordBytes], [null, 0]);
  }

  #ioctl(code: number, input: readonly [unknown, number], output: readonly [unknown, number]) {
    return this.call('WSPIoctl', code, ...input, ...output, { value: 0 }, null, null, null);
  }

  setBlocking(isBlocking: boolean): Promise<Answer> {
    return this.ioctl(FIONBIO, isBlocking ? 0 : 1);
  }

  setQos(wanted: Qos): Promise<Answer> {
    return this.#ioctl(SIO_SET_QOS, [wanted, qosBytes], [null, 0]);
  }

  /** What SIO_GET_QOS answers. */
  async qos(): Promise<Answer & { readonly sending: FlowSpec; readonly receiving: FlowSpec }> {
    const there = qos(bestEffort(), bestEffort());
    const answer = await this.#ioctl(SIO_GET_QOS, [null, 0], [there, qosBytes]);
    return { ...answer, sending: there.SendingFlowspec, receiving: there.ReceivingFlowspec };
  }

  /** What WSPGetSockOpt answers in a cell. */
  async option(name: number): Promise<Answer & { readonly is: number }> {
    const cell = { value: -1 };
    const answer = await this.call('WSPGetSockOpt', SOL_SOCKET, name, cell, { value: dwordBytes });
    return { ...answer, is: cell.value };
  }

  setOption(name: number, value: unknown): Promise<Answer> {
    return this.call('WSPSetSockOpt', SOL_SOCKET, name, value, 4);
  }

  /** Its local name; null when it has none. */
  async localName(): Promise<string | null> {
    const name = { sa_family: 0, sa_data: '' };
    const answer = await this.call('WSPGetSockName', name, { value: 256 });
    return answer.ok ? name.sa_data : null;
  }

  /** Another descriptor of the same thread. */
  at(descriptor: number): Sock {
    return new Sock(this.actor, descriptor);
  }

  /** The same descriptor, used by another thread of the program. */
  in(actor: Owner): Sock {
    return new Sock(actor, this.descriptor, this.#event);
  }

  #child(answer: Answer): Sock {
    // At a c_leaf JoinLeaf returns the socket itself.
    if (answer.value === this.descriptor) return this;
    return new Sock(this.actor, answer.value, this.#event);
  }
}

function nameOf(number: number): WsaName | null {
  if (number === 0) return null;
  const found = Object.entries(WSA).find(([, value]) => value === number);
  if (found === undefined) throw new Error(`there is no error ${String(number)}`);
  return found[0] as WsaName;
}
