import type { Socket } from 'node:net';
import { deserialize, serialize } from 'node:v8';

/** Values over a stream: four bytes of length, then what v8 makes of the value, bytes and undefined included. */
export class Frames {
  #rest: Buffer = Buffer.alloc(0);

  constructor(
    private readonly socket: Socket,
    private readonly received: (value: unknown) => void,
  ) {
    socket.setNoDelay(true);
    socket.on('data', (bytes) => {
      this.#take(bytes);
    });
  }

  send(value: unknown): void {
    const body = serialize(value);
    const head = Buffer.alloc(headBytes);
    head.writeUInt32BE(body.length);
    this.socket.write(Buffer.concat([head, body]));
  }

  #take(bytes: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, bytes]);
    while (this.#rest.length >= headBytes) {
      const end = headBytes + this.#rest.readUInt32BE();
      if (this.#rest.length < end) return;
      const body = this.#rest.subarray(headBytes, end);
      this.#rest = this.#rest.subarray(end);
      this.received(deserialize(body));
    }
  }
}

const headBytes = 4;
