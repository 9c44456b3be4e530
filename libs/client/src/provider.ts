import {
  closeSocket,
  drained,
  err,
  flushed,
  forgetWithdrawn,
  giveUpCall,
  hear,
  hearData,
  hearReply,
  hearWaiting,
  loseNode,
  noSockets,
  ok,
  setOptions,
  type Answer,
  type CallId,
  type Change,
  type Datum,
  type Descriptor,
  type Effect,
  type EventObject,
  type Heard,
  type JoinEnd,
  type NodeIdentity,
  type NodeSockets,
  type Refusal,
  type Result,
  type SessionAddress,
  type Step,
  type WaitingKey,
  type WsaCode,
} from '@joinleaf/multipoint';
import type { KnownNotification, RefusedReply, Reply } from '@joinleaf/wire';
import type { CallOptions, CloseOptions } from './api.js';
import type { Asker, Command } from './asker.js';
import type { DataPlane, Taken } from './data-plane.js';
import { JoinleafError } from './errors.js';
import type { Counters } from './stats.js';
import { abortable, ignore } from './waits.js';
import type { World } from './world.js';

/** Where the news came from; without an id from the node itself. */
export interface Notice {
  readonly id: string;
  readonly session: string;
  readonly revision: number;
}

/** Whoever a socket's news is for. */
export interface SocketOwner {
  heard(what: Heard, notice: Notice): void;
  /** The socket is closed from this side. */
  closedHere(): void;
}

/** Hears of every socket of the node, whoever owns it. */
export interface Observer {
  heard(socket: Descriptor, what: Heard): void;
  /** The socket is closed from this side. */
  closed(socket: Descriptor): void;
  /** The arbiter has answered what this socket asked: it may be another one now. */
  answered(socket: Descriptor): void;
  /** Something was recorded of a socket that is registered with this object. */
  signal(object: EventObject, socket: Descriptor): void;
  reset(object: EventObject): void;
  /** This run of the node is over, or the program closes it. */
  ended(): void;
}

/** How a JoinLeaf ended, and what said so. */
export interface Ended {
  readonly end: JoinEnd;
  readonly notice: Notice | null;
  readonly reply: RefusedReply | null;
}

export interface ProviderParts {
  readonly identity: NodeIdentity;
  readonly asker: Asker;
  readonly data: DataPlane;
  readonly counters: Counters;
  readonly world: World;
  readonly callTimeoutMs: number;
  /** The service says that this run of the node is over. */
  readonly fenced: (refusal: RefusedReply) => void;
}

type Send = Extract<Effect, { type: 'send' }>;

/** Runs the socket machine of this node: holds its state, and does what its steps ask for. */
export class Provider {
  #state: NodeSockets;
  #source: { readonly notice: Notice | null; readonly reply: RefusedReply | null } = nobody;
  #stopped: JoinleafError | null = null;
  readonly #answers = new Map<CallId, Promise<Reply>>();
  readonly #owners = new Map<Descriptor, SocketOwner>();
  readonly #ends = new Map<CallId, (ended: Ended) => void>();
  readonly #observers: Observer[] = [];

  constructor(private readonly parts: ProviderParts) {
    this.#state = noSockets(parts.identity);
    parts.data.start(this);
  }

  get state(): NodeSockets {
    return this.#state;
  }

  get counters(): Counters {
    return this.parts.counters;
  }

  get callTimeoutMs(): number {
    return this.parts.callTimeoutMs;
  }

  /** Takes a step of the machine. Its calls go out, with this much time. */
  take<T>(step: Step<T>, options: CallOptions = {}): Result<T, Refusal> {
    this.#keep(step, options);
    return step.result;
  }

  /** The news of a socket go to its owner, until it is released. */
  own(descriptor: Descriptor, owner: SocketOwner): void {
    this.#owners.set(descriptor, owner);
  }

  /** From now on, for as long as the node runs. */
  observe(observer: Observer): void {
    this.#observers.push(observer);
  }

  /** The answer to a call of the step just taken. Rejects with JoinleafError. */
  answer(call: CallId): Promise<Reply> {
    const answer = this.#answers.get(call);
    if (answer === undefined) throw new Error(`call ${String(call)} is not under way`);
    return answer;
  }

  /** The program knows that this request is over: accept need not tell it (R87). */
  forget(descriptor: Descriptor, request: WaitingKey): void {
    this.#keep(forgetWithdrawn(this.#state, descriptor, request), {});
  }

  /** Calls back when the JoinLeaf of the step just taken ends: before any socket hears of it. */
  onEnd(call: CallId, ended: (ended: Ended) => void): void {
    this.#ends.set(call, ended);
  }

