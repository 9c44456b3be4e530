// The NATS protocol as frames: one control line, with its payload if it has one. Bytes are kept as they came, so
// that what is put together again is what was taken apart.

/** `up` is from a client to its server, `down` from the server to the client. */
export type Direction = 'up' | 'down';

export interface Frame {
  readonly direction: Direction;
  /** In capitals: `PUB`, `HMSG`, `PING`, `+OK` … */
  readonly verb: string;
  /** What is published, delivered or subscribed to; empty for other frames. */
  readonly subject: string;
  /** Where an answer is to go; empty for none. */
  readonly reply: string;
  /** The whole frame, with its line ends. */
  readonly bytes: Buffer;
  /** Where the payload with its headers begins in `bytes`, and how long it is. */
  readonly payloadAt: number;
  readonly payloadLength: number;
}

/** A frame on its way through a proxy. */
export interface PassingFrame extends Frame {
  /** For a message to a client: the subject of the request that it answers; empty for no answer. */
  readonly answers: string;
}

const lineEnd = Buffer.from('\r\n');

/** Takes a stream of bytes apart, however they arrive. */
export class FrameReader {
  #bytes: Buffer = Buffer.alloc(0);
  /** How far the control line in `#bytes` was searched for its end. */
  #searched = 0;

  constructor(private readonly direction: Direction) {}

  /** What has arrived and is no whole frame yet. */
  get rest(): Buffer {
    return this.#bytes;
  }

  /** Takes some bytes in, and answers the frames that are whole with them. */
  take(bytes: Buffer): Frame[] {
    this.#bytes = this.#bytes.length === 0 ? bytes : Buffer.concat([this.#bytes, bytes]);
    const frames: Frame[] = [];
    for (let frame = this.#next(); frame !== null; frame = this.#next()) frames.push(frame);
    return frames;
  }

  #next(): Frame | null {
    const end = this.#bytes.indexOf(lineEnd, Math.max(0, this.#searched - 1));
    if (end < 0) {
      this.#searched = this.#bytes.length;
      return null;
    }
    const payloadAt = end + lineEnd.length;
    const line = this.#bytes.toString('latin1', 0, end);
    const { verb, subject, reply, payloadLength } = read(line);
    const length = payloadLength === null ? payloadAt : payloadAt + payloadLength + lineEnd.length;
    if (this.#bytes.length < length) {
      this.#searched = end; // Found again at once when more has come.
      return null;
    }
    const bytes = this.#bytes.subarray(0, length);
    this.#bytes = this.#bytes.subarray(length);
    this.#searched = 0;
    const { direction } = this;
    return { direction, verb, subject, reply, bytes, payloadAt, payloadLength: payloadLength ?? 0 };
  }
}

/** The payload of a frame with its headers. */
export const payloadOf = ({ bytes, payloadAt, payloadLength }: Frame): Buffer =>
  bytes.subarray(payloadAt, payloadAt + payloadLength);

interface ControlLine {
  readonly verb: string;
  readonly subject: string;
  readonly reply: string;
  /** Null for a frame that is a line and nothing else. */
  readonly payloadLength: number | null;
}

function read(line: string): ControlLine {
  const [first = '', ...words] = line.split(/[ \t]+/).filter((word) => word !== '');
  const verb = first.toUpperCase();
  const subject = words[0] ?? '';
  const sized = (fixed: number, replyAt: number): ControlLine => ({
    verb,
    subject,
    reply: words.length > fixed ? (words[replyAt] ?? '') : '',
    payloadLength: Number(words.at(-1)),
  });
  switch (verb) {
    case 'PUB': // subject [reply] size
      return sized(2, 1);
    case 'HPUB': // subject [reply] headers total
      return sized(3, 1);
    case 'MSG': // subject sid [reply] size
      return sized(3, 2);
    case 'HMSG': // subject sid [reply] headers total
      return sized(4, 2);
    case 'SUB':
      return { verb, subject, reply: '', payloadLength: null };
    default:
      return { verb, subject: '', reply: '', payloadLength: null };
  }
}
