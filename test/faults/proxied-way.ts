import { setImmediate as turn, setTimeout as delay } from 'node:timers/promises';
import type { Socket } from 'node:net';
import type { Chance } from '@joinleaf/sim';
import type { Direction, Frame, FrameReader, PassingFrame } from './nats-frames.js';

export interface Match {
  readonly direction?: Direction;
  readonly verb?: RegExp;
  readonly subject?: RegExp;
  /** The subject of the request that a message answers: `{ answers: /\.evt\./ }` is a commit's acknowledgement. */
  readonly answers?: RegExp;
  /** Only the n-th frame that matches so far, from 1. */
  readonly nth?: number;
  /** Only the first so many that match. */
  readonly atMost?: number;
  /** Only this share of them, from 0 to 1. */
  readonly chance?: number;
}

export type Act =
  | 'pass'
  | 'drop'
  | 'duplicate'
  /** Kept until the rule is taken away, while what comes later gets through. */
  | 'hold'
  /** The connection is reset, and the frame is not passed on. */
  | 'close'
  /** One bit of its payload is another one. */
  | 'corrupt'
  /** Everything waits in line: later frames stay behind it. */
  | { readonly delayMs: readonly [min: number, max: number] }
  /** Kept for a while, while what comes later gets through. */
  | { readonly overtakenMs: readonly [min: number, max: number] }
  /** Passed on in pieces of so many bytes. */
  | { readonly slice: readonly [min: number, max: number] };

export interface Rule {
  readonly match: Match;
  readonly act: Act;
  /** Called for each frame that the rule is applied to, before it is. */
  readonly then?: (frame: PassingFrame) => void;
}

/** A rule, and what became of it so far. */
export interface Matcher {
  readonly rule: Rule;
  seen: number;
  /** Passes on what is kept. */
  readonly held: (() => void)[];
}

interface WayParts {
  readonly reader: FrameReader;
  readonly understand: (frame: Frame) => PassingFrame;
  readonly matchers: ReadonlySet<Matcher>;
  readonly chance: Chance;
  readonly reset: () => void;
}

/** One direction of a connection. */
export class ProxiedWay {
  readonly #from: Socket;
  readonly #to: Socket;
  readonly #parts: WayParts;
  /** What still waits before the next frame may be written; null when nothing does. */
  #queue: Promise<void> | null = null;
  #isFrozen = false;
  #ended = false;

  constructor(from: Socket, to: Socket, parts: WayParts) {
    this.#from = from;
    this.#to = to;
    this.#parts = parts;
    from.on('data', (bytes: Buffer) => {
      for (const frame of parts.reader.take(bytes)) this.#pass(parts.understand(frame));
    });
    from.on('end', () => {
      this.#ended = true;
      this.#inLine(() => {
        this.#write(parts.reader.rest);
        to.end();
      });
    });
    to.on('drain', () => {
      if (!this.#isFrozen) from.resume();
    });
  }

  freeze(): void {
    this.#isFrozen = true;
    this.#from.pause();
  }

  thaw(): void {
    this.#isFrozen = false;
    this.#from.resume();
  }

  #pass(frame: PassingFrame): void {
    const matcher = this.#matcherOf(frame);
    if (matcher === null) {
      this.#send(frame.bytes);
      return;
    }
    matcher.rule.then?.(frame);
    this.#apply(matcher, frame);
  }

  #matcherOf(frame: PassingFrame): Matcher | null {
    for (const matcher of [...this.#parts.matchers].reverse()) {
      if (!fits(matcher.rule.match, frame)) continue;
      const { nth, atMost = Infinity, chance = 1 } = matcher.rule.match;
      if (chance < 1 && this.#parts.chance.next() >= chance) continue;
      matcher.seen += 1;
      if (nth !== undefined && matcher.seen !== nth) continue;
      if (matcher.seen > atMost) continue;
      return matcher;
    }
    return null;
  }

  #apply({ rule: { act }, held }: Matcher, { bytes, payloadAt, payloadLength }: Frame): void {
    const { chance, reset } = this.#parts;
    switch (act) {
      case 'pass':
        this.#send(bytes);
        return;
      case 'drop':
        return;
      case 'duplicate':
        this.#send(bytes);
        this.#send(bytes);
        return;
      case 'hold':
        held.push(() => {
          this.#send(bytes);
        });
        return;
      case 'close':
        reset();
        return;
      case 'corrupt':
        this.#send(corrupted(bytes, payloadAt + chance.whole(0, Math.max(0, payloadLength - 1))));
        return;
    }
    if ('slice' in act) this.#slice(bytes, act.slice);
    else if ('delayMs' in act) this.#inLine(() => delay(chance.whole(...act.delayMs)), bytes);
    else {
      void delay(chance.whole(...act.overtakenMs)).then(() => {
        this.#send(bytes);
      });
    }
  }

  #slice(bytes: Buffer, [min, max]: readonly [number, number]): void {
    this.#inLine(async () => {
      for (let at = 0; at < bytes.length;) {
        const next = at + this.#parts.chance.whole(min, max);
        this.#write(bytes.subarray(at, next));
        at = next;
        await turn(); // Otherwise the system puts them together again.
      }
    });
  }

  /** Writes at once, or behind what still waits. */
  #send(bytes: Buffer): void {
    if (this.#queue === null) this.#write(bytes);
    else this.#inLine(() => undefined, bytes);
  }

  #inLine(work: () => void | Promise<void>, bytes?: Buffer): void {
    const done = (this.#queue ?? Promise.resolve()).then(work).then(() => {
      if (bytes !== undefined) this.#write(bytes);
      if (this.#queue === done) this.#queue = null;
    });
    this.#queue = done;
  }

  #write(bytes: Buffer): void {
    if (bytes.length === 0 || !this.#to.writable) return;
    const flows = this.#to.write(bytes);
    if (!flows && !this.#ended) this.#from.pause();
  }
}

function fits({ direction, verb, subject, answers }: Match, frame: PassingFrame): boolean {
  return (
    (direction === undefined || direction === frame.direction) &&
    (verb?.test(frame.verb) ?? true) &&
    (subject?.test(frame.subject) ?? true) &&
    (answers === undefined || (frame.answers !== '' && answers.test(frame.answers)))
  );
}

function corrupted(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[at] = (copy[at] ?? 0) ^ 0x01;
  return copy;
}
