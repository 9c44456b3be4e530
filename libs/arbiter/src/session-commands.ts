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
import { invitedNode, toCommand, type NodeStanding, type Request } from './to-command.js';
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

/** What has to be looked up before a command can be decided. */
interface Known {
  /** Why this run of the node may not speak (H10); null when it may. */
  readonly fence: Refusal | null;
  readonly leafNode: NodeStanding;
}

const nothingAmiss: Known = { fence: null, leafNode: 'up' };

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
    const who = `${subject.node} ${session}`;
    const before = this.#turns.get(who);
    return before === undefined && this.#needsNoRecord(subject, request)
      ? this.#submit(subject, request, nothingAmiss)
      : this.#inTurn(who, before, subject, request);
  }

  #overLimit({ node, session }: CommandSubject): Refusal | null {
    const { limits, limited, world } = this.parts;
    const refusal = limits?.refusal(node, session, world.monotonicMs()) ?? null;
    if (refusal !== null) limited?.(refusal.facts?.limit === 'node' ? 'node' : 'root');
    return refusal;
  }

  // Most commands can be decided from what is in memory: they are in the mailbox before anything else happens.
  #needsNoRecord({ node }: CommandSubject, request: Request): boolean {
    return this.parts.nodes.speaks(node, request.body.incarnation) && invitedNode(request) === null;
  }

  // A turn is over when its command is in its session's mailbox; nobody waits for another's decision.
  async #inTurn(
    who: string,
    before: Promise<unknown> | undefined,
    subject: CommandSubject,
    request: Request,
  ): Promise<Reply> {
    const look = () => this.#known(subject, request);
    const turn = (before === undefined ? look() : before.then(look, look)).then((known) => ({
      reply: this.#submit(subject, request, known),
    }));
    this.#turns.set(who, turn);
    const { reply } = await turn.finally(() => {
      if (this.#turns.get(who) === turn) this.#turns.delete(who);
    });
    return reply;
  }

  #submit(subject: CommandSubject, request: Request, known: Known | null): Promise<Reply> {
    const { session } = subject;
    const { commandId, repeat: isRepeat = false } = request.body;
    const { arbiter, world } = this.parts;
    const refused = (refusal: Refusal) =>
      Promise.resolve(refusalReply({ session, commandId }, refusal, null));
    if (known === null) return refused({ code: 'WSAENETDOWN', rule: 'E2' });
    const { fence, leafNode } = known;
    const translated = toCommand(subject, request, { now: world.now(), leafNode });
    if (!translated.ok) return refused(translated.error);
    if (fence !== null && !isRepeat) {
      this.#recordFenced(session, commandId, translated.value, fence);
      return refused(fence);
    }
    // What was decided while the run could still speak holds; else the fence does, and is put on record.
    const asked = { commandId, command: translated.value, isRepeat, refusal: fence };
    return arbiter.submit(session, asked).then((decided) => toReply(session, commandId, decided));
  }

  // Null while the lives of nodes cannot be told for sure: whoever asks again is answered then.
  async #known({ node }: CommandSubject, request: Request): Promise<Known | null> {
    const { nodes } = this.parts;
    const invited = invitedNode(request);
    try {
      const fence = await nodes.fence(node, request.body.incarnation);
      return { fence, leafNode: invited === null ? 'up' : await nodes.status(invited) };
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
    if (!decoded.ok) {
      this.parts.malformed('resolve');
      return refusalReply({ session, commandId: null }, malformed(decoded.error), null);
    }
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
