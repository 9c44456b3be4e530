import { connect, type Socket } from 'node:net';
import type { Made } from './calls.js';
import { Frames } from './frames.js';
import { isReference, type Reference, type Request, type Response } from './messages.js';

/** Calls that wait are answered as soon as what they wait for is there, and every test sees to that. */
const answerMs = 10_000;
/** A program that leaves so many calls without an answer is given up: waiting for the rest would take hours. */
const unansweredMax = 4;

type Asking = Request extends infer R ? (R extends Request ? Omit<R, 'id'> : never) : never;

interface Waiting {
  readonly resolve: (response: Response & { readonly ok: true }) => void;
  readonly reject: (error: Error) => void;
  readonly late: NodeJS.Timeout;
}

/** A test's connection to one program. */
export class Line {
  readonly #frames: Frames;
  readonly #waiting = new Map<number, Waiting>();
  #asked = 0;
  #unanswered = 0;

  static to(where: string): Promise<Line> {
    const socket = connect(where);
    const { promise, resolve, reject } = Promise.withResolvers<Line>();
    socket.once('error', reject);
    socket.once('connect', () => {
      resolve(new Line(socket));
    });
    return promise;
  }

  private constructor(private readonly socket: Socket) {
    this.#frames = new Frames(socket, (response) => {
      this.#answered(response as Response);
    });
    socket.on('error', () => undefined); // `close` follows.
    socket.on('close', () => {
      for (const { reject, late } of this.#waiting.values()) {
        clearTimeout(late);
        reject(new Error('the program is gone'));
      }
      this.#waiting.clear();
    });
  }

  /** Connects the program as a node; answers its `Joinleaf`. */
  async enter(options: Readonly<Record<string, unknown>>): Promise<Remote> {
    return this.#remote(await this.#ask({ ask: 'enter', options }));
  }

  /** Makes an object by one of the program's own functions. */
  async make(name: string, ...args: readonly unknown[]): Promise<Remote> {
    return this.#remote(await this.#ask({ ask: 'call', on: null, name, args: args.map(sent) }));
  }

  /** Makes these calls in one turn of the program, and waits for them. */
  async together(calls: readonly object[]): Promise<readonly Made[]> {
    const args = [calls.map(sent)];
    const { value } = await this.#ask({ ask: 'call', on: null, name: 'together', args });
    return value as readonly Made[];
  }

  /** Keeps a copy of this object in the program, where several calls can share it. */
  async keep(value: object): Promise<Remote> {
    return this.#remote(await this.#ask({ ask: 'keep', value }));
  }

  /** Calls a method there. What the call changed in its arguments is changed here, too. */
  async call(on: Reference, name: string, args: readonly unknown[]): Promise<unknown> {
    const asked = { ask: 'call', on, name, args: args.map(sent) } as const;
    const { value, args: after } = await this.#ask(asked);
    args.forEach((arg, index) => {
      copyInto(arg, after[index]);
    });
    return this.#heard(value);
  }

  async read(what: Reference, property: string | null): Promise<unknown> {
    const { value } = await this.#ask({ ask: 'read', what, property });
    return this.#heard(value);
  }

  close(): void {
    this.socket.destroy();
  }

  #remote({ value }: { readonly value: unknown }): Remote {
    if (!isReference(value)) throw new Error('the program answered no object');
    return new Remote(this, value);
  }

  #heard(value: unknown): unknown {
    if (isReference(value)) return new Remote(this, value);
    if (Array.isArray(value)) return value.map((part) => this.#heard(part));
    if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value;
    return Object.fromEntries(
      Object.entries(value).map(([name, part]) => [name, this.#heard(part)]),
    );
  }

  #ask(asking: Asking): Promise<Response & { readonly ok: true }> {
    this.#asked += 1;
    const id = this.#asked;
    const { promise, resolve, reject } = Promise.withResolvers<Response & { readonly ok: true }>();
    promise.catch(() => undefined); // A test may have ended without waiting for it.
    if (this.#unanswered >= unansweredMax) {
      reject(new Error('the program answers no more'));
      return promise;
    }
    const late = setTimeout(() => {
      this.#unanswered += 1;
      reject(new Error(`no answer in ${String(answerMs / 1_000)} s: ${wordsFor(asking)}`));
    }, answerMs);
    this.#waiting.set(id, { resolve, reject, late });
    this.#frames.send({ id, ...asking });
    return promise;
  }

  #answered(response: Response): void {
    const waiting = this.#waiting.get(response.id);
    clearTimeout(waiting?.late);
    this.#waiting.delete(response.id);
    if (response.ok) waiting?.resolve(response);
    else waiting?.reject(new Error(`in the program: ${response.why}`));
  }
}

/** An object that lives in a program. */
export class Remote {
  constructor(
    private readonly line: Line,
    readonly reference: Reference,
  ) {}

  call(name: string, ...args: readonly unknown[]): Promise<unknown> {
    return this.line.call(this.reference, name, args);
  }

  /** A copy of it as it is now. */
  read(): Promise<unknown> {
    return this.line.read(this.reference, null);
  }

  property(name: string): Promise<unknown> {
    return this.line.read(this.reference, name);
  }
}

const wordsFor = (asking: Asking): string => ('name' in asking ? asking.name : asking.ask);

function sent(value: unknown): unknown {
  if (value instanceof Remote) return value.reference;
  if (Array.isArray(value)) return value.map(sent);
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, sent(part)]));
}

/** Makes a cell, a structure or a buffer of ours what the call made of its copy. */
function copyInto(ours: unknown, theirs: unknown): void {
  if (ours instanceof Uint8Array && theirs instanceof Uint8Array) {
    ours.set(theirs);
    return;
  }
  if (!isObject(ours) || !isObject(theirs) || isReference(theirs)) return;
  if (Array.isArray(ours) && Array.isArray(theirs)) ours.length = theirs.length;
  for (const [name, part] of Object.entries(theirs)) {
    const own = (ours as Record<string, unknown>)[name];
    if (isObject(own) && isObject(part)) copyInto(own, part);
    else (ours as Record<string, unknown>)[name] = part;
  }
}

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !(value instanceof Remote);
