import { Worker } from 'node:worker_threads';
import type { RefusalRecord } from '@joinleaf/event-log';
import type { StoredMessage } from '@joinleaf/jetstream-log';
import type { SessionAddress } from '@joinleaf/multipoint';
import type { Loaded } from '../sources.js';
import { packed } from './packed-messages.js';
import type { SessionReport } from './session-report.js';
import type { FromThread, Question, ThreadSetup, ToThread } from './thread-protocol.js';

/** So many messages are handed over at once, */
const messagesMax = 500;
/** and so many times before a thread has done with the first of them. */
const handedOverMax = 8;
const commitsMax = 500;
/** What a thread makes it soon throws away: a larger nursery takes memory and saves no time. */
const resourceLimits = { maxYoungGenerationSizeMb: 48 };
const encoder = new TextEncoder();

/**
 * Decides sessions again in threads of their own: each session in one of them, several at a time. What a session's thread
 * answers is what this one would have.
 */
export class ReplayThreads implements AsyncDisposable {
  readonly #threads: readonly ReplayThread[];
  readonly #ofSession = new Map<SessionAddress, ReplayThread>();
  readonly #forget: () => void;
  #turn = 0;

  /** @param signal - Ends the threads, and what they were asked fails with its reason. */
  constructor(count: number, setup: ThreadSetup, signal: AbortSignal) {
    this.#threads = Array.from({ length: count }, () => new ReplayThread(setup));
    const stop = () => {
      for (const thread of this.#threads) thread.giveUp(signal.reason);
    };
    signal.addEventListener('abort', stop);
    this.#forget = () => {
      signal.removeEventListener('abort', stop);
    };
  }

  begin(session: SessionAddress, refusals: readonly RefusalRecord[]): void {
    const thread = this.#next();
    this.#ofSession.set(session, thread);
    thread.post({ kind: 'session', session, refusals });
  }

  /** Hands over a message on the subject of a session that has begun, in the order of the stream. Wait for it where it says so. */
  take(session: SessionAddress, message: StoredMessage): Promise<void> | null {
    return this.#of(session).take(message);
  }

  finish(
    session: SessionAddress,
    { origin, again }: Pick<Loaded, 'origin' | 'again'>,
  ): Promise<SessionReport> {
    return this.#of(session).ask({ kind: 'finish', session, origin, again });
  }

  /** Decides a history that was read here. */
  decideWhole({ history, origin, again, trouble }: Loaded): Promise<SessionReport> {
    const { session, commits, refusals } = history;
    const thread = this.#next();
    for (let from = 0; from < commits.length; from += commitsMax) {
      const json = encoder.encode(JSON.stringify(commits.slice(from, from + commitsMax)));
      thread.post({ kind: 'commits', json }, [json.buffer]);
    }
    return thread.ask({ kind: 'decide', session, refusals, origin, again, trouble });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#forget();
    await Promise.all(this.#threads.map((thread) => thread.end()));
  }

  #of(session: SessionAddress): ReplayThread {
    const thread = this.#ofSession.get(session);
    if (thread === undefined) throw new Error(`${session} has not begun`);
    return thread;
  }

  #next(): ReplayThread {
    const thread = this.#threads[this.#turn % this.#threads.length];
    this.#turn += 1;
    if (thread === undefined) throw new Error('there are no threads');
    return thread;
  }
}

class ReplayThread {
  readonly #worker: Worker;
  readonly #asked: PromiseWithResolvers<SessionReport>[] = [];
  #taken: StoredMessage[] = [];
  #handedOver = 0;
  #room: PromiseWithResolvers<void> | null = null;
  #givenUp: { readonly error: unknown } | null = null;

  constructor(workerData: ThreadSetup) {
    const program = new URL('./replay-thread.js', import.meta.url);
    this.#worker = new Worker(program, { workerData, resourceLimits });
    this.#worker.on('message', (answer: FromThread) => {
      this.#hear(answer);
    });
    this.#worker.on('error', (error: unknown) => {
      this.giveUp(error);
    });
    this.#worker.on('exit', (code) => {
      this.giveUp(new Error(`a thread that decides has ended with ${String(code)}`));
    });
  }

  /** Null while there is room for more. */
  take(message: StoredMessage): Promise<void> | null {
    this.#taken.push(message);
    if (this.#taken.length < messagesMax) return null;
    this.#handOver();
    if (this.#handedOver < handedOverMax || this.#givenUp !== null) return null;
    this.#room ??= Promise.withResolvers();
    return this.#room.promise;
  }

  post(message: ToThread, owned: readonly ArrayBuffer[] = []): void {
    this.#worker.postMessage(message, owned);
  }

  ask(question: Question): Promise<SessionReport> {
    this.#handOver();
    const asked = Promise.withResolvers<SessionReport>();
    asked.promise.catch(() => undefined); // Heard when its turn comes, if it ever does.
    if (this.#givenUp !== null) {
      asked.reject(this.#givenUp.error);
      return asked.promise;
    }
    this.#asked.push(asked);
    this.post(question);
    return asked.promise;
  }

  giveUp(error: unknown): void {
    this.#givenUp ??= { error };
    for (const { reject } of this.#asked.splice(0)) reject(error);
    this.#makeRoom();
    void this.end();
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }

  #hear(answer: FromThread): void {
    if (answer.kind === 'taken') {
      this.#handedOver -= 1;
      this.#makeRoom();
      return;
    }
    const asked = this.#asked.shift();
    if (answer.kind === 'report') asked?.resolve(answer.report);
    else asked?.reject(Object.assign(new Error(answer.message), { name: answer.name }));
  }

  #makeRoom(): void {
    this.#room?.resolve();
    this.#room = null;
  }

  #handOver(): void {
    if (this.#taken.length === 0) return;
    const messages = packed(this.#taken);
    this.#taken = [];
    this.#handedOver += 1;
    this.post({ kind: 'messages', messages }, [messages.bytes.buffer]);
  }
}
