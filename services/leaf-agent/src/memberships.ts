import type { Leaf, LeafJoin, LeafOutcome, Refused } from '@joinleaf/client';
import type { Base64, RetryClass, Rule, WsaCode } from '@joinleaf/multipoint';
import { base64 } from './agent-events.js';

/** Where a membership is in its life. */
export type MembershipState =
  | { readonly state: 'asking'; readonly deadlineAt: number | null }
  | { readonly state: 'member'; readonly calleeData: Base64 | null }
  | { readonly state: 'refused'; readonly refusal: RefusalTold }
  | { readonly state: 'over'; readonly code: WsaCode | null; readonly by: 'peer' | 'self' };

export interface RefusalTold {
  readonly code: WsaCode;
  readonly number: number;
  readonly rule: Rule;
  readonly retry: RetryClass;
  readonly message: string;
}

/** A membership as a local program sees it. */
export type MembershipTold = MembershipState & {
  /** `conf-7.J3`: the session and the join. */
  readonly id: string;
  readonly endpoint: string;
  readonly session: string;
  /** Where the leaf is: `lobby:49152`. */
  readonly address: string;
};

interface Origin {
  readonly endpoint: string;
  readonly session: string;
  readonly join: string;
  readonly address: string;
}

/** A membership of one of our endpoints: one it asked for, or one it was invited to. */
export class Membership {
  readonly id: string;
  #state: MembershipState;
  #leaf: Leaf | null = null;
  readonly #settled = Promise.withResolvers<undefined>();

  private constructor(
    readonly origin: Origin,
    private readonly asked: LeafJoin | null,
    state: MembershipState,
  ) {
    this.id = idOf(origin);
    this.#state = state;
  }

  /** An endpoint has asked, and the outcome is to come. */
  static asking(endpoint: string, join: LeafJoin & { readonly id: string }): Membership {
    const { session, id, address, deadlineAt } = join;
    const origin = { endpoint, session, join: id, address };
    return new Membership(origin, join, { state: 'asking', deadlineAt });
  }

  /** An endpoint has accepted an invitation. */
  static accepted(endpoint: string, join: string, leaf: Leaf): Membership {
    const { session, address } = leaf;
    const origin = { endpoint, session, join, address };
    const membership = new Membership(origin, null, { state: 'member', calleeData: null });
    membership.#leaf = leaf;
    return membership;
  }

  get told(): MembershipTold {
    const { endpoint, session, address } = this.origin;
    return { id: this.id, endpoint, session, address, ...this.#state };
  }

  get isFinished(): boolean {
    return this.#state.state === 'refused' || this.#state.state === 'over';
  }

  /** Resolves when a join that was asked for has its outcome. */
  get settled(): Promise<undefined> {
    return this.#settled.promise;
  }

  /** Takes the outcome of a join that was asked for. */
  settle(outcome: LeafOutcome): void {
    this.#settled.resolve(undefined);
    if (outcome.ok) {
      this.#leaf = outcome.leaf;
      this.#state = { state: 'member', calleeData: base64(outcome.calleeData) };
    } else {
      this.#state = { state: 'refused', refusal: refusalTold(outcome) };
    }
  }

  end(code: WsaCode | null, by: 'peer' | 'self'): void {
    this.#state = { state: 'over', code, by };
  }

  /** Takes the join back, or leaves. What is over already stays as it is. */
  async leave(): Promise<void> {
    if (this.#leaf !== null) await this.#leaf.close();
    else if (!this.isFinished) await this.asked?.cancel();
  }
}

export const idOf = ({ session, join }: { readonly session: string; readonly join: string }) =>
  `${session}.${join}`;

export const refusalTold = ({ code, number, rule, retry, message }: Refused): RefusalTold => ({
  code,
  number,
  rule,
  retry,
  message,
});

/** All memberships of this agent; of those that are over, the last ones. */
export class Memberships {
  readonly #all = new Map<string, Membership>();
  readonly #finished: string[] = [];

  constructor(private readonly finishedMax: number) {}

  add(membership: Membership): void {
    this.#all.set(membership.id, membership);
  }

  find(id: string): Membership | undefined {
    return this.#all.get(id);
  }

  list(): readonly Membership[] {
    return [...this.#all.values()];
  }

  get current(): number {
    return this.list().filter(({ isFinished }) => !isFinished).length;
  }

  /** Takes note that one is over. */
  finished({ id }: Membership): void {
    this.#finished.push(id);
    if (this.#finished.length <= this.finishedMax) return;
    const oldest = this.#finished.shift();
    if (oldest !== undefined && this.#all.get(oldest)?.isFinished === true)
      this.#all.delete(oldest);
  }
}
