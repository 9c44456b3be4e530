import { setTimeout as delay } from 'node:timers/promises';
import { nodeServerPeer } from './node-server.js';
import { load } from './npm.js';
import {
  memberName,
  type Joined,
  type Keeper,
  type Member,
  type MemberOptions,
  type Outcome,
  type Peer,
  type Watcher,
} from './peer.js';

interface Socket {
  readonly connected: boolean;
  timeout(ms: number): { emitWithAck(event: string, ...words: readonly unknown[]): Promise<never> };
  on(event: string, heard: (...words: never[]) => void): void;
  once(event: string, heard: (...words: never[]) => void): void;
  off(event: string, heard: (error: Error) => void): void;
  disconnect(): void;
}

const answerWithinMs = 10_000;

async function connected(address: string): Promise<Socket> {
  const { io } = load('socket.io-client') as {
    readonly io: (url: string, options: object) => Socket;
  };
  const socket = io(`http://${address}`, {
    transports: ['websocket'],
    forceNew: true,
    reconnectionDelay: 50,
    reconnectionDelayMax: 50,
  });
  return new Promise((resolve, reject) => {
    const giveUp = (error: Error) => {
      socket.disconnect();
      reject(error);
    };
    socket.once('connect_error', giveUp);
    socket.once('connect', () => {
      socket.off('connect_error', giveUp); // From now on it connects again by itself.
      resolve(socket);
    });
  });
}

const ask = <T>(socket: Socket, event: string, ...words: readonly unknown[]): Promise<T> =>
  socket.timeout(answerWithinMs).emitWithAck(event, ...words);

/** Members in the memory of one server; what a program does when it is connected again is the user's. */
export const socketIo: Peer = {
  ...nodeServerPeer('socket-io-server.js', 'socket.io'),
  id: 'socket.io',
  title: 'Socket.IO',
  recipe:
    'a map in the server, asked by an acknowledged event; a program that comes back joins again',
  sharesConnections: true,
  connect: async (address, options) => new SocketIoMember(options, await connected(address)),
  keep: async (address) => new SocketIoKeeper(await connected(address)),
};

class SocketIoMember implements Member {
  readonly program: string;
  readonly #joined = new Map<string, string>();

  constructor(
    { program }: MemberOptions,
    private readonly socket: Socket,
  ) {
    this.program = program;
    socket.on('connect', () => {
      for (const [name, session] of this.#joined) void this.#again(session, name);
    });
  }

  async join(session: string, number: number): Promise<Joined> {
    const name = memberName(this.program, number);
    const outcome = await ask<Outcome | 'unknown'>(this.socket, 'join', session, name);
    if (outcome === 'unknown') throw new Error(`there is no session ${session}`);
    if (outcome === 'admitted') this.#joined.set(name, session);
    return { outcome, retries: 0 };
  }

  async close(): Promise<void> {
    this.socket.disconnect();
  }

  /** The server may be new, and know nothing of the session until somebody has opened it. */
  async #again(session: string, name: string): Promise<void> {
    while (this.socket.connected) {
      const outcome = await ask<string>(this.socket, 'join', session, name).catch(() => 'unknown');
      if (outcome !== 'unknown') return;
      await delay(50, undefined, { ref: false });
    }
  }
}

class SocketIoKeeper implements Keeper {
  constructor(private readonly socket: Socket) {}

  open(sessions: readonly string[], capacity: number): Promise<void> {
    return ask(this.socket, 'open', sessions, capacity);
  }

  members(session: string): Promise<readonly string[]> {
    return ask(this.socket, 'members', session);
  }

  async watch(session: string, { came, lost }: Watcher): Promise<void> {
    this.socket.on('came', (name: string, member: string) => {
      if (name === session) came(member);
    });
    this.socket.on('lost', (name: string, member: string) => {
      if (name === session) lost(member);
    });
    await ask(this.socket, 'watch', session);
  }

  async close(): Promise<void> {
    this.socket.disconnect();
  }
}
