import { createServer } from 'node:net';

/** What a process takes, in bytes, right after a full garbage collection. */
export interface MemoryUse {
  readonly rss: number;
  readonly heapUsed: number;
  readonly external: number;
}

interface InspectorReply {
  readonly id?: number;
  readonly result?: { readonly result?: { readonly value?: unknown } };
}

/** Looks into one of our processes that was started with `--inspect` at this port. */
export class MemoryProbe implements Disposable {
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, (reply: InspectorReply) => void>();
  #count = 0;

  static async connect(port: number): Promise<MemoryProbe> {
    const response = await fetch(`http://127.0.0.1:${String(port)}/json/list`);
    const [target] = (await response.json()) as readonly {
      readonly webSocketDebuggerUrl: string;
    }[];
    if (target === undefined) throw new Error('nobody can be looked into there');
    const socket = new WebSocket(target.webSocketDebuggerUrl);
    const opened = Promise.withResolvers<undefined>();
    socket.addEventListener('open', () => {
      opened.resolve(undefined);
    });
    socket.addEventListener('error', () => {
      opened.reject(new Error('the inspector does not answer'));
    });
    await opened.promise;
    return new MemoryProbe(socket);
  }

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener('message', ({ data }) => {
      const reply = JSON.parse(String(data)) as InspectorReply;
      if (reply.id === undefined) return;
      this.#waiting.get(reply.id)?.(reply);
      this.#waiting.delete(reply.id);
    });
  }

  /** Collects garbage, twice, since what is finalised in one goes in the next; then looks. */
  async look(): Promise<MemoryUse> {
    await this.#ask('HeapProfiler.collectGarbage');
    await this.#ask('HeapProfiler.collectGarbage');
    const { result } = await this.#ask('Runtime.evaluate', {
      expression: 'process.memoryUsage()',
      returnByValue: true,
    });
    return result?.result?.value as MemoryUse;
  }

  [Symbol.dispose](): void {
    this.#socket.close();
  }

  #ask(method: string, params: object = {}): Promise<InspectorReply> {
    this.#count += 1;
    const id = this.#count;
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve);
      this.#socket.send(JSON.stringify({ id, method, params }));
    });
  }
}

/** A TCP port that nobody uses. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('there is no port');
  return address.port;
}