  /** From now on programs can ask nothing more: they meet this error. */
  refuseMore(error: JoinleafError): void {
    this.#stopped ??= error;
    for (const observer of this.#observers) observer.ended();
  }

  /** Ends also what is under way. */
  stop(error: JoinleafError): void {
    this.refuseMore(error);
    this.parts.asker.stop(error);
  }

  /** Throws what `refuseMore` was given. */
  check(): void {
    if (this.#stopped !== null) throw this.#stopped;
  }

  /** Asks for something that concerns no socket's own state. */
  async command(session: SessionAddress, command: Command, options: CallOptions): Promise<Reply> {
    const reply = await this.parts.asker.command(session, command, options);
    this.#watch(reply);
    return reply;
  }

  heardData(datum: Datum): void {
    this.#keep(hearData(this.#state, datum), {});
  }

  flushed(taken: readonly Taken[]): void {
    this.#keep(flushed(this.#state, taken), {});
  }

  drained(socket: Descriptor): void {
    this.#keep(drained(this.#state, socket), {});
  }

  hear(told: KnownNotification): void {
    const hearing = hear(this.#state, told);
    this.#heard(told, hearing);
  }

  hearWaiting(told: KnownNotification): void {
    const hearing = hearWaiting(this.#state, told);
    this.#heard(told, hearing);
  }

  /**
   * Closes a socket, if it is open still. It is released at once; that the session knows is awaited, and
   * goes on behind a call that is aborted or whose time is up.
   */
  async close(descriptor: Descriptor, options: CloseOptions = {}): Promise<void> {
    if (options.abortive === true) {
      const lingerSeconds = 0;
      this.take(setOptions(this.#state, { socket: descriptor, options: { lingerSeconds } }));
    }
    const told = this.release(descriptor);
    if (told === null) return;
    const { timeoutMs = this.parts.callTimeoutMs, signal } = options;
    const closing = told.then(ignore, ignore);
    const giveUp = new AbortController();
    const late = this.parts.world.sleep(timeoutMs, giveUp.signal).then(() => {
      throw new JoinleafError('WSAEINPROGRESS', 'the close is not confirmed yet', 'unknown');
    });
    try {
      await abortable(Promise.race([closing, late]), signal);
    } finally {
      late.catch(ignore);
      giveUp.abort();
    }
  }

  /** Closes a socket; what the session has to be told of it is told for as long as it takes. */
  release(descriptor: Descriptor): Promise<Reply> | null {
    const owner = this.#owners.get(descriptor);
    this.#owners.delete(descriptor);
    const closed = this.take(closeSocket(this.#state, descriptor), { timeoutMs: Infinity });
    owner?.closedHere();
    for (const observer of this.#observers) observer.closed(descriptor);
    if (!closed.ok || closed.value.call === null) return null;
    return this.answer(closed.value.call);
  }

  /** Ends this run of the node: every socket hears FD_CLOSE. */
  lose(code: WsaCode): void {
    this.#keep(loseNode(this.#state, code), {});
  }

  /** Whatever is still open is over for its program; the session learns of it otherwise. */
  abandon(): void {
    const owners = [...this.#owners.values()];
    this.#owners.clear();
    for (const owner of owners) owner.closedHere();
  }

  /** Resolves when nothing is under way any more. */
  async idle(): Promise<void> {
    while (this.#answers.size > 0) await Promise.allSettled(this.#answers.values());
  }

  #heard(told: KnownNotification, hearing: ReturnType<typeof hear>): void {
    const { counters } = this.parts;
    const { id, session, revision } = told;
    if (hearing.verdict === 'other-incarnation') counters.add('ignoredIncarnation', 1);
    else counters.add('heard', 1);
    this.#source = { notice: { id, session, revision }, reply: null };
    this.#keep(hearing, { timeoutMs: Infinity });
    this.#source = nobody;
  }

  #keep({ state, effects }: Change, options: CallOptions): void {
    this.#state = state;
    for (const effect of effects) this.#do(effect, options);
  }

  #do(effect: Effect, options: CallOptions): void {
    switch (effect.type) {
      case 'send':
        this.#send(effect, options);
        return;
      case 'heard':
        this.#owners.get(effect.socket)?.heard(effect.what, this.#source.notice ?? noNotice);
        for (const observer of this.#observers) observer.heard(effect.socket, effect.what);
        return;
      case 'ended': {
        const { notice, reply } = this.#source;
        this.#ends.get(effect.call)?.({ end: effect.end, notice, reply });
        this.#ends.delete(effect.call);
        return;
      }
      case 'publish':
        this.parts.data.publish(effect);
        return;
      case 'tune':
        this.parts.data.tune(effect);
        return;
      case 'drain':
        this.parts.data.drain(effect.socket);
        return;
      case 'signal':
        for (const observer of this.#observers) observer.signal(effect.object, effect.socket);
        return;
      case 'reset':
        for (const observer of this.#observers) observer.reset(effect.object);
        return;
    }
  }

  #send(send: Send, options: CallOptions): void {
    const before = send.after === null ? undefined : this.#answers.get(send.after);
    const answer = this.#ask(send, options, before);
    this.#answers.set(send.call, answer);
    answer.catch(ignore);
  }

  async #ask(
    { call, session, command }: Send,
    options: CallOptions,
    before: Promise<Reply> | undefined,
  ): Promise<Reply> {
    try {
      if (before !== undefined) await before.catch(ignore);
      const reply = await this.parts.asker.command(session, command, {
        timeoutMs: options.timeoutMs,
      });
      this.#source = { notice: null, reply: reply.ok ? null : reply };
      const revision = reply.ok ? reply.revision : undefined;
      this.#keep(hearReply(this.#state, call, resultOf(reply), revision), {});
      for (const observer of this.#observers) observer.answered(Number(command.socket));
      this.#source = nobody;
      this.#watch(reply);
      return reply;
    } catch (error) {
      this.#keep(this.#failed(call, error), {});
      throw error;
    } finally {
      this.#source = nobody;
      this.#answers.delete(call);
    }
  }

  #failed(call: CallId, error: unknown): Change {
    const isUnknown = error instanceof JoinleafError && error.retryable === 'unknown';
    return isUnknown
      ? giveUpCall(this.#state, call)
      : hearReply(this.#state, call, err({ code: 'WSAENETDOWN', rule: 'E2' }));
  }

  #watch(reply: Reply): void {
    if (!reply.ok && reply.code === 'WSAENETRESET') this.parts.fenced(reply);
  }
}

const nobody = { notice: null, reply: null };
const noNotice: Notice = { id: '', session: '', revision: 0 };

function resultOf(reply: Reply): Result<Answer, Refusal> {
  if (reply.ok) return ok(reply.answer);
  const { code, rule, facts } = reply;
  return err(facts === null ? { code, rule } : { code, rule, facts });
}
