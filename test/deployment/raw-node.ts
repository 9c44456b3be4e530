import { randomBytes } from 'node:crypto';
import { connect, type MsgHdrs, type NatsConnection } from '@nats-io/transport-node';
import { eventually } from './eventually.js';

// A node that is nothing but a NATS connection and JSON written by hand: what docs/PROTOCOL.md promises to any
// NATS client, and what a hostile one may try. It imports nothing of ours on purpose.

export interface Login {
  readonly servers: string | string[];
  readonly user?: string | undefined;
  readonly pass?: string | undefined;
}

export type Json = Readonly<Record<string, unknown>>;

export interface Notification extends Json {
  readonly kind: string;
  readonly id: string;
  readonly session: string;
  readonly revision: number;
  readonly to: string;
}

interface Bulletin {
  readonly first: number;
  readonly notifications: readonly Notification[];
}

/** FNV-1a of the address, 32 bit, modulo 64, as two digits. */
export function partitionOf(session: string): string {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(session, 'utf8')) {
    hash = Math.imul(hash ^ byte, 0x01000193);
  }
  return String((hash >>> 0) % 64).padStart(2, '0');
}

export class RawNode {
  readonly incarnation: string;
  /** Every bulletin as it came, gaps and repetitions too. */
  readonly bulletins: Bulletin[] = [];
  readonly denied: string[] = [];
  #hears = false;
  #serial = 0;
  #commands = 0;

  static async connect(login: Login, realm: string, node: string, incarnation?: string) {
    const nc = await connect({
      servers: login.servers,
      ...(login.user === undefined ? {} : { user: login.user }),
      ...(login.pass === undefined ? {} : { pass: login.pass }),
      inboxPrefix: `_INBOX.${node}`,
      name: node,
      reconnectTimeWait: 100,
      maxReconnectAttempts: -1,
    });
    return new RawNode(nc, realm, node, incarnation ?? randomBytes(6).toString('hex'));
  }

  private constructor(
    readonly nc: NatsConnection,
    readonly realm: string,
    readonly node: string,
    incarnation: string,
  ) {
    this.incarnation = incarnation;
    void this.#watch();
  }

  /** A number for a new socket. */
  socket(): string {
    this.#serial += 1;
    return String(this.#serial);
  }

  commandId(): string {
    this.#commands += 1;
    return `${this.incarnation}-${String(this.#commands).padStart(4, '0')}`;
  }

  /** What a socket of ours is called everywhere else. */
  socketId(socket: string): string {
    return `${this.node}/${this.incarnation}/${socket}`;
  }

  /** Says that the node has started, and hears its notifications from now on. */
  async start(more: Json = {}): Promise<Json> {
    const reply = await this.tell('start', more);
    this.hear();
    await this.tell('resume', { after: null });
    return reply;
  }

  hear(subject = `jl.${this.realm}.fd.${this.node}`): void {
    if (this.#hears) return;
    this.#hears = true;
    this.nc.subscribe(subject, {
      callback: (error, message) => {
        if (error === null) this.bulletins.push(message.json<Bulletin>());
      },
    });
  }

  beat(): void {
    this.nc.publish(this.#nodeSubject('beat'), this.#body({}));
  }

  /** Says something about the node: start, stop, resume. */
  tell(verb: string, more: Json = {}): Promise<Json> {
    return this.request(this.#nodeSubject(verb), this.#body(more));
  }

  /** Asks something of a session, under a command id of its own unless one is given. */
  ask(session: string, verb: string, more: Json, headers?: MsgHdrs): Promise<Json> {
    const body = this.#body({ commandId: this.commandId(), ...more });
    return this.request(this.commandSubject(session, verb), body, headers);
  }

  /** The same, for one try alone; null when no answer comes in time. */
  async tryToAsk(session: string, verb: string, more: Json, timeout: number): Promise<Json | null> {
    const body = this.#body({ commandId: this.commandId(), ...more });
    const answer = this.nc.request(this.commandSubject(session, verb), body, { timeout });
    return answer.then(
      (message) => message.json<Json>(),
      () => null,
    );
  }

  commandSubject(session: string, verb: string): string {
    return `jl.${this.realm}.cmd.${this.node}.${partitionOf(session)}.${session}.${verb}`;
  }

  async request(subject: string, body: string | Uint8Array, headers?: MsgHdrs): Promise<Json> {
    const options = { timeout: 10_000, ...(headers === undefined ? {} : { headers }) };
    return (await this.nc.request(subject, body, options)).json<Json>();
  }

  /** Everything told so far, each once, by number. */
  get heard(): readonly Notification[] {
    const byNumber = new Map<number, Notification>();
    for (const { first, notifications } of this.bulletins) {
      notifications.forEach((told, index) => byNumber.set(first + index, told));
    }
    return [...byNumber].sort(([a], [b]) => a - b).map(([, told]) => told);
  }

  /** The first notification of a kind for one socket or endpoint, once it is there. */
  async hears(kind: string, to: string): Promise<Notification> {
    return eventually(`${to} hears ${kind}`, () =>
      this.heard.find((told) => told.kind === kind && told.to === to),
    );
  }

  async close(): Promise<void> {
    await this.nc.close();
  }

  #nodeSubject(verb: string): string {
    return `jl.${this.realm}.node.${this.node}.${verb}`;
  }

  #body(more: Json): string {
    return JSON.stringify({ v: 1, incarnation: this.incarnation, ...more });
  }

  async #watch(): Promise<void> {
    for await (const status of this.nc.status()) {
      if (status.type === 'error') this.denied.push(status.error.message);
    }
  }
}
