import {
  answer,
  decide,
  evolve,
  isGroupAddress,
  nodeOf,
  notify,
  outstanding,
  refusalMessage,
  retryClass,
  socketId,
  socketParts,
  unopened,
  winsockPolicy,
  WSA,
  type Decision,
  type Refusal,
  type Session,
  type SessionAddress,
  type SessionCommand,
  type SocketId,
} from '@joinleaf/multipoint';
import {
  decode,
  encode,
  nodeRequestSchemas,
  parseCommandSubject,
  parseNodeSubject,
  requestBytesMax,
  requestSchemas,
  Subjects,
  type Bulletin,
  type CommandSubject,
  type RefusedReply,
  type Reply,
  type RequestOf,
  type ResumeReply,
  type ToldNotification,
  type Verb,
} from '@joinleaf/wire';
import type { Msg, NatsConnection } from '@nats-io/transport-node';

export type Body = { [V in Exclude<Verb, 'resolve'>]: { readonly verb: V } & RequestOf<V> }[Exclude<
  Verb,
  'resolve'
>];

/** One request as it arrived. */
export interface Arrived {
  readonly subject: CommandSubject;
  readonly commandId: string;
}

/** What a test does to the traffic. Everything is left alone without it. */
export interface Mischief {
  /** Whether the reply to this request is lost; it was decided all the same. */
  losesReply?: (arrived: Arrived) => boolean;
  /** Whether the request is lost before it is decided. */
  losesRequest?: (arrived: Arrived) => boolean;
  /** Whether the reply is none of this protocol. */
  garblesReply?: (arrived: Arrived) => boolean;
  /** Answers in the place of the decider. */
  answers?: (arrived: Arrived) => Refusal | null;
  /** Waited for before a reply goes out, after what it causes was told. */
  delaysReply?: (arrived: Arrived) => Promise<void>;
  /** What is published live instead of a bulletin. */
  publishes?: (bulletin: Bulletin) => readonly Bulletin[];
  /** The number of the oldest notification that is still kept. */
  keepsFrom?: number;
}

/**
 * Plays arbiter and notifier over a real broker, in memory, with the real decider: for tests that need a
 * service which forgets, repeats and delays on command.
 */
export class Counterpart {
  readonly arrived: Arrived[] = [];
  readonly beats = new Map<string, number>();
  readonly stopped = new Set<string>();
  readonly resumed: { readonly node: string; readonly after: number | null }[] = [];
  mischief: Mischief = {};
  beatMs = 200;
  readonly #subjects = new Subjects('main');
  readonly #sessions = new Map<SessionAddress, { session: Session; revision: number }>();
  readonly #replies = new Map<string, Reply>();
  readonly #runs = new Map<string, string>();
  readonly #over = new Set<string>();
  readonly #bulletins = new Map<string, Bulletin[]>();

