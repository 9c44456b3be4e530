import type {
  Invitation,
  Joinleaf,
  Leaf,
  LeafJoin,
  LeafOptions,
  Listener,
  Refused,
} from '@joinleaf/client';
import type { Log } from '@joinleaf/nest-kit';
import { base64, type AgentEvent } from './agent-events.js';
import type { EndpointConfig } from './config.js';
import { answerInvitation, type Accepted, type DoorNews } from './doorkeeper.js';
import type { EventFeed } from './event-feed.js';
import { Membership, type Memberships } from './memberships.js';
import type { Turns } from './turns.js';
import { WaitingInvitations } from './waiting-invitations.js';

/** What all endpoints of an agent have in common. */
export interface EndpointWorld {
  readonly jl: Pick<Joinleaf, 'listen' | 'startJoin'>;
  readonly log: Log;
  readonly memberships: Memberships;
  readonly turns: Turns;
  /** Aborts when the agent ends. */
  readonly signal: AbortSignal;
  count(what: 'invited' | 'accept' | 'reject' | 'defer' | 'refused' | 'program-failed'): void;
}

const lookForExpiredMs = 250;

/** One endpoint of this node: it may be invited, and it may ask to join. */
export class Endpoint {
  readonly #waiting: WaitingInvitations;
  #listener: Listener | null = null;

  constructor(
    private readonly config: EndpointConfig,
    private readonly world: EndpointWorld,
    readonly feed: EventFeed<AgentEvent>,
  ) {
    this.#waiting = new WaitingInvitations(config.name);
  }

  get told() {
    const { name, admission, listen } = this.config;
    const address = this.#listener?.address ?? null;
    const rule = typeof admission === 'string' ? admission : 'ask';
    return { name, address, listen, admission: rule, waiting: this.#waiting.size };
  }

  /** Begins to listen, unless this endpoint only asks. */
  start(): void {
    if (!this.config.listen) return;
    const { port, backlog } = this.config;
    this.#listener = this.world.jl.listen(port, { backlog });
    void this.#hear(this.#listener);
    const looking = setInterval(() => {
      this.#tellExpired();
    }, lookForExpiredMs);
    this.world.signal.addEventListener('abort', () => {
      clearInterval(looking);
    });
  }

  invitations() {
    return this.#waiting.list();
  }

  invitation(id: string): Invitation | undefined {
    return this.#waiting.find(id);
  }

  /** Asks to be a leaf of a session or a member of a group. */
  async join(session: string, options: LeafOptions): Promise<Membership | Refused> {
    const join = await this.world.jl.startJoin(session, options);
    if (!isOnRecord(join)) {
      const outcome = await join.connected;
      if (outcome.ok) throw new Error('a join without an id was admitted');
      return outcome;
    }
    const membership = Membership.asking(this.config.name, join);
    this.world.memberships.add(membership);
    void this.#settle(membership, join);
    return membership;
  }

  async accept(invitation: Invitation, calleeData?: Uint8Array): Promise<Accepted | Refused> {
    const data = calleeData ?? this.#calleeData;
    const accepted = await this.#waiting.answering(invitation, () =>
      invitation.accept(data === undefined ? {} : { calleeData: data }),
    );
    if (!accepted.ok) return accepted;
    const { join, leaf } = accepted;
    const membership = Membership.accepted(this.config.name, join, leaf);
    this.world.memberships.add(membership);
    this.feed.publish({ type: 'ACCEPTED', notification: null, ...placeOf(membership) });
    void this.#accompany(membership, leaf);
    return { ok: true, membership };
  }

  reject(invitation: Invitation): Promise<{ readonly ok: true } | Refused> {
    return this.#waiting.answering(invitation, () => invitation.reject());
  }

  get #calleeData(): Uint8Array | undefined {
    const { calleeData } = this.config;
    return calleeData === undefined ? undefined : new TextEncoder().encode(calleeData);
  }

  async #hear(listener: Listener): Promise<void> {
    for await (const invitation of listener.invitations()) {
      const told = this.#waiting.add(invitation);
      if (told === null) continue;
      this.world.count('invited');
      const { id, session, from, flags, callerData, deadlineAt } = told;
      const asked = { session, from, flags, callerData, deadlineAt };
      this.feed.publish({ type: 'FD_ACCEPT', invitation: id, ...asked });
      void this.#answer(invitation);
    }
  }

  // A throw of the client is one call that failed: the invitation waits on, and can be answered by hand.
  async #answer(invitation: Invitation): Promise<void> {
    const { name: endpoint, admission } = this.config;
    const door = {
      endpoint,
      admission,
      accept: (asked: Invitation, data?: Uint8Array) => this.accept(asked, data),
      reject: (asked: Invitation) => this.reject(asked),
      tell: (news: DoorNews) => {
        this.#tell(invitation, news);
      },
    };
    const { turns, signal, log } = this.world;
    await answerInvitation(invitation, door, turns, signal).catch((error: unknown) => {
      const { session, join } = invitation;
      log.error({ err: error, endpoint, session, join }, 'an invitation could not be answered');
    });
  }

  async #settle(membership: Membership, join: LeafJoin): Promise<void> {
    const outcome = await join.connected;
    membership.settle(outcome);
    if (outcome.ok) {
      await this.#accompany(membership, outcome.leaf);
      return;
    }
    const { code, number, event: notification } = outcome;
    const outcomeTold = { code, number, calleeData: null, notification };
    this.feed.publish({ type: 'FD_CONNECT', ...outcomeTold, ...placeOf(membership) });
    this.world.memberships.finished(membership);
  }

  async #accompany(membership: Membership, leaf: Leaf): Promise<void> {
    for await (const event of leaf.events()) {
      const place = { notification: event.id === '' ? null : event.id, ...placeOf(membership) };
      if (event.type === 'FD_CONNECT') {
        const { type, code, number, calleeData } = event;
        this.feed.publish({ type, code, number, calleeData: base64(calleeData), ...place });
      } else if (event.type === 'FD_CLOSE') {
        const { type, code, number } = event;
        this.feed.publish({ type, code, number, ...place });
      }
    }
    const { code, by } = await leaf.over;
    membership.end(code, by);
    this.world.memberships.finished(membership);
  }

  #tellExpired(): void {
    for (const { id, session } of this.#waiting.takeExpired()) {
      this.feed.publish({ type: 'WITHDRAWN', invitation: id, session });
    }
  }

  #tell({ session, join }: Invitation, news: DoorNews): void {
    const about = { endpoint: this.config.name, session, join };
    const { log } = this.world;
    switch (news.kind) {
      case 'answered':
        this.world.count(news.decision);
        log.debug({ ...about, decision: news.decision }, 'answered an invitation');
        return;
      case 'refused': {
        const { code, rule } = news.refusal;
        this.world.count('refused');
        log.info({ ...about, decision: news.decision, code, rule }, 'an answer came too late');
        return;
      }
      case 'program-failed':
        this.world.count('program-failed');
        log.warn(
          { ...about, problem: news.problem, attempt: news.attempt },
          'the program did not decide',
        );
        return;
    }
  }
}

const isOnRecord = (
  join: LeafJoin,
): join is LeafJoin & { readonly id: NonNullable<LeafJoin['id']> } => join.id !== null;

const placeOf = ({ id, origin }: Membership) => ({ membership: id, session: origin.session });
