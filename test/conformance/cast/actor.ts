import { AF_GROUP, AF_NODE, AF_SESSION } from '@joinleaf/client';
import type { Call } from '../bridge/calls.js';
import type { ConditionWish } from '../bridge/behaviours.js';
import type { Line, Remote } from '../bridge/line.js';
import { C_LEAF, C_ROOT, D_LEAF, D_ROOT, FROM_PROTOCOL_INFO } from '../winsock.js';
import { answerOf, errorCell, must, type Answer, type ErrorCell } from './answer.js';
import { Sock, type NameWish } from './sock.js';

/** A WSAPROTOCOL_INFO, as far as tests look at it. */
export interface Entry {
  readonly szProtocol: string;
  readonly dwServiceFlags1: number;
}

export type EntryName =
  'mp-rooted' | 'mp-conference' | 'mp-group' | 'mp-group-send' | 'mp-group-receive' | 'mp-plain';

export const rootFlags = C_ROOT | D_LEAF;
export const leafFlags = C_LEAF | D_LEAF;

/** One thread of a program: a procedure table of its own, over the sockets of the program's node. */
export class Actor {
  constructor(
    /** What others call it: the first part of its addresses. */
    readonly node: string,
    /** The idiomatic API of the same node. */
    readonly jl: Remote,
    private readonly line: Line,
    private readonly table: Remote,
  ) {}

  /** Another thread of the same program. */
  async thread(): Promise<Actor> {
    return new Actor(this.node, this.jl, this.line, await this.line.make('startup', this.jl));
  }

  async call(name: string, ...args: readonly unknown[]): Promise<Answer> {
    const error = errorCell();
    const value = await this.table.call(name, ...args, error);
    return answerOf(name, value, error);
  }

  /** A call that is made in the program: by a condition function, or together with others. */
  later(name: string, ...args: readonly unknown[]): Call {
    return { on: this.table, name, args: [...args, errorCell()] };
  }

  /** Makes these calls in one turn: nothing happens between them. */
  async together(calls: readonly Call[]): Promise<readonly Answer[]> {
    const made = await this.line.together(calls);
    return made.map(({ value, error }, index) =>
      answerOf(calls[index]?.name ?? '', value, error as ErrorCell),
    );
  }

  async entries(): Promise<readonly Entry[]> {
    const entries: Entry[] = [];
    must(await this.call('WSPEnumProtocols', null, entries, { value: entriesBytesMax }));
    return entries;
  }

  async entry(name: EntryName): Promise<Entry> {
    const entry = (await this.entries()).find(({ szProtocol }) => szProtocol === name);
    if (entry === undefined) throw new Error(`there is no entry ${name}`);
    return entry;
  }

  /** Asks for a socket of this entry. */
  async ask(entry: EntryName | Entry, flags: number): Promise<Answer> {
    const info = typeof entry === 'string' ? await this.entry(entry) : entry;
    const any = FROM_PROTOCOL_INFO;
    return this.call('WSPSocket', any, any, any, info, 0, flags);
  }

  async socket(entry: EntryName, flags: number): Promise<Sock> {
    return new Sock(this, must(await this.ask(entry, flags)).value);
  }

  /** How many sockets the node has open. */
  async socketCount(): Promise<number> {
    return ((await this.jl.property('stats')) as { readonly sockets: number }).sockets;
  }

  /** A c_leaf, unbound; of groups, unless another entry is named. */
  leaf(entry: EntryName = 'mp-conference'): Promise<Sock> {
    return this.socket(entry, leafFlags);
  }

  /** A c_root that is bound to this session, and does not listen. It sends to all, or in a rooted plane to its leaves. */
  async root(session: string, entry: EntryName = 'mp-conference'): Promise<Sock> {
    const flags = entry === 'mp-rooted' ? C_ROOT | D_ROOT : rootFlags;
    const root = await this.socket(entry, flags);
    must(await root.bind(session));
    return root;
  }

  /** A c_leaf that listens at a port of its own. */
  async listener(entry: EntryName = 'mp-conference', backlog = 8): Promise<Sock & Endpoint> {
    const leaf = await this.leaf(entry);
    const address = this.address();
    must(await leaf.bind(address));
    must(await leaf.listen(backlog));
    return Object.assign(leaf, { address });
  }

  /** An endpoint of this node that no socket of a test has yet. */
  address(): string {
    ports += 1;
    return `${this.node}:${String(ports)}`;
  }

  /** Looks once, and does not wait: which of these descriptors are ready. */
  async select(read: readonly Sock[], write: readonly Sock[], except: readonly Sock[]) {
    const sets = [read, write, except].map((sockets) =>
      sockets.map(({ descriptor }) => descriptor),
    );
    const [readable, writable, exceptional] = sets.map((fd_array) => ({
      fd_count: fd_array.length,
      fd_array,
    }));
    must(
      await this.call('WSPSelect', 0, readable, writable, exceptional, { tv_sec: 0, tv_usec: 0 }),
    );
    const ready = (set: typeof readable) => set?.fd_array.slice(0, set.fd_count) ?? [];
    return { readable: ready(readable), writable: ready(writable), except: ready(exceptional) };
  }

  cancel(): Promise<Answer> {
    return this.call('WSPCancelBlockingCall');
  }

  cleanup(): Promise<Answer> {
    return this.call('WSPCleanup');
  }

  async event(): Promise<Remote> {
    return (await this.table.call('WSACreateEvent')) as Remote;
  }

  condition(wish: ConditionWish): Promise<Remote> {
    return this.line.make('condition', wish);
  }

  messages(): Promise<Remote> {
    return this.line.make('messages');
  }

  keep(value: object): Promise<Remote> {
    return this.line.keep(value);
  }

  nameArguments(name: string, { family = familyOf(name), namelen }: NameWish) {
    const address = { sa_family: family, sa_data: name };
    return [address, namelen ?? 2 + Buffer.byteLength(name)] as const;
  }
}

export interface Endpoint {
  readonly address: string;
}

function familyOf(name: string): number {
  if (name.startsWith('@')) return AF_GROUP;
  return name.includes(':') ? AF_NODE : AF_SESSION;
}

const entriesBytesMax = 65_536;

/** The last port that a test took: below those that a provider draws for itself. */
let ports = 1_000;
