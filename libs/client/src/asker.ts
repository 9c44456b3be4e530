import type { Asked } from '@joinleaf/request-reply';
import {
  beatReplySchema,
  decode,
  encode,
  inboxPrefixOf,
  protocolVersion,
  replySchema,
  resumeReplySchema,
  startReplySchema,
  stopReplySchema,
  type NodeVerb,
  type RefusedReply,
  type Reply,
  type ResumeReply,
  type StartReply,
  type StopReply,
  type Subjects,
} from '@joinleaf/wire';
import type { AdmissionPolicy, NodeCommand, Rule, SessionAddress } from '@joinleaf/multipoint';
import type { CallOptions, Settled } from './api.js';
import type { Broker, Subscription } from './broker.js';
import { JoinleafError, UnknownOutcomeError } from './errors.js';
import { refusedThere } from './refused.js';
import type { Counters } from './stats.js';
import { abortable, eitherOf, ignore } from './waits.js';
import type { World } from './world.js';

// One question, asked until it is answered. A command keeps its id in every repetition, so that asking
// again is always safe and the answer always the same (H9).

/** Bytes of a reply at most; a page of notifications is the longest. */
const replyBytesMax = 8 * 1_024 * 1_024;
const backoffMaxMs = 1_000;
/** Where nobody serves, somebody soon will: an arbiter's work is taken over within a second. */
const nobodyPauseMs = 100;
/** A last try that has no time for an answer would only make the outcome unknown. */
const worthwhileMs = 250;
/** The longest that a timer can be set for. */
const timerMsMax = 2 ** 31 - 1;

/** A command as its caller states it, without what every command has. */
export type Command =
  | NodeCommand
  | {
      readonly verb: 'open';
      readonly socket: null;
      readonly data: 'nonrooted';
      readonly policy: Partial<AdmissionPolicy>;
    }
  | {
      readonly verb: 'policy';
      readonly socket: string | null;
      readonly policy: Partial<AdmissionPolicy>;
    }
  | { readonly verb: 'close'; readonly socket: null };

export interface AskerParts {
  readonly broker: Broker;
  readonly subjects: Subjects;
  readonly node: string;
  readonly incarnation: string;
  readonly world: World;
  readonly counters: Counters;
  readonly requestTimeoutMs: number;
  readonly callTimeoutMs: number;
}

type Yes<T> = Extract<T, { readonly ok: true }>;

interface Question<T extends { readonly ok: true }> {
  readonly subject: string;
  readonly body: object;
  /** null for what is no answer of this protocol. */
  readonly read: (bytes: Uint8Array) => T | RefusedReply | null;
  /** What to throw when the time is up and the question may have arrived. */
  readonly unknown: () => JoinleafError;
  /** Whether it is a command: then its repetition says that it is one. */
  readonly isCommand: boolean;
  /** Whether it has to be on record in the end: then a log without room for it is asked again. */
  readonly needsRoom: boolean;
}

/** Called for the answers to a beat: there may be none, or several. */
interface BeatAnswers {
  readonly heard: () => void;
  readonly over: (refusal: RefusedReply) => void;
}

export class Asker {
  readonly #stopped = new AbortController();
  /** Commands whose outcome is still being found out, by session. */
  readonly #unsettled = new Map<SessionAddress, Set<Promise<void>>>();
  #answers: Subscription | null = null;
  #beats = 0;

  constructor(private readonly parts: AskerParts) {}

  /** From now on every question, also those under way, ends with this error. */
  stop(error: JoinleafError): void {
    this.#stopped.abort(error);
  }

