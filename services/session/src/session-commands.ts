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
import type { RefusalSink, World } from './ports.js';
import { toCommand, type Request } from './to-command.js';
import { refusedReply, toReply } from './to-reply.js';

export interface SessionCommandsParts {
  readonly arbiter: Arbiter;
  readonly nodes: NodeKeeper;
  readonly refusals: RefusalSink;
  readonly world: World;
  readonly name: string;
  readonly decider: string;
  /** Counts requests that are no message of ours. */
  readonly malformed: (verb: Verb) => void;
}

/** Takes a node's requests: checks them, finds out what only the arbiter knows, decides and replies. */
export class SessionCommands {
  constructor(private readonly parts: SessionCommandsParts) {}

  /** Answers one request. Rejects only on a bug of ours. */
  async take(subject: CommandSubject, bytes: Uint8Array): Promise<Reply> {
    const { session, verb } = subject;
    if (verb === 'resolve') return this.#resolve(subject, bytes);
    const decoded = decode(requestSchemas[verb], bytes, requestBytesMax);
    if (!decoded.ok) {
      this.parts.malformed(verb);
      return refusedReply({ session, commandId: null }, malformed(decoded.error), null);
    }
    return this.#decide(subject, { verb, body: decoded.value } as Request);
  }

  async #decide(subject: CommandSubject, request: Request): Promise<Reply> {
    const { session, node } = subject;
    const { commandId, incarnation } = request.body;
    const { arbiter, nodes, world } = this.parts;
    const fence = await nodes.fence(node, incarnation);
    const translated = await toCommand(subject, request, {
      now: world.now(),
      nodeStatus: (name) => nodes.status(name),
    });
    if (!translated.ok) return refusedReply({ session, commandId }, translated.error, null);
    if (fence !== null) {
      this.#recordFenced(session, commandId, translated.value, fence);
      return refusedReply({ session, commandId }, fence, null);
    }
    return toReply(
      session,
      commandId,
      await arbiter.submit(session, { commandId, command: translated.value }),
    );
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
      return refusedReply({ session, commandId: null }, malformed(decoded.error), null);
    const { commandId }: RequestOf<'resolve'> = decoded.value;
    const outcome = await this.parts.arbiter.recall(session, commandId, node);
    return outcome === null
      ? refusedReply({ session, commandId }, { code: 'WSAEINPROGRESS', rule: 'H12' }, null)
      : toReply(session, commandId, outcome);
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
