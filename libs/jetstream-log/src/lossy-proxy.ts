import { connect, createServer, type Server, type Socket } from 'node:net';

// For tests: stands between a client and the server and loses what passes.

export type Loses = 'nothing' | 'what the server says' | 'what the client says';

/** A TCP proxy on a free port of 127.0.0.1. */
export class LossyProxy implements AsyncDisposable {
  loses: Loses = 'nothing';
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(to: { readonly host: string; readonly port: number }) {
    this.#server = createServer((client) => {
      const upstream = connect(to);
      this.#join(client, upstream, 'what the client says');
      this.#join(upstream, client, 'what the server says');
    });
  }

  static async before(port: number): Promise<LossyProxy> {
    const proxy = new LossyProxy({ host: '127.0.0.1', port });
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get url(): string {
    const address = this.#server.address();
    if (address === null || typeof address === 'string')
      throw new Error('the proxy is not listening');
    return `127.0.0.1:${String(address.port)}`;
  }

  /** Ends every connection, as a broken network would; new ones are taken. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.cut();
    await closed;
  }

  #join(from: Socket, to: Socket, direction: Loses): void {
    this.#sockets.add(from);
    from.on('data', (bytes) => {
      if (this.loses !== direction) to.write(bytes);
    });
    from.on('error', () => from.destroy());
    from.on('close', () => {
      this.#sockets.delete(from);
      to.destroy();
    });
  }
}
