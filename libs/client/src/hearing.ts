import {
  bulletinSchema,
  decode,
  type Bulletin,
  type KnownNotification,
  type RefusedReply,
} from '@joinleaf/wire';
import type { CallOptions } from './api.js';
import type { Asker } from './asker.js';
import type { Broker } from './broker.js';
import { isBehind, offer, type Cursor } from './cursor.js';
import { JoinleafError, JoinleafRefusal } from './errors.js';
import { refusedThere } from './refused.js';
import type { Counters } from './stats.js';
import { ignore } from './waits.js';
import type { World } from './world.js';

/** The notifier itself may have to catch up first. */
const stuckMs = 500;
const bulletinBytesMax = 8 * 1_024 * 1_024;

export interface HearingParts {
  readonly broker: Broker;
  readonly asker: Asker;
  readonly counters: Counters;
  readonly subject: string;
  readonly world: World;
  /** Told once each, in order. */
  readonly tell: (told: KnownNotification) => void;
  /** An invitation that has waited since before this run of the node. */
  readonly tellWaiting: (told: KnownNotification) => void;
  /** This run of the node may not go on: the service says so, or what it missed is gone for good. */
  readonly lost: (why: RefusedReply | 'missed too much') => void;
}

/**
 * Hears a node's notifications: live, and from the log of them whenever some may have been missed. A
 * connection that was away, a number that was passed over, a bulletin that cannot be read: each is a reason
 * to ask.
 */
export class Hearing {
  #cursor: Cursor = { heard: 0, known: 0 };
  #hasBegun = false;
  #isResuming = false;
  #shallResume = false;
  readonly #stopped = new AbortController();
  /** What comes live before the beginning is known. */
  readonly #early: Bulletin[] = [];

  constructor(private readonly parts: HearingParts) {}

  /** Begins to hear with what is told from now on. Rejects with JoinleafError or the signal's reason. */
  async start(options: CallOptions): Promise<void> {
    const { broker, asker, subject, counters, tellWaiting } = this.parts;
    const { promise: forbidden, reject } = Promise.withResolvers<never>();
    forbidden.catch(ignore);
    const take = (bytes: Uint8Array) => {
      this.#receive(bytes);
    };
    broker.subscribe(subject, take, (cause) => {
      reject(
        new JoinleafError('WSAEACCES', `the broker does not allow ${subject}`, 'no', { cause }),
      );
    });
    const beginning = await Promise.race([asker.resume(null, options), forbidden]);
    if (!beginning.ok) throw new JoinleafRefusal(refusedThere(beginning));
    counters.add('resumes', 1);
    this.#cursor = { heard: beginning.head, known: beginning.head };
    for (const told of beginning.pending) tellWaiting(told);
    this.#hasBegun = true;
    for (const bulletin of this.#early.splice(0)) this.#hear(bulletin);
    if (this.#shallResume) this.resume();
  }

  stop(): void {
    this.#stopped.abort();
  }

  /** Asks for what may have been missed. Asked again while it asks, it asks once more. */
  resume(): void {
    this.#shallResume = true;
    if (!this.#hasBegun || this.#isResuming || this.#isStopped) return;
    this.#isResuming = true;
    this.#catchUp()
      .catch(ignore) // There is nobody to ask, or to hear for: the next reason asks again.
      .finally(() => {
        this.#isResuming = false;
        if (this.#shallResume) this.resume();
      });
  }

  get #isStopped(): boolean {
    return this.#stopped.signal.aborted;
  }

  #receive(bytes: Uint8Array): void {
    if (this.#isStopped) return;
    const bulletin = decode(bulletinSchema, bytes, bulletinBytesMax);
    if (!bulletin.ok) {
      this.parts.counters.add('malformed', 1);
      this.resume();
    } else if (!this.#hasBegun) {
      this.#early.push(bulletin.value);
    } else {
      this.#hear(bulletin.value);
    }
  }

  #hear(bulletin: Bulletin): void {
    const { counters, tell } = this.parts;
    const { cursor, fresh, duplicates, isGap } = offer(this.#cursor, bulletin);
    this.#cursor = cursor;
    counters.add('duplicatesDropped', duplicates);
    if (isGap && !this.#isResuming) counters.add('gaps', 1);
    if (isGap) this.resume();
    for (const told of fresh) {
      // A newer service tells more: what this version does not know is none of its business (H24).
      if (told.kind === 'UNKNOWN') counters.add('unknownNews', 1);
      else tell(told);
    }
  }

  async #catchUp(): Promise<void> {
    const { asker, counters, lost, world } = this.parts;
    while (!this.#isStopped && (this.#shallResume || isBehind(this.#cursor))) {
      this.#shallResume = false;
      const after = this.#cursor.heard;
      const page = await asker.resume(after, { timeoutMs: Infinity });
      if (!page.ok) {
        lost(page);
        return;
      }
      counters.add('resumes', 1);
      const [oldest] = page.bulletins;
      if (oldest !== undefined && oldest.first > this.#cursor.heard + 1) {
        lost('missed too much');
        return;
      }
      for (const bulletin of page.bulletins) this.#hear(bulletin);
      const known = Math.max(this.#cursor.known, page.head);
      this.#cursor = { ...this.#cursor, known };
      const isStuck = isBehind(this.#cursor) && this.#cursor.heard === after;
      if (isStuck) await world.sleep(stuckMs, this.#stopped.signal);
    }
  }
}
