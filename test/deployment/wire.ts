import { createServer, connect, type AddressInfo, type Server, type Socket } from 'node:net';

/** A wire between one program and the broker, which can be cut while everybody else stays connected. */
export class Wire implements AsyncDisposable {
  readonly #pairs = new Set<readonly [Socket, Socket]>();
  readonly #server: Server;
  #isCut = false;
  #trap: Trap | null = null;

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
    this.#trap = null;
  }

  /**
   * Cuts at the next message of the program with this text in it: `before` anything of it gets through, or
   * `after` it got through and before any answer comes back.
   */
  interrupt(text: string, when: Trap['when']): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    this.#trap = { text, when, sprung: resolve, isDeaf: false };
    return promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #join(near: Socket, far: Socket): void {
    const pair = [near, far] as const;
    this.#pairs.add(pair);
    near.on('data', (bytes) => {
      this.#send(bytes, far);
    });
    far.on('data', (bytes) => {
      if (this.#trap?.isDeaf !== true) near.write(bytes);
    });
    for (const [one, other] of [pair, [far, near] as const]) {
      one.on('error', () => undefined); // `close` follows, and says enough.
      one.on('close', () => {
        other.destroy();
        this.#pairs.delete(pair);
      });
    }
  }

  #send(bytes: Buffer, far: Socket): void {
    const trap = this.#trap;
    const at = trap === null || trap.isDeaf ? -1 : bytes.indexOf(trap.text);
    if (trap === null || at < 0) {
      far.write(bytes);
      return;
    }
    trap.isDeaf = true;
    const through = trap.when === 'before' ? bytes.subarray(0, at) : bytes;
    far.write(through, () => {
      setTimeout(() => {
        this.cut();
        trap.sprung(undefined);
      }, travelMs);
    });
  }
}

/** Long enough for the broker to take what was sent. */
const travelMs = 20;

interface Trap {
  readonly text: string;
  readonly when: 'before' | 'after';
  readonly sprung: (nothing: undefined) => void;
  isDeaf: boolean;
}
