import type { Msg } from '@nats-io/transport-node';
import { NoAnswer, type Asked, type Requests } from '@joinleaf/request-reply';
import { JetStreamRefusal, StreamUnreachable } from './trouble.js';

/** A message as a stream holds it. */
export interface StoredMessage {
  readonly subject: string;
  readonly sequence: number;
  readonly bytes: Uint8Array;
  /** Milliseconds since the Unix epoch, at the broker. */
  readonly storedAt: number;
}

/** One of several messages that were asked for at once. */
export interface BatchedMessage extends StoredMessage {
  /** How many more the stream had after it. */
  readonly pending: number;
}

/** Which message of a stream is meant. */
export type Which =
  | { readonly seq: number }
  | { readonly last_by_subj: string }
  /** The first one of the subject at or after `seq`. */
  | { readonly seq: number; readonly next_by_subj: string };

export type Got =
  | { readonly kind: 'found'; readonly message: StoredMessage }
  | { readonly kind: 'absent' }
  | { readonly kind: 'unreachable'; readonly cause: unknown };

/** Where a stream begins and ends, and which stream it is. */
export interface StreamExtent {
  /** When the stream was created, as the server writes it: another time is another stream. */
  readonly created: string;
  readonly firstSequence: number;
  readonly lastSequence: number;
  /** Servers that keep it. */
  readonly replicas: number;
}

export interface BatchRequest {
  /** The first sequence wanted. */
  readonly from: number;
  readonly messagesMax: number;
  /** Only messages of this subject. */
  readonly subject?: string;
}

const noMessageFound = 10_037;
const streamNotFound = 10_059;
const endOfBatch = 204;
const notFound = 404;

const encoder = new TextEncoder();
const encode = (request: object): Uint8Array => encoder.encode(JSON.stringify(request));

/** The questions that we ask of one stream. */
export class StreamAccess {
  readonly #requests: Requests;
  #isAlone = false;

  constructor(
    requests: Requests,
    readonly stream: string,
  ) {
    this.#requests = requests;
  }

  /**
   * One message, from the stream's leader: it has every message that was acknowledged. A direct get may
   * be answered by a replica that has not, so nothing is decided on one.
   */
  async get(which: Which, timeoutMs: number): Promise<Got> {
    const subject = `$JS.API.STREAM.MSG.GET.${this.stream}`;
    const reply = await this.#requests.ask({ subject, bytes: encode(which), timeoutMs });
    const answer = answerIn<MessageAnswer>(reply);
    if (answer.kind === 'failed') {
      const { cause } = answer;
      return cause instanceof JetStreamRefusal && cause.code === noMessageFound
        ? { kind: 'absent' }
        : { kind: 'unreachable', cause };
    }
    const { subject: at, seq, data = '', time } = answer.value.message;
    const bytes = Buffer.from(data, 'base64');
    const message = { subject: at, sequence: seq, bytes, storedAt: Date.parse(time) };
    return { kind: 'found', message };
  }

  /** Whether one server alone keeps the stream, as far as `extent` has said: then there is no leader that could be behind. */
  get isAlone(): boolean {
    return this.#isAlone;
  }

  /**
   * Where the stream begins and ends; null when there is no such stream.
   *
   * @throws StreamUnreachable when its leader does not say.
   */
  async extent(timeoutMs: number): Promise<StreamExtent | null> {
    const info = await this.#info({}, timeoutMs);
    if (info === null) return null;
    const { created, state, config } = info;
    this.#isAlone = config.num_replicas === 1;
    return {
      created,
      firstSequence: state.first_seq,
      lastSequence: state.last_seq,
      replicas: config.num_replicas,
    };
  }

  /** How many messages of a subject the stream counts, whether it can read them or not. */
  async count(subject: string, timeoutMs: number): Promise<number> {
    const info = await this.#info({ subjects_filter: subject }, timeoutMs);
    return info?.state.subjects?.[subject] ?? 0;
  }

  /**
   * Up to `messagesMax` messages from any replica, in order, in one request; fewer when there are no more
   * or when the server has sent enough for once. Throws StreamUnreachable when the server falls silent.
   */
  async batch(request: BatchRequest, timeoutMs: number): Promise<readonly BatchedMessage[]> {
    const { from, messagesMax, subject: filter } = request;
    const messages: BatchedMessage[] = [];
    const refusals: JetStreamRefusal[] = [];
    const ending = await this.#requests.listen({
      subject: `$JS.API.DIRECT.GET.${this.stream}`,
      bytes: encode({ seq: from, batch: messagesMax, ...(filter && { next_by_subj: filter }) }),
      timeoutMs,
      onMessage: (message) => {
        const status = message.headers?.code ?? 0;
        if (status === 0) messages.push(directMessage(message));
        else if (status !== endOfBatch && status !== notFound) {
          refusals.push(new JetStreamRefusal(status, message.headers?.description ?? ''));
        }
        return status !== 0;
      },
    });
    const failure = refusals[0] ?? ending?.cause;
    if (failure !== undefined) throw new StreamUnreachable(this.stream, failure);
    return messages;
  }

  async #info(request: object, timeoutMs: number): Promise<InfoAnswer | null> {
    const subject = `$JS.API.STREAM.INFO.${this.stream}`;
    const reply = await this.#requests.ask({ subject, bytes: encode(request), timeoutMs });
    const answer = answerIn<InfoAnswer>(reply);
    if (answer.kind === 'value') return answer.value;
    const { cause } = answer;
    if (cause instanceof JetStreamRefusal && cause.code === streamNotFound) return null;
    throw new StreamUnreachable(this.stream, cause);
  }
}

interface MessageAnswer {
  readonly message: {
    readonly subject: string;
    readonly seq: number;
    readonly data?: string;
    readonly time: string;
  };
}

interface InfoAnswer {
  readonly created: string;
  readonly config: { readonly num_replicas: number };
  readonly state: {
    readonly first_seq: number;
    readonly last_seq: number;
    readonly subjects?: Readonly<Record<string, number>>;
  };
}

type Answer<T> =
  | { readonly kind: 'value'; readonly value: T }
  | { readonly kind: 'failed'; readonly cause: unknown };

interface ErrorAnswer {
  readonly error?: {
    readonly err_code?: number;
    readonly code: number;
    readonly description: string;
  };
}

/** What JetStream's API answered. Its answers are trusted to be what the server's version says. */
export function answerIn<T extends object>(reply: Asked): Answer<T> {
  if (reply.kind !== 'answer') return { kind: 'failed', cause: reply.cause };
  let value: T & ErrorAnswer;
  try {
    value = reply.message.json<T & ErrorAnswer>();
  } catch {
    return { kind: 'failed', cause: new NoAnswer('unreadable answer') };
  }
  const { error } = value;
  if (error === undefined) return { kind: 'value', value };
  const { err_code: code = error.code, description } = error;
  return { kind: 'failed', cause: new JetStreamRefusal(code, description) };
}

// Looked at in one go: the client looks through all of them for each that is asked for.
function directMessage({ headers, data: bytes }: Msg): BatchedMessage {
  const found = { subject: '', sequence: 0, storedAt: 0, pending: 0 };
  for (const [name, [value = '']] of headers ?? []) {
    if (name === 'Nats-Subject') found.subject = value;
    else if (name === 'Nats-Sequence') found.sequence = Number(value);
    else if (name === 'Nats-Time-Stamp') found.storedAt = Date.parse(value);
    else if (name === 'Nats-Num-Pending') found.pending = Number(value);
  }
  return { ...found, bytes };
}
