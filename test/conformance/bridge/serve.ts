import { createServer, type Server, type Socket } from 'node:net';
import { connect, WSPStartup, type ConnectOptions, type Joinleaf } from '@joinleaf/client';
import { Condition, Messages, type ConditionWish } from './behaviours.js';
import { makeCalls, whenEnded, type Call } from './calls.js';
import { Frames } from './frames.js';
import type { Request } from './messages.js';
import { Objects } from './objects.js';

/** Does for the tests what they ask of this program, until it is ended. */
export function serveTests(where: string): Promise<Server> {
  const server = createServer((socket) => new Guest(socket));
  const { promise, resolve, reject } = Promise.withResolvers<Server>();
  server.once('error', reject);
  server.listen(where, () => {
    resolve(server);
  });
  return promise;
}

/** One connection of a test file: its objects are its own, and its nodes end with it. */
class Guest {
  readonly #objects = new Objects();
  readonly #nodes: Joinleaf[] = [];
  readonly #frames: Frames;
  /** What a test can call without an object. */
  readonly #own: Readonly<Record<string, (...args: never[]) => unknown>> = {
    startup: (node: Joinleaf) => WSPStartup(node),
    condition: (wish: ConditionWish) => new Condition(wish),
    messages: () => new Messages(),
    together: (calls: readonly Call[]) => whenEnded(makeCalls(calls)),
  };

  constructor(socket: Socket) {
    this.#frames = new Frames(socket, (request) => void this.#answer(request as Request));
    socket.on('error', () => undefined); // `close` follows.
    socket.on('close', () => {
      for (const node of this.#nodes) node.close().catch(() => undefined);
    });
  }

  async #answer(request: Request): Promise<void> {
    const { id } = request;
    try {
      const { value, args = [] } = await this.#do(request);
      this.#frames.send({ id, ok: true, value: this.#objects.sent(value), args });
    } catch (error) {
      const why = error instanceof Error ? (error.stack ?? error.message) : String(error);
      this.#frames.send({ id, ok: false, why });
    }
  }

  async #do(
    request: Request,
  ): Promise<{ readonly value: unknown; readonly args?: readonly unknown[] }> {
    switch (request.ask) {
      case 'enter': {
        const node = await connect(request.options as unknown as ConnectOptions);
        this.#nodes.push(node);
        return { value: this.#objects.keep(node) };
      }
      case 'call': {
        const on = request.on === null ? this.#own : this.#objects.get(request.on);
        return this.#call(on, request.name, request.args);
      }
      case 'keep':
        return { value: this.#objects.keep(request.value as object) };
      case 'read':
        return { value: this.#read(this.#objects.get(request.what), request.property) };
    }
  }

  async #call(on: object, name: string, sent: readonly unknown[]) {
    const args = sent.map((arg) => this.#objects.received(arg));
    const call = (on as Readonly<Record<string, unknown>>)[name];
    if (typeof call !== 'function') throw new Error(`there is nothing to call: ${name}`);
    const value: unknown = await call.apply(on, args);
    // Objects of the program stay in it; the rest comes back as the call left it.
    return { value, args: args.map((arg) => this.#objects.sent(arg)) };
  }

  #read(what: object, property: string | null): unknown {
    if (property !== null) return (what as Readonly<Record<string, unknown>>)[property];
    return structuredClone(what);
  }
}
