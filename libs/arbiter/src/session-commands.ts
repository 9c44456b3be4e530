import type { Refusal, SessionAddress, SessionCommand } from '@joinleaf/multipoint';
import {
  decode,
  requestBytesMax,
  requestSchemas,
  type CommandSubject,
  type Reply,
  type RequestOf,
  type Verb,
} from '@joinleaf/wire';
import type { Arbiter } from './arbiter.js';
import type { NodeKeeper } from './node-keeper.js';
import { NotKnownYet, type RefusalSink, type World } from './ports.js';
import type { RateLimits } from './rate-limits.js';
import { toCommand, type Request } from './to-command.js';
import { refusalReply, toReply } from './to-reply.js';

export interface SessionCommandsParts {
  readonly arbiter: Arbiter;
  readonly nodes: NodeKeeper;
  readonly refusals: RefusalSink;
  readonly world: World;
  readonly name: string;
  readonly decider: string;
  /** Counts requests that are no message of ours. */
  readonly malformed: (verb: Verb) => void;
  /** Without them there are no limits. */
  readonly limits?: RateLimits;
  /** Counts requests that were over a limit. */
  readonly limited?: (limit: 'node' | 'root') => void;
}

/** A command on its way to a decision, or the refusal that met it before. */
interface Underway {
  readonly reply: Promise<Reply>;
}

/**
 * Takes a node's requests: checks them, finds out what only the arbiter knows, decides and replies. What
 * one node asks of one session is decided in the order in which it arrived: a close must not overtake
 * the join that it takes back.
 */
export class SessionCommands {
  readonly #turns = new Map<string, Promise<unknown>>();

  constructor(private readonly parts: SessionCommandsParts) {}

  /** Answers one request. Rejects only on a bug of ours. */
  async take(subject: CommandSubject, bytes: Uint8Array): Promise<Reply> {
    const { session, verb } = subject;
    if (verb === 'resolve') return this.#resolve(subject, bytes);
    const decoded = decode(requestSchemas[verb], bytes, requestBytesMax);
    if (!decoded.ok) {
      this.parts.malformed(verb);
      return refusalReply({ session, commandId: null }, malformed(decoded.error), null);
    }
    const limit = this.#overLimit(subject);
    if (limit !== null)
      return refusalReply({ session, commandId: decoded.value.commandId }, limit, null);
    const request = { verb, body: decoded.value } as Request;
    const { reply } = await this.#inTurn(subject, () => this.#decide(subject, request));
    return reply;
  }

  #overLimit({ node, session }: CommandSubject): Refusal | null {
    const { limits, limited, world } = this.parts;
    const refusal = limits?.refusal(node, session, world.monotonicMs()) ?? null;
    if (refusal !== null) limited?.(refusal.facts?.limit === 'node' ? 'node' : 'root');
    return refusal;
  }

  // A turn is over when its command is in its session's mailbox; nobody waits for another's decision.
  async #inTurn<T>({ node, session }: CommandSubject, work: () => Promise<T>): Promise<T> {
    const who = `${node} ${session}`;
    const before = this.#turns.get(who);
    const turn = before === undefined ? work() : before.then(work, work);
    this.#turns.set(who, turn);
    try {
      return await turn;
    } finally {
      if (this.#turns.get(who) === turn) this.#turns.delete(who);
    }
  }

  async #decide(subject: CommandSubject, request: Request): Promise<Underway> {
    const { session } = subject;
    const { commandId } = request.body;
    const { arbiter } = this.parts;
    const refused = (refusal: Refusal): Underway => ({
      reply: Promise.resolve(refusalReply({ session, commandId }, refusal, null)),
    });
    const known = await this.#known(subject, request);
    if (known === null) return refused({ code: 'WSAENETDOWN', rule: 'E2' });
    const { fence, translated } = known;
    if (!translated.ok) return refused(translated.error);
    const isRepeat = request.body.repeat === true;
    if (fence !== null && !isRepeat) {
      this.#recordFenced(session, commandId, translated.value, fence);
      return refused(fence);
    }
    // What was decided while the run could still speak holds; else the fence does, and is put on record.
    const asked = { commandId, command: translated.value, isRepeat, refusal: fence };
    const outcome = arbiter.submit(session, asked);
    return { reply: outcome.then((decided) => toReply(session, commandId, decided)) };
  }

  // Null while the lives of nodes cannot be told for sure: whoever asks again is answered then.
  async #known(subject: CommandSubject, request: Request) {
    const { nodes, world } = this.parts;
    const { incarnation } = request.body;
    try {
      const fence = await nodes.fence(subject.node, incarnation);
      const translated = await toCommand(subject, request, {
        now: world.now(),
        nodeStatus: (name) => nodes.status(name),
      });
      return { fence, translated };
    } catch (cause) {
      if (cause instanceof NotKnownYet) return null;
      throw cause;
    }
  }

  // What an older run of a node still says changes nothing, and is kept for who asks later (H10).
  #recordFenced(
    session: SessionAddress,
    commandId: string,
    command: SessionCommand,
    { code, rule, facts }: Refusal,
  ): void {
    const { refusals, arbiter, name, decider, world } = this.parts;
    refusals.record({
      schema: 1,
      session,
      commandId,
      command,
      basedOn: { revision: arbiter.revisionOf(session), decisions: 0 },
      code,
      rule,
      facts: facts ?? null,
      arbiter: name,
      decider,
      decidedAt: world.now(),
    });
  }

  async #resolve({ session, node }: CommandSubject, bytes: Uint8Array): Promise<Reply> {
    const decoded = decode(requestSchemas.resolve, bytes, requestBytesMax);
    if (!decoded.ok)
      return refusalReply({ session, commandId: null }, malformed(decoded.error), null);
    const { commandId }: RequestOf<'resolve'> = decoded.value;
    const { arbiter } = this.parts;
    const known = await arbiter.recall(session, commandId, node);
    if (known !== null) return toReply(session, commandId, known);
    // It may still be on its way to the log. Recording that it is not there takes the place that it would need.
    const settle = { commandId, command: { type: 'SettleCommand', node }, isRepeat: true } as const;
    return toReply(session, commandId, await arbiter.submit(session, settle));
  }
}

const malformed = ({
  field,
  problem,
}: {
  readonly field: string;
  readonly problem: string;
}): Refusal => ({
  code: 'WSAEFAULT',
  rule: 'H11',
  facts: { field, problem },
});
