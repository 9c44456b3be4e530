import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import type { Chance } from '@joinleaf/sim';
import { FrameReader, type Direction, type Frame, type PassingFrame } from './nats-frames.js';
import { ProxiedWay, type Matcher, type Rule } from './proxied-way.js';

export interface ProxyTarget {
  readonly host: string;
  readonly port: number;
}

/** Hears every frame that a party sends or is sent, before anything is done to it. */
export type FrameWatch = (frame: PassingFrame) => void;

interface ProxyWish {
  readonly targets: readonly ProxyTarget[];
  readonly chance: Chance;
  readonly onFrame?: FrameWatch;
}

/**
 * Stands between one party and the brokers, reads what is said, and does to it what its rules say. Without rules it
 * passes on every byte as it came.
 */
export class NatsProxy implements AsyncDisposable {
  readonly #wish: ProxyWish;
  readonly #servers: readonly Server[];
  readonly #lines = new Set<Line>();
  readonly #matchers = new Set<Matcher>();
  #dialled = 0;
  #isCut = false;
  #isFrozen = false;

  static async start(wish: ProxyWish): Promise<NatsProxy> {
    const proxy = new NatsProxy(wish);
    await Promise.all(
      proxy.#servers.map(
        (server) => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)),
      ),
    );
    return proxy;
  }

  private constructor(wish: ProxyWish) {
    this.#wish = wish;
    this.#servers = wish.targets.map((target) =>
      createServer({ noDelay: true }, (near) => {
        this.#take(near, target);
      }),
    );
  }

  /** Where the party connects instead, in the order of the targets. */
  get urls(): readonly string[] {
    return this.#servers.map(
      (server) => `127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    );
  }

  get connections(): number {
    return this.#lines.size;
  }

  /** How often a connection was asked for. */
  get dialled(): number {
    return this.#dialled;
  }

  /** Does `rule.act` to what matches, until the answer is called. Of those that match, the rule that was made last counts. */
  rule(rule: Rule): () => void {
    const matcher: Matcher = { rule, seen: 0, held: [] };
    this.#matchers.add(matcher);
    return () => {
      this.#matchers.delete(matcher);
      for (const letGo of matcher.held.splice(0)) letGo();
    };
  }

  /** Resets every connection, and takes no new one until `mend`. */
  cut(): void {
    this.#isCut = true;
    this.reset();
  }

  /** Resets every connection once; new ones are taken. */
  reset(): void {
    for (const line of this.#lines) line.reset();
  }

  /** Nothing gets through any more, either way, and nobody is told: as when a cable is pulled. */
  freeze(direction?: Direction): void {
    this.#isFrozen = true;
    for (const line of this.#lines) line.freeze(direction);
  }

  /** Undoes `cut` and `freeze`: what was under way arrives late, as TCP would send it again. */
  mend(): void {
    this.#isCut = false;
    this.#isFrozen = false;
    for (const line of this.#lines) line.thaw();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    await Promise.all(
      this.#servers.map((server) => new Promise((resolve) => server.close(resolve))),
    );
  }

  #take(near: Socket, target: ProxyTarget): void {
    this.#dialled += 1;
    if (this.#isCut) {
      near.resetAndDestroy();
      return;
    }
    const far = connect({ ...target, noDelay: true });
    const { chance, onFrame = () => undefined } = this.#wish;
    const line = new Line(near, far, { matchers: this.#matchers, chance, onFrame });
    this.#lines.add(line);
    line.over.then(
      () => this.#lines.delete(line),
      () => undefined,
    );
    if (this.#isFrozen) line.freeze();
  }
}

interface LineParts {
  readonly matchers: ReadonlySet<Matcher>;
  readonly chance: Chance;
  readonly onFrame: FrameWatch;
}

/** Requests whose answers are recognised; the oldest are forgotten. */
const requestsMax = 20_000;

/** One connection of the party, and ours to the broker for it. */
class Line {
  readonly over: Promise<void>;
  readonly #ways: readonly ProxiedWay[];
  /** Subjects of requests by where their answers go. */
  readonly #asked = new Map<string, string>();

  constructor(
    readonly near: Socket,
    readonly far: Socket,
    parts: LineParts,
  ) {
    const reset = () => {
      this.reset();
    };
    const understand = (frame: Frame): PassingFrame => {
      const passing = { ...frame, answers: this.#answers(frame) };
      parts.onFrame(passing);
      return passing;
    };
    const way = (direction: Direction, from: Socket, to: Socket) =>
      new ProxiedWay(from, to, {
        reader: new FrameReader(direction),
        understand,
        reset,
        ...parts,
      });
    this.#ways = [way('up', near, far), way('down', far, near)];
    this.over = new Promise((resolve) => {
      for (const [one, other] of [
        [near, far],
        [far, near],
      ] as const) {
        one.on('error', () => undefined); // `close` follows, and says enough.
        one.on('close', () => {
          other.destroySoon();
          resolve();
        });
      }
    });
  }

  reset(): void {
    this.near.resetAndDestroy();
    this.far.resetAndDestroy();
  }

  freeze(direction?: Direction): void {
    const [up, down] = this.#ways;
    if (direction !== 'down') up?.freeze();
    if (direction !== 'up') down?.freeze();
  }

  thaw(): void {
    for (const way of this.#ways) way.thaw();
  }

  #answers({ direction, verb, subject, reply }: Frame): string {
    if (direction === 'down') {
      return verb === 'MSG' || verb === 'HMSG' ? (this.#asked.get(subject) ?? '') : '';
    }
    if (reply === '') return '';
    this.#asked.set(reply, subject);
    const [oldest] = this.#asked.keys();
    if (this.#asked.size > requestsMax && oldest !== undefined) this.#asked.delete(oldest);
    return '';
  }
}
