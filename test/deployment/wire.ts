import { createServer, connect, type AddressInfo, type Server, type Socket } from 'node:net';

/** A wire between one program and the broker, which can be cut while everybody else stays connected. */
export class Wire implements AsyncDisposable {
  readonly #pairs = new Set<readonly [Socket, Socket]>();
  readonly #server: Server;
  #isCut = false;

  /** A wire to a port of this machine. */
  static async to(port: number): Promise<Wire> {
    const wire = new Wire(port);
    await new Promise<void>((resolve) => wire.#server.listen(0, '127.0.0.1', resolve));
    return wire;
  }

  private constructor(port: number) {
    this.#server = createServer((near) => {
      if (this.#isCut) near.destroy();
      else this.#join(near, connect(port, '127.0.0.1'));
    });
  }

  /** Where the program connects instead. */
  get url(): string {
    return `127.0.0.1:${String((this.#server.address() as AddressInfo).port)}`;
  }

  cut(): void {
    this.#isCut = true;
    for (const [near, far] of this.#pairs) {
      near.destroy();
      far.destroy();
    }
  }

  mend(): void {
    this.#isCut = false;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #join(near: Socket, far: Socket): void {
    const pair = [near, far] as const;
    this.#pairs.add(pair);
    for (const [one, other] of [pair, [far, near] as const]) {
      one.on('data', (bytes) => other.write(bytes));
      one.on('error', () => undefined); // `close` follows, and says enough.
      one.on('close', () => {
        other.destroy();
        this.#pairs.delete(pair);
      });
    }
  }
}