  constructor(private readonly nc: NatsConnection) {
    const take = (handle: (message: Msg) => Promise<void>) => ({
      callback: (error: Error | null, message: Msg) => {
        if (error === null) void handle(message);
      },
    });
    nc.subscribe(
      this.#subjects.commands(),
      take((message) => this.#command(message)),
    );
    for (const verb of ['start', 'beat', 'stop', 'resume'] as const) {
      nc.subscribe(
        this.#subjects.nodes(verb),
        take((message) => this.#node(message)),
      );
    }
  }

  session(address: string): Session {
    return this.#at(address as SessionAddress).session;
  }

  /** The ids of the commands that arrived under a verb. */
  idsOf(verb: Verb): readonly string[] {
    return this.arrived.filter(({ subject }) => subject.verb === verb).map((one) => one.commandId);
  }

  /** Time passes for every session: deadlines come. */
  expireAll(): void {
    for (const address of this.#sessions.keys()) {
      this.#apply(address, { type: 'ExpireJoins', now: Number.MAX_SAFE_INTEGER });
    }
  }

  /** The node's run is over; its sockets leave. */
  loseRun(node: string): void {
    const incarnation = this.#runs.get(node);
    if (incarnation === undefined) return;
    this.#over.add(`${node}/${incarnation}`);
    this.#leaveAll(node, incarnation);
  }

  /** Publishes a node's bulletin once more. */
  repeat(node: string, back = 0): void {
    const bulletin = this.#bulletins.get(node)?.at(-1 - back);
    if (bulletin !== undefined) this.#publish(bulletin);
  }

  /** Something that happens without any command of a node. */
  apply(address: string, command: SessionCommand): Decision {
    return this.#apply(address as SessionAddress, command);
  }

  publishRaw(node: string, bytes: Uint8Array): void {
    this.nc.publish(this.#subjects.notifications(node), bytes);
  }

  #at(address: SessionAddress) {
    return this.#sessions.get(address) ?? { session: unopened, revision: 0 };
  }

  async #command(message: Msg): Promise<void> {
    const subject = parseCommandSubject(message.subject);
    if (subject === null) return;
    const decoded = decode(requestSchemas[subject.verb], message.data, requestBytesMax);
    if (!decoded.ok) {
      message.respond(encode(refusedReply({ code: 'WSAEFAULT', rule: 'H11' }, subject.session)));
      return;
    }
    const { commandId, incarnation } = decoded.value;
    const arrived = { subject, commandId };
    this.arrived.push(arrived);
    if (this.mischief.losesRequest?.(arrived) === true) return;
    const body = { verb: subject.verb, ...decoded.value } as Body;
    const reply = this.#replyTo(subject, incarnation, body, arrived);
    await this.mischief.delaysReply?.(arrived);
    if (this.mischief.losesReply?.(arrived) === true) return;
    const isGarbled = this.mischief.garblesReply?.(arrived) === true;
    message.respond(encode(isGarbled ? { v: 2 } : reply));
  }

  #replyTo(subject: CommandSubject, incarnation: string, body: Body, arrived: Arrived): Reply {
    const { session, node } = subject;
    const { commandId } = arrived;
    const known = this.#replies.get(commandId);
    if (known !== undefined) return known;
    if (subject.verb === 'resolve') {
      const settled = refusedReply({ code: 'WSAENETDOWN', rule: 'H12' }, session, commandId);
      this.#replies.set(commandId, settled);
      return settled;
    }
    if (this.#over.has(`${node}/${incarnation}`)) {
      return refusedReply({ code: 'WSAENETRESET', rule: 'H10' }, session, commandId);
    }
    const instead = this.mischief.answers?.(arrived) ?? null;
    if (instead !== null) return refusedReply(instead, session, commandId);
    const command = commandOf(subject, body, (name) => this.#runs.has(name));
    const decision = this.#apply(session, command);
    const { revision } = this.#at(session);
    const reply: Reply = decision.ok
      ? {
          v: 1,
          ok: true,
          session,
          commandId,
          revision,
          rule: decision.value.rule,
          answer: answer(command, decision.value.events),
        }
      : refusedReply(decision.error, session, commandId, revision);
    this.#replies.set(commandId, reply);
    return reply;
  }

  #apply(address: SessionAddress, command: SessionCommand): Decision {
    const { session, revision } = this.#at(address);
    const decision = decide(command, session);
    if (!decision.ok || decision.value.events.length === 0) return decision;
    let state = session;
    const byNode = new Map<string, ToldNotification[]>();
    let index = 0;
    for (const event of decision.value.events) {
      for (const told of notify(state, event)) {
        const node = nodeIn(told.to);
        const id = `${address}.${revision + 1}.${index}`;
        const more = { id, session: address, revision: revision + 1 };
        byNode.set(node, [...(byNode.get(node) ?? []), { ...told, ...more }]);
        index += 1;
      }
      state = evolve(state, event);
    }
    this.#sessions.set(address, { session: state, revision: revision + 1 });
    for (const [node, notifications] of byNode) this.#tell(node, notifications);
    return decision;
  }

  #tell(node: string, notifications: ToldNotification[]): void {
    const told = this.#bulletins.get(node) ?? [];
    const first = headOf(told) + 1;
    const bulletin: Bulletin = { v: 1, node, first, sequence: told.length + 1, notifications };
    this.#bulletins.set(node, [...told, bulletin]);
    for (const one of this.mischief.publishes?.(bulletin) ?? [bulletin]) this.#publish(one);
  }

  #publish(bulletin: Bulletin): void {
    this.nc.publish(this.#subjects.notifications(bulletin.node), encode(bulletin));
  }

  async #node(message: Msg): Promise<void> {
    const subject = parseNodeSubject(message.subject);
    if (subject === null) return;
    const { node, verb } = subject;
    const decoded = decode(nodeRequestSchemas[verb], message.data, requestBytesMax);
    if (!decoded.ok) return;
    const { incarnation } = decoded.value;
    switch (verb) {
      case 'start': {
        if (this.#over.has(`${node}/${incarnation}`)) {
          message.respond(encode(refusedReply({ code: 'WSAENETRESET', rule: 'H10' }, null)));
          return;
        }
        const before = this.#runs.get(node);
        if (before !== undefined && before !== incarnation) this.loseRun(node);
        this.#runs.set(node, incarnation);
        message.respond(encode({ v: 1, ok: true, boundMs: 4 * this.beatMs, beatMs: this.beatMs }));
        return;
      }
      case 'beat':
        this.beats.set(node, (this.beats.get(node) ?? 0) + 1);
        message.respond(
          this.#over.has(`${node}/${incarnation}`)
            ? encode(refusedReply({ code: 'WSAENETRESET', rule: 'H10' }, null))
            : encode({ v: 1, ok: true }),
        );
        return;
      case 'stop':
        this.stopped.add(node);
        this.#over.add(`${node}/${incarnation}`);
        this.#leaveAll(node, incarnation);
        message.respond(encode({ v: 1, ok: true }));
        return;
      case 'resume': {
        const { after } = decoded.value as { readonly after: number | null };
        this.resumed.push({ node, after });
        message.respond(encode(this.#resume(node, after)));
      }
    }
  }

  #resume(node: string, after: number | null): ResumeReply {
    const told = this.#bulletins.get(node) ?? [];
    const head = headOf(told);
    if (after !== null) {
      const oldest = Math.max(after + 1, this.mischief.keepsFrom ?? 1);
      const rest = told.filter(({ first, notifications }) => first + notifications.length > oldest);
      // One page holds two bulletins here, so that every catching up turns a page.
      return { v: 1, ok: true, head, bulletins: rest.slice(0, 2), pending: [] };
    }
    const waits = [...this.#sessions.values()].flatMap(({ session }) =>
      session.phase === 'open' ? outstanding(session).map(({ id }) => ({ id, session })) : [],
    );
    const pending = told
      .flatMap(({ notifications }) => notifications)
      .filter((one) => one.kind !== 'UNKNOWN')
      .filter(
        (one) =>
          one.kind === 'FD_ACCEPT' &&
          !one.to.includes('/') &&
          waits.some(({ id, session }) => session.address === one.session && id === one.join),
      );
    return { v: 1, ok: true, head, bulletins: [], pending };
  }

  #leaveAll(node: string, incarnation: string): void {
    for (const address of this.#sessions.keys()) {
      const evidence = { kind: 'stopped' } as const;
      const now = Date.now();
      this.#apply(address, { type: 'LoseNode', node, incarnation, evidence, now });
    }
  }
}

