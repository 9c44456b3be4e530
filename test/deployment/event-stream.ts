import { eventually } from './eventually.js';

// Server-sent events as a program reads them that has nothing but fetch.

export interface StreamEvent {
  readonly id: string;
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
}

export class EventStream implements AsyncDisposable {
  readonly events: StreamEvent[] = [];
  readonly #over = new AbortController();
  readonly #reading: Promise<void>;

  /** Begins to listen; with `lastId`, at what came after that event. */
  static async open(url: string, lastId?: string): Promise<EventStream> {
    const over = new AbortController();
    const headers = {
      accept: 'text/event-stream',
      ...(lastId === undefined ? {} : { 'last-event-id': lastId }),
    };
    const response = await fetch(url, { headers, signal: over.signal });
    if (!response.ok || response.body === null)
      throw new Error(`${url}: ${String(response.status)}`);
    return new EventStream(response.body, over);
  }

  private constructor(body: ReadableStream<Uint8Array>, over: AbortController) {
    this.#over = over;
    this.#reading = this.#read(body).catch(() => undefined); // It is over: by us, or with the agent.
  }

  get lastId(): string {
    return this.events.at(-1)?.id ?? '';
  }

  /** The next event of a type that was not waited for before. */
  async next(type: string, where: (data: StreamEvent['data']) => boolean = () => true) {
    return eventually(`${type} is heard`, () =>
      this.events.find((event) => event.type === type && where(event.data)),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#over.abort();
    await this.#reading;
  }

  async #read(body: ReadableStream<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder();
    let text = '';
    for await (const chunk of body) {
      text += decoder.decode(chunk, { stream: true });
      const blocks = text.split(/\r?\n\r?\n/);
      text = blocks.pop() ?? '';
      for (const block of blocks) this.#take(block);
    }
  }

  #take(block: string): void {
    const fields = new Map<string, string>();
    for (const line of block.split(/\r?\n/)) {
      const [, name = '', value = ''] = /^(\w+): ?(.*)$/.exec(line) ?? [];
      if (name !== '') fields.set(name, value);
    }
    const data = fields.get('data');
    if (data === undefined) return;
    this.events.push({
      id: fields.get('id') ?? '',
      type: fields.get('event') ?? 'message',
      data: JSON.parse(data) as StreamEvent['data'],
    });
  }
}
