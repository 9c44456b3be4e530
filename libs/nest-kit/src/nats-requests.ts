import { EndOfTurn } from '@joinleaf/request-reply';
import { encode, refusedReply, type RefusedParts } from '@joinleaf/wire';
import { Server, type CustomTransportStrategy, type MessageHandler } from '@nestjs/microservices';
import type { Msg, NatsConnection, Subscription } from '@nats-io/transport-node';
import { isObservable, lastValueFrom } from 'rxjs';
import type { Log } from './log.js';
import { patternOf, requestIn, type NatsRequest } from './request.js';
import { RequestFigures, type RequestCounters } from './request-figures.js';

/** Where requests arrive. */
export interface RequestSubject {
  /** Such as `jl.main.cmd.*.*.>`. */
  readonly subject: string;
  /** Shares the requests among all members of the group; without it every instance hears all. */
  readonly queue?: string;
}

export interface NatsRequestsOptions {
  readonly nc: NatsConnection;
  readonly subjects: readonly RequestSubject[];
  /** Requests that may be in hand at once; one more is refused with WSAENOBUFS (H13). Default 4 096. */
  readonly inFlightMax?: number | undefined;
  readonly log: Log;
}

const inFlightMaxDefault = 4_096;

/**
 * Core NATS requests in our own plain JSON, as a transport of Nest: routes by subject to `@Command`
 * and `@NodeRequest` methods, through Nest's guards, pipes, interceptors and filters.
 * Every request that was taken is answered (a beat only if its handler says something): by its handler, or with WSAEFAULT (H11) for a subject or
 * verb that is none, WSAENOBUFS (H13) when too many are in hand, WSAENETDOWN (E2) when the handler
 * threw, WSAEINPROGRESS (H12) when the service had to end before the handler did.
 */
export class NatsRequests extends Server implements CustomTransportStrategy {
  readonly #options: NatsRequestsOptions;
  readonly #inFlightMax: number;
  readonly #heard = new Map<string, RequestSubject & { readonly subscription: Subscription }>();
  readonly #inFlight = new Set<Msg>();
  readonly #figures = new RequestFigures();
  readonly #outgoing = new EndOfTurn();
  #whenIdle: (() => void) | null = null;
  #drained: Promise<{ readonly unanswered: number }> | null = null;

  constructor(options: NatsRequestsOptions) {
    super();
    this.#options = options;
    this.#inFlightMax = options.inFlightMax ?? inFlightMaxDefault;
  }

  /** Nest calls this once, when all handlers are known. */
  override async listen(callback: (error?: unknown) => void): Promise<void> {
    try {
      for (const where of this.#options.subjects) this.#open(where);
      await this.#options.nc.flush();
      callback();
    } catch (error) {
      callback(error);
    }
  }

  /** Hears more subjects from now on; returns once the broker knows. */
  async subscribe(...more: readonly RequestSubject[]): Promise<void> {
    for (const where of more) this.#open(where);
    await this.#options.nc.flush();
  }

  /** Hears subjects no longer; returns once everything that was delivered has been taken. */
  async unsubscribe(...subjects: readonly string[]): Promise<void> {
    const heard = subjects.flatMap((subject) => this.#heard.get(subject) ?? []);
    for (const { subject } of heard) this.#heard.delete(subject);
    await Promise.all(heard.map(({ subscription }) => subscription.drain()));
  }

  /**
   * Unsubscribes, and finishes what is in hand. When `signal` aborts first, whatever is left is
   * answered with WSAEINPROGRESS (H12) and counted. Repeating it gives the same answer.
   */
  drain(signal?: AbortSignal): Promise<{ readonly unanswered: number }> {
    this.#drained ??= this.#drain(signal);
    return this.#drained;
  }

  override async close(): Promise<void> {
    await this.drain(AbortSignal.timeout(closeGraceMs));
  }

  /** Where requests are heard now. */
  get heard(): readonly RequestSubject[] {
    return [...this.#heard.values()];
  }

  get counters(): RequestCounters {
    return { ...this.#figures.counters, inFlight: this.#inFlight.size };
  }

  /** Per pattern, what `$SRV.STATS` tells. */
  get figures(): RequestFigures {
    return this.#figures;
  }

  override on(): never {
    throw new Error('NatsRequests has no events: watch the connection instead');
  }

  override unwrap(): never {
    throw new Error('NatsRequests was given its connection: ask whoever gave it');
  }

  #open(where: RequestSubject): void {
    const { subject, queue } = where;
    if (this.#heard.has(subject) || this.#drained !== null) return;
    const { nc, log } = this.#options;
    const subscription = nc.subscribe(subject, {
      ...(queue === undefined ? {} : { queue }),
      callback: (error: Error | null, message: Msg) => {
        if (error === null) this.#take(message);
        else log.error({ err: error, subject }, 'requests cannot be heard here');
      },
    });
    this.#heard.set(subject, { ...where, subscription });
  }

  #take(message: Msg): void {
    this.#figures.received();
    const route = this.#route(message);
    if ('refusal' in route) {
      this.#figures.refused(route.refusal.kind);
      this.#respondRefused(message, route.refusal.parts);
    } else {
      this.#inFlight.add(message);
      void this.#answer(message, route);
    }
  }

  #route(message: Msg): Route | { readonly refusal: Refusal } {
    const request = requestIn(message);
    if (request === null) return { refusal: malformed };
    const pattern = patternOf(request);
    const handler: Handler | undefined = this.messageHandlers.get(pattern);
    if (handler === undefined) return { refusal: unknownVerb };
    // A beat is never refused: whoever is slow must not make a living node look lost.
    const full = this.#inFlight.size >= this.#inFlightMax && mustAnswer(request, message);
    return full ? { refusal: overloaded } : { request, pattern, handler };
  }

  // The parsed subject goes along as Nest's context too, for interceptors and guards.
  async #answer(message: Msg, { request, pattern, handler }: Route): Promise<void> {
    const startedAt = performance.now();
    let failed = false;
    try {
      const returned: unknown = await handler(request, request);
      const reply: unknown = isObservable(returned) ? await lastValueFrom(returned) : returned;
      this.#finish(message, request, reply);
    } catch (error) {
      failed = true;
      this.#fail(message, pattern, error);
    }
    this.#figures.handled(pattern, performance.now() - startedAt, failed);
  }

  // A message that is in hand no longer was answered when the service had to end.
  #finish(message: Msg, request: NatsRequest, reply: unknown): void {
    const isNone = reply === undefined || reply === null;
    if (wantsReply(message) && this.#inFlight.has(message)) {
      if (!isNone) this.#send(message, reply instanceof Uint8Array ? reply : encode(reply));
      else if (mustAnswer(request, message)) throw new Error('the handler returned no reply');
    }
    this.#leave(message);
  }

