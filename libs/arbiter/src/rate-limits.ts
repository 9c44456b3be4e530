import type { Refusal, SessionAddress } from '@joinleaf/multipoint';
import { Generations } from './generations.js';

/** How much one arbiter takes; a rate of 0 is no limit. */
export interface RateLimitOptions {
  readonly nodeRatePerS: number;
  readonly nodeBurst: number;
  readonly rootRatePerS: number;
  readonly rootBurst: number;
}

interface Rate {
  readonly perSecond: number;
  readonly burst: number;
}

/** Who is remembered, the half of it at least; beyond it, who has been quiet for long starts anew with a full bucket. */
const bucketsMax = 40_000;

/**
 * Keeps one node from taking everything, and one session from holding everybody up: a bucket of tokens for each.
 * Pure but for what it remembers.
 */
export class RateLimits {
  readonly #nodes: Buckets;
  readonly #roots: Buckets;

  constructor({ nodeRatePerS, nodeBurst, rootRatePerS, rootBurst }: RateLimitOptions) {
    this.#nodes = new Buckets({ perSecond: nodeRatePerS, burst: nodeBurst });
    this.#roots = new Buckets({ perSecond: rootRatePerS, burst: rootBurst });
  }

  /** Takes a command in, or says why not and when to come again. A refused command takes nothing. */
  refusal(node: string, session: SessionAddress, nowMs: number): Refusal | null {
    const ofNode = this.#nodes.waitMs(node, nowMs);
    if (ofNode > 0) return overLimit('node', this.#nodes.rate, ofNode);
    const ofRoot = this.#roots.waitMs(session, nowMs);
    if (ofRoot > 0) return overLimit('root', this.#roots.rate, ofRoot);
    this.#nodes.take(node, nowMs);
    this.#roots.take(session, nowMs);
    return null;
  }

  /** Nodes and sessions that are remembered. */
  get size(): number {
    return this.#nodes.size + this.#roots.size;
  }
}

/** What a command takes from a bucket. In whole numbers, so that whoever waits for as long as he is told finds what he needs. */
const token = 1_000;

interface Bucket {
  /** In thousandths of a token. */
  readonly held: number;
  /** When it held so much, in whole milliseconds. */
  readonly at: number;
}

class Buckets {
  readonly #buckets = new Generations<Bucket>(bucketsMax);

  constructor(readonly rate: Rate) {}

  get size(): number {
    return this.#buckets.size;
  }

  /** How long until there is a token, in milliseconds; 0 when there is one. */
  waitMs(key: string, nowMs: number): number {
    const { perSecond } = this.rate;
    if (perSecond === 0) return 0;
    const missing = token - this.#held(key, Math.floor(nowMs));
    return missing <= 0 ? 0 : Math.ceil(missing / perSecond);
  }

  take(key: string, nowMs: number): void {
    if (this.rate.perSecond === 0) return;
    const at = Math.floor(nowMs);
    this.#buckets.set(key, { held: this.#held(key, at) - token, at });
  }

  // So many tokens in a second are as many thousandths in a millisecond. At least one token fits in, whatever was configured.
  #held(key: string, at: number): number {
    const { perSecond, burst } = this.rate;
    const full = Math.max(burst, 1) * token;
    const bucket = this.#buckets.get(key);
    if (bucket === undefined) return full;
    return Math.min(full, bucket.held + Math.max(at - bucket.at, 0) * perSecond);
  }
}

const overLimit = (limit: 'node' | 'root', { perSecond }: Rate, retryAfterMs: number): Refusal => ({
  code: 'WSAENOBUFS',
  rule: 'H13',
  facts: { limit, perSecond, retryAfterMs },
});