const headOf = (told: readonly Bulletin[]): number => {
  const last = told.at(-1);
  return last === undefined ? 0 : last.first + last.notifications.length - 1;
};

export const nodeIn = (to: string): string =>
  to.includes('/') ? socketParts(to as SocketId).node : nodeOf(to as Parameters<typeof nodeOf>[0]);

export function refusedReply(
  refusal: Refusal,
  session: SessionAddress | null,
  commandId: string | null = null,
  revision: number | null = null,
): RefusedReply {
  const { code, rule, facts } = refusal;
  return {
    v: 1,
    ok: false,
    session,
    commandId,
    code,
    number: WSA[code],
    rule,
    retry: retryClass(code),
    basedOn: revision === null ? null : { revision, decisions: 0 },
    facts: facts ?? null,
    message: refusalMessage(refusal),
  };
}

export function commandOf(
  { node, session }: CommandSubject,
  body: Body,
  isUp: (node: string) => boolean,
): SessionCommand {
  const { incarnation } = body;
  const mine = (serial: string) => socketId({ node, incarnation, serial });
  const mineOrNone = (serial: string | null) => (serial === null ? null : mine(serial));
  switch (body.verb) {
    case 'open': {
      const control = isGroupAddress(session) ? 'nonrooted' : 'rooted';
      const policy = { ...winsockPolicy, ...body.policy };
      const root = mineOrNone(body.socket);
      return { type: 'OpenSession', address: session, root, control, data: body.data, policy };
    }
    case 'listen':
      return { type: 'Listen', root: mine(body.socket), backlog: body.backlog };
    case 'policy':
      return { type: 'ChangePolicy', root: mineOrNone(body.socket), changes: body.policy };
    case 'join':
      return joinOf(body, mine, isUp);
    case 'accept': {
      const { join, calleeData } = body;
      const sockets = { acceptor: mine(body.socket), accepted: mineOrNone(body.accepted) };
      return { type: 'AcceptJoin', join, ...sockets, calleeData };
    }
    case 'reject': {
      const { join, reason } = body;
      return { type: 'RejectJoin', join, acceptor: mineOrNone(body.socket), node, reason };
    }
    case 'defer':
      return { type: 'DeferJoin', join: body.join, acceptor: mine(body.socket) };
    case 'close': {
      if (body.socket === null) return { type: 'CloseGroup' };
      const closing = { type: 'CloseSocket', socket: mine(body.socket) } as const;
      return body.abortive === true ? { ...closing, abortive: true } : closing;
    }
    case 'shutdown':
      return { type: 'ShutdownSession', root: mine(body.socket), how: body.how };
  }
}

function joinOf(
  body: Extract<Body, { verb: 'join' }>,
  mine: (serial: string) => SocketId,
  isUp: (node: string) => boolean,
): SessionCommand {
  const { flags, callerData, deadlineMs } = body;
  const flow = body.qos === undefined ? {} : { qos: body.qos };
  const asked = { caller: mine(body.socket), flags, callerData, deadlineMs, ...flow };
  const base = { ...asked, now: Date.now() };
  if (body.as === 'leaf') return { type: 'RequestJoin', ...base, leafAddress: body.local };
  const leafNode = isUp(nodeOf(body.leaf)) ? 'up' : 'unknown';
  const link = mine(body.link);
  return { type: 'InviteLeaf', ...base, leafAddress: body.leaf, link, leafNode };
}
