import {
  connect,
  JoinleafRefusal,
  type Group,
  type Invitation,
  type Join,
  type Joinleaf,
  type JoinOutcome,
  type JoinRequest,
  type Leaf,
  type LeafJoin,
  type LeafOutcome,
  type Link,
  type Listener,
  type Refused,
  type Root,
} from '@joinleaf/client';
import type { Order, Outcome } from './actor-protocol.js';
import { Pigeonholes } from './pigeonholes.js';
import type { Step, StepOf } from './scenario.js';

const answerMs = 10_000;

/** A program of a scenario: a node with at most one session of its own, one membership and a listener. */
export class Acting {
  readonly #jl: Joinleaf;
  readonly #asked = new Pigeonholes<JoinRequest | Invitation>('nobody asked from');
  readonly #links = new Pigeonholes<Link>('there is no link to');
  readonly #invitations = new Map<string, Join>();
  #root: Root | null = null;
  #group: Group | null = null;
  #listener: Listener | null = null;
  #join: LeafJoin | null = null;
  #leaf: Leaf | null = null;

  static async enter(order: Extract<Order, { kind: 'enter' }>): Promise<Acting> {
    const { credentials, node, realm, boundMs } = order;
    return new Acting(
      await connect({
        servers: credentials.servers,
        ...(credentials.user === undefined ? {} : { user: credentials.user }),
        ...(credentials.pass === undefined ? {} : { pass: credentials.pass }),
        ...(boundMs === null ? {} : { boundMs }),
        node,
        realm,
      }),
    );
  }

  private constructor(jl: Joinleaf) {
    this.#jl = jl;
  }

  /** Does one step, and says how it ended. Never rejects. */
  async act(session: string, step: Step): Promise<Outcome> {
    try {
      return await this.#act(session, step);
    } catch (error) {
      if (error instanceof JoinleafRefusal) return refused(error.refusal);
      return { kind: 'broken', message: error instanceof Error ? error.message : String(error) };
    }
  }

  async exit(): Promise<void> {
    await this.#jl.close();
  }

  async #act(session: string, step: Step): Promise<Outcome> {
    switch (step.action) {
      case 'open':
        return this.#open(session, step);
      case 'policy':
        await (this.#root ?? this.#group ?? this.#jl.group(session)).setPolicy(given(step.changes));
        return done;
      case 'ask':
        return this.#ask(session, step);
      case 'invite':
        return this.#invite(step);
      case 'await':
        return this.#await(step);
      case 'cancel':
        await this.#pending(step.leaf).cancel();
        return done;
      case 'listen':
        return this.#listen(step);
      case 'accept':
        return this.#accept(step);
      case 'reject':
        return settled(await (await this.#asked.take(step.from, answerMs)).reject());
      case 'defer':
        return settled(await (await this.#asked.take(step.from, answerMs)).defer());
      case 'hear':
        return this.#hear(step);
      case 'leave':
        await this.#member().close();
        return done;
      case 'drop':
        await (await this.#links.look(step.leaf, answerMs)).close();
        return done;
      case 'close':
        await (this.#root ?? this.#group ?? this.#jl.group(session)).close();
        return done;
      case 'kill':
        return { kind: 'broken', message: 'somebody else has to do it' };
    }
  }

  async #open(session: string, { policy = {} }: StepOf<'open'>): Promise<Outcome> {
    if (session.startsWith('@')) {
      this.#group = await this.#jl.openGroup(session, given(policy));
      return done;
    }
    this.#root = await this.#jl.openRoot(session, given(policy));
    void this.#collectRequests(this.#root);
    void this.#collectLinks(this.#root);
    return done;
  }

  async #ask(session: string, step: StepOf<'ask'>): Promise<Outcome> {
    const { port } = step;
    const join = await this.#jl.startJoin(session, { ...joining(step), port });
    if (join.id === null) return this.#connected(await join.connected);
    this.#join = join;
    return { kind: 'waiting', deadlineAt: join.deadlineAt };
  }

  async #invite(step: StepOf<'invite'>): Promise<Outcome> {
    if (this.#root === null) throw new Error('only a root invites');
    const join = await this.#root.joinLeaf(step.leaf, joining(step));
    if (join.id === null) return this.#connected(await join.connected);
    this.#invitations.set(step.leaf, join);
    return { kind: 'waiting', deadlineAt: join.deadlineAt };
  }

  async #await({ leaf }: StepOf<'await'>): Promise<Outcome> {
    return this.#connected(await this.#pending(leaf).connected);
  }

  #pending(leaf: string | undefined): Join | LeafJoin {
    const join = leaf === undefined ? this.#join : this.#invitations.get(leaf);
    if (!join) throw new Error(leaf === undefined ? 'it has not asked' : `${leaf} is not invited`);
    return join;
  }

  async #listen({ port }: StepOf<'listen'>): Promise<Outcome> {
    this.#listener = this.#jl.listen(port);
    void this.#collectInvitations(this.#listener);
    return done;
  }

  async #accept({ from, calleeData }: StepOf<'accept'>): Promise<Outcome> {
    const request = await this.#asked.take(from, answerMs);
    const accepted = await request.accept(calleeData === undefined ? {} : { calleeData });
    if (!accepted.ok) return refused(accepted);
    if ('link' in accepted) this.#links.put(from, accepted.link);
    else this.#leaf = accepted.leaf;
    return { kind: 'connected', data: null };
  }

