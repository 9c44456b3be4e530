import { headers, type MsgHdrs } from '@nats-io/transport-node';
import { NoAnswer, type Asked, type Requests } from '@joinleaf/request-reply';
import { answerIn } from './stream-access.js';
import { JetStreamRefusal } from './trouble.js';

/** A message for a stream. */
export interface Publication {
  readonly stream: string;
  readonly subject: string;
  readonly bytes: Uint8Array;
  /** Recognised by the server as a repetition for some minutes; never the only safeguard. */
  readonly messageId: string;
  /** The sequence of the subject's last message, or 0 for none: stored only if that is so. */
  readonly afterSequence?: number;
}

/** What became of it. Only after `lost` may it be stored, now or later. */
export type Published =
  | { readonly kind: 'stored'; readonly sequence: number; readonly duplicate: boolean }
  | { readonly kind: 'rejected'; readonly cause: JetStreamRefusal }
  | { readonly kind: 'too-large' }
  | Exclude<Asked, { kind: 'answer' }>;

interface Acknowledgement {
  readonly stream: string;
  readonly seq: number;
  readonly duplicate?: boolean;
}

/** Publishes to streams, many at once, each with its own acknowledgement. */
export class Publisher {
  readonly #requests: Requests;

  constructor(requests: Requests) {
    this.#requests = requests;
  }

  async publish(publication: Publication, timeoutMs: number): Promise<Published> {
    const { subject, bytes } = publication;
    const withHeaders = headersOf(publication);
    if (bytes.length + headerBytesMax > this.#requests.payloadBytesMax)
      return { kind: 'too-large' };
    const reply = await this.#requests.ask({ subject, bytes, headers: withHeaders, timeoutMs });
    if (reply.kind !== 'answer') return reply;
    const answer = answerIn<Acknowledgement>(reply);
    if (answer.kind === 'value' && typeof answer.value.seq === 'number') {
      const { seq, duplicate = false } = answer.value;
      return { kind: 'stored', sequence: seq, duplicate };
    }
    return answer.kind === 'failed' && answer.cause instanceof JetStreamRefusal
      ? { kind: 'rejected', cause: answer.cause }
      : { kind: 'lost', cause: new NoAnswer('unreadable answer') };
  }
}

/** More than our headers ever take. */
const headerBytesMax = 1_024;

function headersOf({ stream, messageId, afterSequence }: Publication): MsgHdrs {
  const ours = headers();
  ours.set('Nats-Msg-Id', messageId);
  ours.set('Nats-Expected-Stream', stream);
  if (afterSequence !== undefined) {
    ours.set('Nats-Expected-Last-Subject-Sequence', String(afterSequence));
  }
  return ours;
}
