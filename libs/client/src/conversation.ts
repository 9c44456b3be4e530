import {
  receiveData,
  sendData,
  socketParts,
  type Descriptor,
  type Heard,
  type Refusal,
} from '@joinleaf/multipoint';
import type { CallOptions, Done, MessageData, ReceivedMessage, SendOptions } from './api.js';
import { BadArgument, JoinleafError, JoinleafRefusal } from './errors.js';
import type { Provider } from './provider.js';
import { refusedHere } from './refused.js';
import { abortable, ignore } from './waits.js';

export interface ConversationParts {
  readonly provider: Provider;
  readonly descriptor: Descriptor;
  readonly session: string;
  /** Messages were lost on their way, or because nobody took them (H15). */
  readonly lost: (count: number) => void;
}

/**
 * What one socket sends and receives. What comes in waits in the socket's own buffer, which is bounded, until a
 * reader asks for it: each message goes to one reader.
 */
export class Conversation {
  readonly #left: ReceivedMessage[] = [];
  #lostBefore = 0;
  #isOver = false;
  #wakeReaders = Promise.withResolvers<undefined>();
  #wakeSenders = Promise.withResolvers<undefined>();

  constructor(private readonly parts: ConversationParts) {}

  /** Takes what the socket hears: messages came, room came, or it is over. */
  heard({ kind }: Heard): void {
    if (kind === 'FD_READ') this.#wakeReaders = woken(this.#wakeReaders);
    if (kind === 'FD_WRITE') this.#wakeSenders = woken(this.#wakeSenders);
  }

  /** The descriptor is about to go: what waits in its buffer can still be read. */
  keepRest(): void {
    for (let next = this.#take(); next !== null && next !== 'over'; next = this.#take()) {
      this.#left.push(next);
    }
    this.end();
  }

  end(): void {
    this.#isOver = true;
    this.#wakeReaders = woken(this.#wakeReaders);
    this.#wakeSenders = woken(this.#wakeSenders);
  }

  /** Sends, or answers why not; WSAEWOULDBLOCK when too much is under way. */
  trySend(data: MessageData, { chat = false }: SendOptions = {}): Done {
    const { provider, descriptor: socket, session } = this.parts;
    const bytes = bytesOf(data);
    provider.check();
    const sent = provider.take(sendData(provider.state, { socket, bytes, chat }));
    return sent.ok ? { ok: true } : refusedHere(sent.error, { session });
  }

  /** Sends, and waits for room if need be. Throws JoinleafRefusal. */
  async send(data: MessageData, options: SendOptions & CallOptions = {}): Promise<void> {
    const bytes = bytesOf(data).slice();
    const { timeoutMs = this.parts.provider.callTimeoutMs, signal } = options;
    const late = new AbortController();
    const timer = setTimeout(() => {
      late.abort(new JoinleafError('WSAETIMEDOUT', 'no room to send came in time', 'safe'));
    }, timeoutMs);
    const ends = signal === undefined ? late.signal : AbortSignal.any([late.signal, signal]);
    try {
      for (;;) {
        ends.throwIfAborted();
        const room = this.#wakeSenders.promise;
        const sent = this.trySend(bytes, options);
        if (sent.ok) return;
        if (sent.code !== 'WSAEWOULDBLOCK') throw new JoinleafRefusal(sent);
        await abortable(room, ends);
      }
    } finally {
      clearTimeout(timer);
    }
  }

  /** Every message from now on, and those that wait. It ends with the socket. */
  async *messages(): AsyncGenerator<ReceivedMessage, undefined> {
    for (;;) {
      const more = this.#wakeReaders.promise;
      const next = this.#left.shift() ?? (this.#isOver ? 'over' : this.#take());
      if (next === 'over') return undefined;
      if (next === null) await more;
      else yield next;
    }
  }

  // One message; null when none is there, `over` when none will come.
  #take(): ReceivedMessage | 'over' | null {
    const { provider, descriptor: socket } = this.parts;
    for (;;) {
      const step = provider.take(receiveData(provider.state, { socket }));
      if (step.ok) return this.#message(step.value);
      if (!this.#noteLoss(step.error)) return step.error.code === 'WSAEWOULDBLOCK' ? null : 'over';
    }
  }

  #noteLoss({ rule, facts }: Refusal): boolean {
    if (rule !== 'H15') return false;
    const count = Number(facts?.lost ?? 0);
    this.#lostBefore += count;
    this.parts.provider.counters.add('dataLost', count);
    this.parts.lost(count);
    return true;
  }

  #message(received: {
    readonly bytes: Uint8Array;
    readonly from: ReceivedMessage['from'];
    readonly isChat: boolean;
  }): ReceivedMessage {
    const { bytes, from, isChat } = received;
    const lostBefore = this.#lostBefore;
    this.#lostBefore = 0;
    const { node } = socketParts(from);
    return { bytes, from, node, isChat, lostBefore, text: () => new TextDecoder().decode(bytes) };
  }
}

function bytesOf(data: MessageData): Uint8Array {
  if (typeof data === 'string') return new TextEncoder().encode(data);
  if (data instanceof Uint8Array) return data;
  throw new BadArgument('data', 'is neither text nor bytes', 'E9');
}

function woken(waiting: PromiseWithResolvers<undefined>): PromiseWithResolvers<undefined> {
  waiting.resolve(undefined);
  waiting.promise.catch(ignore);
  return Promise.withResolvers<undefined>();
}
