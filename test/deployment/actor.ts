import { setTimeout as delay } from 'node:timers/promises';
import {
  JoinleafError,
  UnknownOutcomeError,
  type ConnectOptions,
  type Join,
  type Joinleaf,
  type JoinOptions,
  type JoinOutcome,
  type LeafOptions,
  type LeafOutcome,
  type Link,
  type Leaf,
  type Root,
  type RootOptions,
} from '@joinleaf/client';
import type { Deployment } from './deployment.js';
import type { Answer, Journal } from './journal.js';

type JoinWish = Omit<JoinOptions, 'callerData'>;
type LeafWish = Omit<LeafOptions, 'callerData'>;

/** A program with the client in it, whose every join and every event goes into the journal. */
export class Actor {
  /** Connects as a node of this name. */
  static async enter(
    deployment: Pick<Deployment, 'connectNode'>,
    journal: Journal,
    node: string,
    options: Partial<ConnectOptions> = {},
  ): Promise<Actor> {
    return new Actor(await deployment.connectNode(node, options), journal);
  }

  constructor(
    readonly jl: Joinleaf,
    readonly journal: Journal,
    /** Waits so many milliseconds, in whatever world the program lives. */
    readonly sleep: (ms: number) => Promise<unknown> = (ms) => delay(ms),
  ) {}

  get node(): string {
    return this.jl.node;
  }

  async openRoot(session: string, options: RootOptions = {}): Promise<Root> {
    const root = await this.jl.openRoot(session, options);
    this.#watch(root);
    return root;
  }

  /** A leaf asks for admission, and waits. Null when the call ended without an outcome of its own. */
  async ask(session: string, options: LeafWish = {}): Promise<LeafOutcome | null> {
    const callerData = this.journal.token();
    const asking = this.jl.joinLeaf(session, { ...options, callerData });
    const outcome = await this.#recorded(session, callerData, asking);
    if (outcome?.ok) this.#watch(outcome.leaf);
    return outcome;
  }

  /** A root invites; what becomes of it goes into the journal by itself. */
  async invite(root: Root, leaf: string, options: JoinWish = {}): Promise<Join | null> {
    const callerData = this.journal.token();
    const inviting = root.joinLeaf(leaf, { ...options, callerData });
    const outcome = this.#recorded(
      root.session,
      callerData,
      inviting.then((join) => join.connected),
    );
    void outcome.then((connected) => {
      if (connected?.ok) this.#watch(connected.link);
    });
    return inviting.catch(() => null);
  }

  /** Invites, and waits for the outcome. */
  async inviteAndWait(
    root: Root,
    leaf: string,
    options: JoinWish = {},
  ): Promise<JoinOutcome | null> {
    const join = await this.invite(root, leaf, options);
    return join === null ? null : join.connected;
  }

  /** Closes a socket of this node: what it would hear from then on is not missed. */
  async close(socket: Leaf | Link | Root): Promise<void> {
    this.journal.closedHere.add(socket.socket);
    if ('links' in socket)
      for (const link of socket.links) this.journal.closedHere.add(link.socket);
    await socket.close();
  }

  /** Listens to a member that came without being asked for here: a link of a request that was let in. */
  watch(member: Leaf | Link): void {
    this.#watch(member);
  }

  #watch(member: Root | Leaf | Link): void {
    if (this.journal.watched.has(member.socket)) return;
    this.journal.watched.add(member.socket);
    void this.#listen(member);
  }

  async #listen(member: Root | Leaf | Link): Promise<void> {
    const { node, journal } = this;
    const at = member.socket;
    try {
      for await (const event of member.events()) {
        const { type, id, session, revision } = event;
        if (id === '') continue; // The node itself was fenced: no notification.
        const code = 'code' in event ? event.code : null;
        journal.heard.push({ node, at, type, id, session, revision, code });
        if (event.type === 'LINKED') this.#watch(event.link);
      }
    } catch (error) {
      const nothing = { id: '', session: '', revision: 0, code: null };
      journal.heard.push({ node, at, type: String(error), ...nothing });
    }
  }

  async #recorded<T extends JoinOutcome | LeafOutcome>(
    session: string,
    token: string,
    asking: Promise<T>,
  ): Promise<T | null> {
    const { journal } = this;
    return journal.waitFor(
      (async () => {
        try {
          const outcome = await asking;
          journal.answered({ token, session, ...answerOf(outcome) });
          return outcome;
        } catch (error) {
          const answer = await answerOfThrown(error, journal, this.sleep);
          journal.answered({ token, session, ...answer });
          return null;
        }
      })(),
    );
  }
}

type Told<K extends Answer['kind']> = Omit<Answer & { readonly kind: K }, 'token' | 'session'>;

function answerOf(
  outcome: JoinOutcome | LeafOutcome,
): Told<'joined'> | Told<'failed'> | Told<'refused'> {
  if (outcome.ok) return { kind: 'joined', join: outcome.join };
  const { code, rule, join, basedOn } = outcome;
  return join === null ? { kind: 'refused', code, rule, basedOn } : { kind: 'failed', join, code };
}

async function answerOfThrown(
  error: unknown,
  { undecidedMs }: Journal,
  sleep: Actor['sleep'],
): Promise<Told<'unknown'> | Told<'abandoned'> | Told<'not-done'>> {
  if (error instanceof UnknownOutcomeError) {
    const told = await settled(error, undecidedMs, sleep);
    return told === null ? { kind: 'abandoned' } : { kind: 'unknown', settled: told };
  }
  if (!(error instanceof JoinleafError)) throw error;
  return isGone(error) ? { kind: 'abandoned' } : { kind: 'not-done', code: error.code };
}

/** Whether the run of the node that asked is over. */
const isGone = (error: unknown): boolean =>
  error instanceof JoinleafError &&
  (error.code === 'WSANOTINITIALISED' || error.code === 'WSAENETRESET');

// What nobody knew in time is known afterwards, and stays what it is. Null when whoever asked is gone meanwhile.
async function settled(
  error: UnknownOutcomeError,
  undecidedMs: number,
  sleep: Actor['sleep'],
): Promise<string | null> {
  const patience = undecidedMs / 100;
  let last = 'nothing';
  for (let attempt = 1; attempt <= 60 + patience; attempt += 1) {
    try {
      const told = await error.resolve();
      if (!told.ok && told.code === 'WSAEINPROGRESS' && attempt < patience) {
        await sleep(100); // Not decided, as far as anybody knows: it may still arrive.
        continue;
      }
      return JSON.stringify(told);
    } catch (cause) {
      if (isGone(cause)) return null;
      last = String(cause);
      await sleep(250);
    }
  }
  return `nothing: ${last}`;
}