  /**
   * Asks the arbiter, under one command id. Rejects with JoinleafError: WSAENETDOWN when it certainly did
   * not happen, UnknownOutcomeError when it may have.
   */
  async command(
    session: SessionAddress,
    command: Command,
    options: CallOptions = {},
  ): Promise<Reply> {
    const { subjects, node, incarnation, world } = this.parts;
    const { verb, ...fields } = command;
    const commandId = world.newId();
    if (verb === 'close') await this.#allSettled(session);
    const asking = this.#ask<Yes<Reply>>(
      {
        subject: subjects.command(node, session, verb),
        body: { v: protocolVersion, commandId, incarnation, ...fields },
        read: readReply,
        unknown: () =>
          new UnknownOutcomeError(session, commandId, (more) =>
            this.resolve(session, commandId, more),
          ),
        isCommand: true,
        needsRoom: verb === 'close', // Otherwise a member would remain that no program knows of.
      },
      options,
    );
    try {
      return await asking;
    } catch (error) {
      if (error instanceof UnknownOutcomeError) this.#settle(session, commandId);
      throw error;
    }
  }

  // What nobody knows in time may still be on its way, and must not arrive after a close that takes it back: a member
  // would remain that no program knows of.
  #settle(session: SessionAddress, commandId: string): void {
    const settling = this.resolve(session, commandId, { timeoutMs: Infinity }).then(ignore, ignore);
    const unsettled = this.#unsettled.get(session) ?? new Set();
    this.#unsettled.set(session, unsettled.add(settling));
    void settling.then(() => {
      unsettled.delete(settling);
      if (unsettled.size === 0) this.#unsettled.delete(session);
    });
  }

  async #allSettled(session: SessionAddress): Promise<void> {
    const unsettled = this.#unsettled.get(session);
    if (unsettled !== undefined) await Promise.all(unsettled);
  }

  /**
   * What became of a command. When it is not on record, WSAENETDOWN by H12 says so, and that it never will be: the answer
   * does not change.
   */
  async resolve(
    session: SessionAddress,
    commandId: string,
    options: CallOptions = {},
  ): Promise<Settled> {
    const { subjects, node, incarnation } = this.parts;
    const reply = await this.#ask<Yes<Reply>>(
      {
        subject: subjects.command(node, session, 'resolve'),
        body: { v: protocolVersion, incarnation, commandId },
        read: readReply,
        unknown: () => silent('resolve'),
        isCommand: false,
        needsRoom: true,
      },
      options,
    );
    if (!reply.ok && reply.rule === noRoom) throw silent('resolve');
    if (!reply.ok) return refusedThere(reply);
    const { rule, revision, answer } = reply;
    return { ok: true, rule, revision, answer };
  }

  start(boundMs: number | undefined, options: CallOptions): Promise<StartReply> {
    const body = boundMs === undefined ? {} : { boundMs };
    return this.#askOfNode<Yes<StartReply>>('start', body, reader(startReplySchema), options);
  }

  stopNode(options: CallOptions): Promise<StopReply> {
    return this.#askOfNode<Yes<StopReply>>('stop', {}, reader(stopReplySchema), options);
  }

  resume(after: number | null, options: CallOptions): Promise<ResumeReply> {
    return this.#askOfNode<Yes<ResumeReply>>(
      'resume',
      { after },
      reader(resumeReplySchema),
      options,
    );
  }

  /** Says that this run lives. `over` is called if whoever knows better answers that it is over (H10). */
  beat({ heard, over }: BeatAnswers): void {
    const { broker, subjects, node, incarnation } = this.parts;
    // One place for each answer, and none for long: a broker would keep the way back to it.
    this.#beats += 1;
    this.#answers?.end();
    const reply = `${inboxPrefixOf(node)}.beat-${String(this.#beats)}`;
    const take = (bytes: Uint8Array) => {
      const answer = reader(beatReplySchema)(bytes);
      if (answer?.ok === true) heard();
      else if (answer?.rule === 'H10') over(answer);
    };
    this.#answers = broker.subscribe(reply, take, ignore);
    const body = { v: protocolVersion, incarnation };
    broker.publish(subjects.node(node, 'beat'), encode(body), reply);
  }

  #askOfNode<T extends { readonly ok: true }>(
    verb: NodeVerb,
    body: object,
    read: (bytes: Uint8Array) => T | RefusedReply | null,
    options: CallOptions,
  ): Promise<T | RefusedReply> {
    const { subjects, node, incarnation } = this.parts;
    return this.#ask<T>(
      {
        subject: subjects.node(node, verb),
        body: { v: protocolVersion, incarnation, ...body },
        read,
        unknown: () => silent(verb),
        isCommand: false,
        needsRoom: false,
      },
      options,
    );
  }

  #ask<T extends { readonly ok: true }>(
    question: Question<T>,
    { timeoutMs = this.parts.callTimeoutMs, signal }: CallOptions,
  ): Promise<T | RefusedReply> {
    const until = this.parts.world.now() + timeoutMs;
    if (signal === undefined) return this.#repeat(question, until, this.#stopped.signal);
    const ends = eitherOf([this.#stopped.signal, signal]);
    return this.#repeat(question, until, ends.signal).finally(ends.letGo);
  }

  async #repeat<T extends { readonly ok: true }>(
    question: Question<T>,
    until: number,
    ends: AbortSignal,
  ): Promise<T | RefusedReply> {
    const { world, broker, counters, requestTimeoutMs } = this.parts;
    let bytes = encode(question.body);
    let maybeArrived = false;
    let lastRefusal: RefusedReply | null = null;
    for (let tries = 0; ; tries += 1) {
      ends.throwIfAborted();
      const leftMs = until - world.now();
      const isWorthTrying = tries === 0 || leftMs > Math.min(requestTimeoutMs, worthwhileMs);
      const isReachable = broker.isConnected || (isWorthTrying && (await this.#back(leftMs, ends)));
      if (!isWorthTrying || !isReachable) {
        if (maybeArrived) throw this.#unknown(question);
        if (lastRefusal !== null) return lastRefusal;
        throw unreachable(question.subject);
      }
      if (tries > 0) counters.add('retries', 1);
      const answer = await this.#try(question.subject, bytes, until - world.now(), ends);
      const reply = this.#replyIn(answer, question);
      if (reply?.ok === true) return reply;
      if (reply !== null && isFinal(reply, maybeArrived || question.needsRoom)) return reply;
      if (answer.kind === 'lost' || reply?.retry === 'unknown') {
        if (!maybeArrived && question.isCommand) bytes = encode({ ...question.body, repeat: true });
        maybeArrived = true;
      } else lastRefusal = reply ?? lastRefusal;
      await world.sleep(
        Math.min(this.#pauseMs(tries, answer.kind), Math.max(until - world.now(), 0)),
        ends,
      );
    }
  }

  // Nothing is sent while the connection is away: it would be forgotten, or arrive late.
  async #back(withinMs: number, ends: AbortSignal): Promise<boolean> {
    const { broker, world } = this.parts;
    const giveUp = new AbortController();
    const waiting = eitherOf([ends, giveUp.signal]);
    const late = world.sleep(Math.min(withinMs, timerMsMax), waiting.signal).then(
      () => false,
      () => false,
    );
    const back = broker.available(waiting.signal).then(
      () => true,
      () => false,
    );
    const isBack = await Promise.race([back, late]);
    giveUp.abort();
    waiting.letGo();
    ends.throwIfAborted();
    return isBack;
  }

  #try(subject: string, bytes: Uint8Array, leftMs: number, ends: AbortSignal): Promise<Asked> {
    const timeoutMs = Math.max(Math.min(this.parts.requestTimeoutMs, leftMs), 1);
    return abortable(this.parts.broker.request(subject, bytes, timeoutMs), ends);
  }

  #replyIn<T extends { readonly ok: true }>(
    answer: Asked,
    { subject, read }: Question<T>,
  ): T | RefusedReply | null {
    switch (answer.kind) {
      case 'not-sent':
        if (!this.parts.broker.isOver) return null;
        throw new JoinleafError('WSAENETDOWN', 'the connection is closed', 'safe');
      case 'nobody':
      case 'lost':
        return null;
      case 'denied':
        throw new JoinleafError('WSAEACCES', `the broker does not allow ${subject}`, 'no', {
          cause: answer.cause,
        });
      case 'answer': {
        const reply = read(answer.message.data);
        if (reply !== null) return reply;
        this.parts.counters.add('malformed', 1);
        throw new JoinleafError('WSAEFAULT', 'the answer is none of this protocol', 'unknown');
      }
    }
  }

  #unknown(question: { readonly unknown: () => JoinleafError }): JoinleafError {
    this.parts.counters.add('unknown', 1);
    return question.unknown();
  }

  // Callers that were turned away together shall not come back together.
  #pauseMs(tries: number, kind: Asked['kind']): number {
    const longestMs = kind === 'nobody' ? nobodyPauseMs : backoffMaxMs;
    return Math.min(50 * 2 ** tries, longestMs) * (0.5 + this.parts.world.random() / 2);
  }
}

const reader =
  <S extends Parameters<typeof decode>[0]>(schema: S) =>
  (bytes: Uint8Array) => {
    const decoded = decode(schema, bytes, replyBytesMax);
    return decoded.ok ? decoded.value : null;
  };

const readReply = reader(replySchema);

/** The rule of a refusal for want of room in the log, which settles nothing: it could not be stored either. */
const noRoom: Rule = 'E12';

// A service that is overloaded (H13) or has lost its log for the moment is asked again; that a command is not on
// record, and never will be (H12), is an answer. That there is no room is one too, unless an earlier try may be on its
// way: it would find room later.
function isFinal({ code, rule, retry }: RefusedReply, needsRoom: boolean): boolean {
  if (retry === 'unknown' || (needsRoom && rule === noRoom)) return false;
  return rule === 'H12' || rule === 'H14' || (code !== 'WSAENETDOWN' && rule !== 'H13');
}

const silent = (verb: string): JoinleafError =>
  new JoinleafError('WSAENETDOWN', `nobody answered ${verb} in time`, 'unknown');

const unreachable = (subject: string): JoinleafError =>
  new JoinleafError('WSAENETDOWN', `nobody serves ${subject}`, 'safe');
