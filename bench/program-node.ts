import { randomBytes, randomUUID } from 'node:crypto';
import {
  encode,
  type AcceptedReply,
  type Bulletin,
  type Reply,
  type RequestInput,
  type Subjects,
  type ToldNotification,
  type Verb,
} from '@joinleaf/wire';
import type { SessionAddress } from '@joinleaf/multipoint';
import type { NatsConnection } from '@nats-io/transport-node';
import type { Asker } from './asker.js';

const boundMs = 60_000;

type Without<T> = T extends unknown ? Omit<T, 'v' | 'commandId' | 'incarnation'> : never;
type Body<V extends Verb> = Without<RequestInput<V>>;

interface ProgramNodeParts {
  readonly nc: NatsConnection;
  readonly asker: Asker;
  readonly subjects: Subjects;
  /** Hears everything that the node is told, before its sockets do. */
  readonly heard?: (bulletin: Bulletin) => void;
}

/**
 * A node that speaks the protocol by hand, with nothing between it and the wire: the load is not what is measured, so it
 * trusts what it hears.
 */
export class ProgramNode {
  readonly incarnation = randomBytes(5).toString('hex');
  readonly #heard = new Map<string, (notification: ToldNotification) => void>();
  readonly #beats: NodeJS.Timeout;
  readonly #nc: NatsConnection;
  readonly #asker: Asker;
  readonly #subjects: Subjects;

  private constructor(
    readonly name: string,
    { nc, asker, subjects, heard }: ProgramNodeParts,
  ) {
    this.#nc = nc;
    this.#asker = asker;
    this.#subjects = subjects;
    nc.subscribe(subjects.notifications(name), {
      callback: (_error, message) => {
        if (heard === undefined && this.#heard.size === 0) return;
        const bulletin = message.json<Bulletin>();
        heard?.(bulletin);
        for (const notification of bulletin.notifications) this.#hear(notification);
      },
    });
    const beat = encode({ v: 1, incarnation: this.incarnation });
    this.#beats = setInterval(() => {
      this.#nc.publish(this.#subjects.node(this.name, 'beat'), beat);
    }, boundMs / 4);
  }

  static async start(name: string, parts: ProgramNodeParts): Promise<ProgramNode> {
    const node = new ProgramNode(name, parts);
    const body = encode({ v: 1, incarnation: node.incarnation, boundMs });
    const reply = await parts.asker.ask(parts.subjects.node(name, 'start'), body);
    const { ok } = reply.json<{ readonly ok: boolean }>();
    if (!ok) throw new Error(`${name} could not start`);
    return node;
  }

  /** Sends a command; rejects when it is refused, because no row here expects a refusal. */
  async command<V extends Verb>(
    session: SessionAddress,
    verb: V,
    body: Body<V>,
  ): Promise<AcceptedReply> {
    const reply = await this.ask(session, verb, body);
    if (!reply.ok) throw new Error(`${verb} was refused: ${reply.message}`);
    return reply;
  }

  /** Sends a command, and gives its answer as it came. */
  async ask<V extends Verb>(session: SessionAddress, verb: V, body: Body<V>): Promise<Reply> {
    const request = { v: 1, commandId: randomUUID(), incarnation: this.incarnation, ...body };
    const subject = this.#subjects.command(this.name, session, verb);
    const message = await this.#asker.ask(subject, encode(request));
    return message.json<Reply>();
  }

  /** Calls `told` for what is told to one socket, by serial, or to an address. */
  onNotification(serial: string, told: (notification: ToldNotification) => void): void {
    this.#heard.set(`${this.name}/${this.incarnation}/${serial}`, told);
  }

  forget(serial: string): void {
    this.#heard.delete(`${this.name}/${this.incarnation}/${serial}`);
  }

  close(): void {
    clearInterval(this.#beats);
  }

  #hear(notification: ToldNotification): void {
    this.#heard.get(notification.to)?.(notification);
  }
}
