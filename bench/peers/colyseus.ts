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

const leaveWithinMs = 1_000;

interface Room {
  onMessage(type: string, heard: (message: string) => void): void;
  onLeave(heard: () => void): void;
  leave(consented?: boolean): Promise<unknown>;
  readonly reconnection: { enabled: boolean };
}
interface Client {
  joinById(room: string, options: object): Promise<Room>;
}

const newClient = (address: string): Client => {
  // It prints a line for each join that is refused, which is an answer like any other here.
  globalThis.console.warn = () => undefined;
  const { Client } = load('@colyseus/sdk') as { Client: new (url: string) => Client };
  return new Client(`ws://${address}`);
};

/** A member is a connection of its own here: Colyseus has one for each room that is joined. */
export const colyseus: Peer = {
  ...nodeServerPeer('colyseus-server.js', '@colyseus/core'),
  id: 'colyseus',
  title: 'Colyseus',
  recipe:
    'a room for each session, whose onJoin refuses; every join is a seat by HTTP and a WebSocket',
  sharesConnections: false,
  connect: async (address, options) => new ColyseusMember(options, newClient(address)),
  keep: async (address) => new ColyseusKeeper(address, newClient(address)),
};

class ColyseusMember implements Member {
  readonly program: string;
  readonly #rooms = new Set<Room>();
  #isOpen = true;

  constructor(
    { program }: MemberOptions,
    private readonly client: Client,
  ) {
    this.program = program;
  }

  async join(session: string, number: number): Promise<Joined> {
    try {
      const room = await this.client.joinById(session, {
        member: memberName(this.program, number),
      });
      room.reconnection.enabled = false; // There is no room to come back to: the program joins again.
      this.#rooms.add(room);
      room.onLeave(() => {
        this.#rooms.delete(room);
        if (this.#isOpen) void this.#again(session, number);
      });
      return { outcome: 'admitted', retries: 0 };
    } catch (error) {
      return { outcome: refusalOf(error), retries: 0 };
    }
  }

  async close(): Promise<void> {
    this.#isOpen = false;
    await Promise.all([...this.#rooms].map(left));
  }

  /** The server is gone, and the room with it: the program joins again as soon as somebody has opened it. */
  async #again(session: string, number: number): Promise<void> {
    while (this.#isOpen) {
      await delay(50, undefined, { ref: false });
      const outcome = await this.join(session, number).catch(() => null);
      if (outcome !== null) return;
    }
  }
}

// A room whose server is gone never says that it was left.
const left = (room: Room): Promise<unknown> =>
  Promise.race([room.leave(), delay(leaveWithinMs, undefined, { ref: false })]);

function refusalOf(error: unknown): Outcome {
  const { message } = error as Error;
  if (message.includes('already')) return 'already';
  if (message.includes('full')) return 'full';
  throw error;
}

class ColyseusKeeper implements Keeper {
  readonly #rooms: Room[] = [];

  constructor(
    private readonly address: string,
    private readonly client: Client,
  ) {}

  async open(sessions: readonly string[], capacity: number): Promise<void> {
    await this.#get('open', { names: sessions.join(','), capacity: String(capacity) });
  }

  async members(name: string): Promise<readonly string[]> {
    return (await this.#get('members', { name })) as readonly string[];
  }

  async watch(session: string, { came, lost }: Watcher): Promise<void> {
    const room = await this.client.joinById(session, { member: null });
    room.reconnection.enabled = false;
    room.onMessage('came', came);
    room.onMessage('lost', lost);
    this.#rooms.push(room);
  }

  async close(): Promise<void> {
    await Promise.all(this.#rooms.map(left));
  }

  async #get(path: string, query: Readonly<Record<string, string>>): Promise<unknown> {
    const words = new URLSearchParams(query).toString();
    const response = await fetch(`http://${this.address}/${path}?${words}`);
    if (!response.ok) throw new Error(`${path} was answered ${String(response.status)}`);
    return response.json();
  }
}
