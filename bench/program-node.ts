import { randomBytes, randomUUID } from 'node:crypto';
import {
  bulletinSchema,
  decode,
  encode,
  replySchema,
  type AcceptedReply,
  type Bulletin,
  type RequestInput,
  type Subjects,
  type ToldNotification,
  type Verb,
} from '@joinleaf/wire';
import type { SessionAddress } from '@joinleaf/multipoint';
import type { NatsConnection } from '@nats-io/transport-node';
import type { Asker } from './asker.js';

const bytesMax = 1_048_576;
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

/** A node that speaks the protocol by hand, with nothing between it and the wire. */
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
      callback: (_error, { data }) => {
        const bulletin = decode(bulletinSchema, data, bytesMax);
        if (!bulletin.ok) throw new Error(`bulletin: ${bulletin.error.field}`);
        heard?.(bulletin.value);
        for (const notification of bulletin.value.notifications) this.#hear(notification);
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
    const request = { v: 1, commandId: randomUUID(), incarnation: this.incarnation, ...body };
    const subject = this.#subjects.command(this.name, session, verb);
    const message = await this.#asker.ask(subject, encode(request));
    const reply = decode(replySchema, message.data, bytesMax);
    if (!reply.ok) throw new Error(`reply to ${verb}: ${reply.error.field}`);
    if (!reply.value.ok) throw new Error(`${verb} was refused: ${reply.value.message}`);
    return reply.value;
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
