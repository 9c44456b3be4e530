import { headers } from '@nats-io/transport-node';
import type { Chance } from './chance.js';
import type { Network, NetworkFaults, Packet, Remote, Subscriber, Tap } from './network.js';
import { Subscribers } from './subscribers.js';
import { SimConnection, type ConnectWish } from './sim-connection.js';
import type { Timeline } from './timeline.js';

/** A part of the server that sees what is published before anybody else, such as JetStream. */
export interface ServerPart {
  /** Answers whether somebody served the packet: then it does not lack a responder. */
  published(packet: Packet): boolean;
}

const calm: NetworkFaults = { lost: 0, duplicated: 0, slowMs: 0, slow: 0 };

/**
 * A NATS server and the network before it: subjects with wildcards, queue groups, "no responders". What is routed to a
 * connection that is gone, and that the server still believes in, is lost, as on a real network.
 */
export class SimNats implements Network {
  readonly #subscribers = new Subscribers();
  readonly #parts: ServerPart[] = [];
  readonly #connections = new Set<SimConnection>();
  #isUp = true;
  faults: NetworkFaults = calm;
  tap: Tap | null = null;

  constructor(
    readonly timeline: Timeline,
    readonly chance: Chance,
  ) {}

  get isUp(): boolean {
    return this.#isUp;
  }

  get connections(): readonly SimConnection[] {
    return [...this.#connections];
  }

  add(part: ServerPart): void {
    this.#parts.push(part);
  }

  /** Connects, or rejects when the server is away. */
  async connect(wish: ConnectWish): Promise<SimConnection> {
    await wish.process.sleep(this.chance.between(0.2, 2));
    if (!this.#isUp) throw new Error('connection refused');
    const connection = new SimConnection(this, wish);
    this.#connections.add(connection);
    return connection;
  }

  forget(connection: Remote): void {
    this.#connections.delete(connection as SimConnection);
  }

  /** The server is killed: every connection breaks, and what it knew of subscriptions is gone. */
  crash(): void {
    this.#isUp = false;
    this.#subscribers.clear();
    for (const connection of this.#connections) connection.reset();
  }

  comeBack(): void {
    this.#isUp = true;
  }

  heal(): void {
    this.faults = calm;
    this.#isUp = true;
    for (const connection of this.#connections) connection.heal();
  }

  subscribe(subscriber: Subscriber): () => void {
    return this.#subscribers.add(subscriber);
  }

  /** Takes in what somebody publishes. */
  publish(packet: Packet): void {
    if (!this.#isUp) return;
    let served = false;
    for (const part of this.#parts) served = part.published(packet) || served;
    const receivers = this.#receivers(packet.subject);
    for (const { connection, take } of receivers) connection.deliver(packet, take);
    const { reply } = packet;
    if (!served && receivers.length === 0 && reply !== undefined) this.#nobody(reply);
  }

  #nobody(reply: string): void {
    const none = { subject: reply, data: new Uint8Array(), headers: headers(503, 'No Responders') };
    for (const { connection, take } of this.#receivers(reply)) connection.deliver(none, take);
  }

  // Everybody who asked for it, and one of each queue group.
  #receivers(subject: string): readonly Subscriber[] {
    const interested = this.#subscribers.of(subject);
    if (interested.every(({ queue }) => queue === null)) return interested;
    const groups = Map.groupBy(interested, ({ queue }) => queue);
    return [...groups].flatMap(([queue, members]) =>
      queue === null ? members : [this.chance.pick(members)],
    );
  }
}
