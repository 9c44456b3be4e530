import {
  acceptWaiting,
  deferWaiting,
  rejectWaiting,
  type CallId,
  type Descriptor,
  type Heard,
  type JoinFlags,
  type JoinId,
  type Step,
  type WaitingKey,
} from '@joinleaf/multipoint';
import type {
  AcceptOptions,
  CallOptions,
  Done,
  Invitation,
  JoinRequest,
  Leaf,
  Link,
  Refused,
} from './api.js';
import { checkOptions } from './check.js';
import { fromBase64, toBase64 } from './connect-data.js';
import type { MemberLink } from './member.js';
import { acceptFields } from './option-fields.js';
import type { Provider } from './provider.js';
import { refusedHere, refusedThere } from './refused.js';
import { abortable } from './waits.js';

type Asked = Extract<Heard, { kind: 'FD_ACCEPT' }>;

export interface WaitingParts<M> {
  readonly provider: Provider;
  /** The listening socket. */
  readonly socket: Descriptor;
  /** Makes the handle of the socket that accept returned. */
  readonly accepted: (descriptor: Descriptor, waiting: WaitingJoin<M>) => M;
}

/** A join that waits at a socket of ours, to be answered. */
export abstract class WaitingJoin<M> {
  readonly session: string;
  readonly join: JoinId;
  readonly from: string;
  readonly flags: JoinFlags;
  readonly callerData: Uint8Array | null;
  readonly deadlineAt: number | null;
  readonly #key: WaitingKey;
  #isExpired = false;

  constructor(
    private readonly parts: WaitingParts<M>,
    asked: Asked,
  ) {
    const { session, join, from, flags, callerData, deadlineAt } = asked;
    this.session = session;
    this.join = join;
    this.from = from;
    this.flags = flags;
    this.callerData = fromBase64(callerData);
    this.deadlineAt = deadlineAt;
    this.#key = { session, join };
  }

  get expired(): boolean {
    return this.#isExpired;
  }

  /** Nobody can answer it any more. */
  expire(): void {
    this.#isExpired = true;
  }

  async reject(options: CallOptions = {}): Promise<Done> {
    const { provider, socket } = this.parts;
    this.#ready(options);
    const step = rejectWaiting(provider.state, { socket, waiting: this.#key });
    const done = await this.#done(step, options);
    if (done.ok) this.expire();
    return done;
  }

  async defer(options: CallOptions = {}): Promise<Done> {
    const { provider, socket } = this.parts;
    this.#ready(options);
    return this.#done(deferWaiting(provider.state, { socket, waiting: this.#key }), options);
  }

  protected async acceptance(
    options: AcceptOptions,
  ): Promise<{ readonly ok: true; readonly member: M } | Refused> {
    checkOptions(options, acceptFields);
    const { provider, socket, accepted } = this.parts;
    const calleeData = toBase64('calleeData', options.calleeData);
    this.#ready(options);
    const step = provider.take(
      acceptWaiting(provider.state, { socket, waiting: this.#key, calleeData }),
      options,
    );
    if (!step.ok) return refusedHere(step.error, this.#key);
    const { call, descriptor } = step.value;
    const member = accepted(descriptor, this);
    const answer = provider.answer(call);
    try {
      const reply = await abortable(answer, options.signal);
      if (reply.ok) {
        this.expire();
        return { ok: true, member };
      }
      void provider.release(descriptor);
      if (reply.code === 'WSAEACCES') this.expire();
      return refusedThere(reply, this.join);
    } catch (error) {
      // Nobody holds what may have been accepted: it is closed as soon as that can be said.
      void provider.release(descriptor);
      throw error;
    }
  }

  #ready({ signal }: CallOptions): void {
    signal?.throwIfAborted();
    this.parts.provider.check();
  }

  async #done(step: Step<{ readonly call: CallId }>, options: CallOptions): Promise<Done> {
    const { provider } = this.parts;
    const taken = provider.take(step, options);
    if (!taken.ok) return refusedHere(taken.error, this.#key);
    const reply = await abortable(provider.answer(taken.value.call), options.signal);
    if (reply.ok) return { ok: true };
    if (reply.code === 'WSAEACCES') this.expire();
    return refusedThere(reply, this.join);
  }
}

/** A leaf asks to be let in. */
export class RootRequest extends WaitingJoin<MemberLink> implements JoinRequest {
  async accept(
    options: AcceptOptions = {},
  ): Promise<{ readonly ok: true; readonly join: JoinId; readonly link: Link } | Refused> {
    const accepted = await this.acceptance(options);
    if (!accepted.ok) return accepted;
    accepted.member.joined(this.join);
    return { ok: true, join: this.join, link: accepted.member };
  }
}

interface AcceptedLeaf extends Leaf {
  /** The membership has begun. */
  joined(join: JoinId): void;
}

/** A root invites an endpoint of ours. */
export class LeafInvitation extends WaitingJoin<AcceptedLeaf> implements Invitation {
  async accept(
    options: AcceptOptions = {},
  ): Promise<{ readonly ok: true; readonly join: JoinId; readonly leaf: Leaf } | Refused> {
    const accepted = await this.acceptance(options);
    if (!accepted.ok) return accepted;
    accepted.member.joined(this.join);
    return { ok: true, join: this.join, leaf: accepted.member };
  }
}