  #send(message: Msg, bytes: Uint8Array): void {
    this.#outgoing.add(() => {
      this.#respond(message, bytes);
    });
    this.#figures.answered();
  }

  #fail(message: Msg, pattern: string, error: unknown): void {
    this.#options.log.error({ err: error, pattern }, 'a request handler failed');
    this.#figures.failed();
    if (this.#leave(message)) this.#respondRefused(message, handlerFailed);
  }

  #respondRefused(message: Msg, parts: RefusedParts): void {
    if (wantsReply(message)) this.#respond(message, encode(refusedReply(parts)));
  }

  // The connection may be gone for good by now, and nobody is left to hear of it.
  #respond(message: Msg, bytes: Uint8Array): void {
    try {
      message.respond(bytes);
    } catch (error) {
      this.#options.log.error({ err: error }, 'a reply could not be sent');
    }
  }

  #leave(message: Msg): boolean {
    const was = this.#inFlight.delete(message);
    if (this.#inFlight.size === 0) this.#whenIdle?.();
    return was;
  }

  async #drain(signal: AbortSignal | undefined): Promise<{ readonly unanswered: number }> {
    const ended = aborted(signal);
    const unsubscribed = [...this.#heard.values()].map((each) => each.subscription.drain());
    this.#heard.clear();
    await Promise.race([Promise.allSettled(unsubscribed), ended]);
    if (this.#inFlight.size > 0) await Promise.race([this.#idle(), ended]);
    const left = [...this.#inFlight];
    this.#inFlight.clear();
    for (const message of left) this.#respondRefused(message, outcomeUnknown);
    return { unanswered: left.length };
  }

  #idle(): Promise<void> {
    return new Promise((resolve) => {
      this.#whenIdle = resolve;
    });
  }
}

const closeGraceMs = 20_000;

type Handler = MessageHandler<NatsRequest, NatsRequest, unknown>;

interface Route {
  readonly request: NatsRequest;
  readonly pattern: string;
  readonly handler: Handler;
}

interface Refusal {
  readonly kind: 'malformed' | 'overloaded';
  readonly parts: RefusedParts;
}

const malformed: Refusal = {
  kind: 'malformed',
  parts: { code: 'WSAEFAULT', rule: 'H11', message: 'The subject is none of this protocol.' },
};
const unknownVerb: Refusal = {
  kind: 'malformed',
  parts: { code: 'WSAEFAULT', rule: 'H11', message: 'This service does not answer this verb.' },
};
const overloaded: Refusal = {
  kind: 'overloaded',
  parts: { code: 'WSAENOBUFS', rule: 'H13', message: 'Too many requests are in hand; ask later.' },
};
const handlerFailed: RefusedParts = {
  code: 'WSAENETDOWN',
  rule: 'E2',
  retry: 'unknown',
  message: 'The service failed on this request. Repeat it with the same command id.',
};
const outcomeUnknown: RefusedParts = {
  code: 'WSAEINPROGRESS',
  rule: 'H12',
  message: 'The service ended before the outcome was known. Repeat with the same command id.',
};

const wantsReply = (message: Msg): boolean => message.reply !== undefined && message.reply !== '';

/** A beat that asks for a reply gets one only when there is something to say. */
const mustAnswer = (request: NatsRequest, message: Msg): boolean =>
  wantsReply(message) && !(request.kind === 'node' && request.verb === 'beat');

const aborted = (signal: AbortSignal | undefined): Promise<void> =>
  new Promise((resolve) => {
    if (signal?.aborted === true) resolve();
    signal?.addEventListener('abort', () => {
      resolve();
    });
  });
