import { createServer } from 'node:http';
import { load } from '../npm.js';

// What a user of Socket.IO writes for sessions with a capacity: a map in memory, and the rooms of Socket.IO for telling.
// Whoever disconnects leaves; pings find those who do not.

interface Socket {
  readonly id: string;
  join(room: string): void;
  on(event: string, heard: (...words: never[]) => void): void;
}
interface Server {
  on(event: 'connection', heard: (socket: Socket) => void): void;
  to(room: string): { emit(event: string, ...words: readonly unknown[]): void };
}
interface Session {
  readonly capacity: number;
  readonly members: Map<string, Socket>;
}

const [port = '0', boundMs = '0'] = process.argv.slice(2);
const { Server } = load('socket.io') as { Server: new (http: object, options: object) => Server };
const http = createServer();
// The server pings a while after the last pong, and waits as long for the next: together they are the bound.
const half = Number(boundMs) / 2;
const io = new Server(http, {
  transports: ['websocket'],
  pingInterval: half,
  pingTimeout: half,
});
const sessions = new Map<string, Session>();
const watching = (name: string) => `watching ${name}`;

io.on('connection', (socket) => {
  const joined: { readonly name: string; readonly member: string }[] = [];
  socket.on('open', (names: readonly string[], capacity: number, done: () => void) => {
    for (const name of names) {
      if (!sessions.has(name)) sessions.set(name, { capacity, members: new Map() });
    }
    done();
  });
  socket.on('join', (name: string, member: string, answer: (outcome: string) => void) => {
    const session = sessions.get(name);
    if (session === undefined) answer('unknown');
    else if (session.members.has(member)) answer('already');
    else if (session.members.size >= session.capacity) answer('full');
    else {
      session.members.set(member, socket);
      joined.push({ name, member });
      socket.join(name);
      answer('admitted');
      io.to(watching(name)).emit('came', name, member);
    }
  });
  socket.on('watch', (name: string, done: () => void) => {
    socket.join(watching(name));
    done();
  });
  socket.on('members', (name: string, answer: (members: readonly string[]) => void) => {
    answer([...(sessions.get(name)?.members.keys() ?? [])]);
  });
  socket.on('disconnect', () => {
    for (const { name, member } of joined) {
      sessions.get(name)?.members.delete(member);
      io.to(watching(name)).emit('lost', name, member);
    }
  });
});

http.listen(Number(port), '127.0.0.1');
process.stdin.on('end', () => process.exit()).resume();