  async #hear({ leaf }: StepOf<'hear'>): Promise<Outcome> {
    const member = leaf === undefined ? this.#member() : await this.#links.look(leaf, answerMs);
    const { code, by } = await member.over;
    if (by === 'self') throw new Error('it closed the socket itself');
    return { kind: 'closed', code };
  }

  #member(): Leaf {
    if (this.#leaf === null) throw new Error('it is no member');
    return this.#leaf;
  }

  #connected(outcome: JoinOutcome | LeafOutcome): Outcome {
    if (!outcome.ok) return outcome.event === null ? refused(outcome) : failed(outcome);
    if ('leaf' in outcome) this.#leaf = outcome.leaf;
    else this.#links.put(nodeIn(outcome.link.leaf), outcome.link);
    return { kind: 'connected', data: textOf(outcome.calleeData) };
  }

  async #collectRequests(root: Root): Promise<void> {
    for await (const request of root.requests()) this.#asked.put(nodeIn(request.from), request);
  }

  async #collectInvitations(listener: Listener): Promise<void> {
    for await (const invitation of listener) this.#asked.put(nodeIn(invitation.from), invitation);
  }

  // Where the policy lets everybody in, the root learns of its members by these.
  async #collectLinks(root: Root): Promise<void> {
    for await (const event of root.events()) {
      if (event.type === 'LINKED') this.#links.put(nodeIn(event.link.leaf), event.link);
    }
  }
}

const done: Outcome = { kind: 'done' };

const settled = (answer: { readonly ok: true } | Refused): Outcome =>
  answer.ok ? done : refused(answer);

const refused = (no: Refused): Outcome => ({ kind: 'refused', ...wordsOf(no) });
const failed = (no: Refused): Outcome => ({ kind: 'failed', ...wordsOf(no) });
const wordsOf = ({ code, number, rule, message }: Refused) => ({ code, number, rule, message });

const joining = ({ callerData, deadlineMs }: StepOf<'ask' | 'invite'>) =>
  given({ callerData, deadlineMs });

/** `bob` of `bob:1`, and of a socket `bob/1k3f9x/7`. */
const nodeIn = (address: string): string => address.split(/[:/]/)[0] ?? '';

const decoder = new TextDecoder();
const textOf = (data: Uint8Array | null): string | null =>
  data === null ? null : decoder.decode(data);

type Given<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** Leaves out what was not given: an option that is there but undefined is another thing. */
function given<T extends object>(options: T): Given<T> {
  const entries = Object.entries(options).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as Given<T>;
}
