import { load } from '../npm.js';

// What a user of Colyseus writes for sessions with a capacity: a room for each, whose onJoin says who may stay.

interface Client {
  readonly sessionId: string;
  send(type: string, message: unknown): void;
}
interface RoomBase {
  roomId: string;
  autoDispose: boolean;
  patchRate: number | null;
}
interface Core {
  readonly Room: new () => RoomBase;
  readonly Server: new (options: object) => {
    define(name: string, room: unknown): void;
    listen(port: number, host: string): Promise<void>;
  };
  readonly ServerError: new (code: number, message: string) => Error;
  readonly matchMaker: { createRoom(name: string, options: object): Promise<unknown> };
}
interface Express {
  get(path: string, handle: (request: Request, response: Response) => void): void;
}
interface Request {
  readonly query: Readonly<Record<string, string>>;
}
interface Response {
  json(value: unknown): void;
}
interface JoinWish {
  readonly member: string | null;
}

const [port = '0', boundMs = '0'] = process.argv.slice(2);
const { Room, Server, ServerError, matchMaker } = load('@colyseus/core') as Core;
const { WebSocketTransport } = load('@colyseus/ws-transport') as {
  WebSocketTransport: new (options: object) => { getExpressApp(): Express };
};
const rooms = new Map<string, Session>();

class Session extends Room {
  readonly members = new Map<string, string>();
  readonly #watching = new Set<Client>();
  #capacity = 0;

  onCreate({ name, capacity }: { readonly name: string; readonly capacity: number }): void {
    this.roomId = name;
    this.autoDispose = false;
    this.patchRate = null; // There is no state to tell of.
    this.#capacity = capacity;
    rooms.set(name, this);
  }

  // A room can count for itself (maxClients), but then it cannot tell a member that it is one already.
  onJoin(client: Client, { member }: JoinWish): void {
    if (member === null) {
      this.#watching.add(client);
      return;
    }
    if (this.members.has(member)) throw new ServerError(4_409, 'already');
    if (this.members.size >= this.#capacity) throw new ServerError(4_503, 'full');
    this.members.set(member, client.sessionId);
    this.#tell('came', member);
  }

  onLeave(client: Client): void {
    this.#watching.delete(client);
    for (const [member, of] of this.members) {
      if (of !== client.sessionId) continue;
      this.members.delete(member);
      this.#tell('lost', member);
    }
  }

  #tell(what: string, member: string): void {
    for (const watcher of this.#watching) watcher.send(what, member);
  }
}

// A client that missed two pings is gone at the third: three intervals are the bound.
const transport = new WebSocketTransport({ pingInterval: Number(boundMs) / 3, pingMaxRetries: 2 });
const app = transport.getExpressApp();
app.get('/open', ({ query: { names = '', capacity = '0' } }, response) => {
  const missing = names.split(',').filter((name) => !rooms.has(name));
  const created = missing.map((name) =>
    matchMaker.createRoom('session', { name, capacity: Number(capacity) }),
  );
  void Promise.all(created).then(() => {
    response.json(created.length);
  });
});
app.get('/members', ({ query: { name = '' } }, response) => {
  response.json([...(rooms.get(name)?.members.keys() ?? [])]);
});
const server = new Server({ transport, greet: false });
server.define('session', Session);
await server.listen(Number(port), '127.0.0.1');
process.stdin.on('end', () => process.exit()).resume();
