import { listening } from './native-server.js';
import { load } from './npm.js';

// As much as is used here of node-zookeeper-client, with promises in the place of callbacks.

export interface Stat {
  readonly version: number;
  readonly numChildren: number;
}
export interface Failure extends Error {
  readonly code: number;
}
interface Result {
  readonly err?: number;
}
type Told<T> = (error: Failure | null, value: T) => void;
interface Transaction {
  create(path: string, data: Buffer, mode: number): Transaction;
  setData(path: string, data: Buffer, version: number): Transaction;
  commit(told: Told<readonly Result[] | undefined>): void;
}
interface Client {
  connect(): void;
  close(): void;
  once(event: 'connected' | 'expired', heard: () => void): void;
  readonly connectionManager: {
    readonly socket?: { destroy(): void };
    readonly connectTimeoutHandler?: NodeJS.Timeout;
  };
  getState(): { readonly name: string };
  transaction(): Transaction;
  exists(path: string, told: Told<Stat | null>): void;
  getData(path: string, told: Told<Buffer>): void;
  getChildren(path: string, told: Told<string[]>): void;
  getChildren(path: string, watcher: () => void, told: Told<string[]>): void;
  create(path: string, data: Buffer, mode: number, told: Told<string>): void;
  setData(path: string, data: Buffer, version: number, told: Told<Stat>): void;
}
interface Library {
  createClient(servers: string, options: object): Client;
  readonly CreateMode: { readonly PERSISTENT: number; readonly EPHEMERAL: number };
}

export const library = () => load('node-zookeeper-client') as Library;
const connectWithinMs = 3_000;

/** Waits until the server serves: it listens before that, under load by seconds. */
export async function serving(port: number): Promise<void> {
  await listening(port);
  for (let tries = 0; tries < 10; tries += 1) {
    const session = await connected(`127.0.0.1:${String(port)}`, 10_000).catch(() => null);
    session?.end();
    if (session !== null) return;
  }
  throw new Error('ZooKeeper does not serve');
}

/** A session with the server; `end` gives it back. */
export interface Session {
  readonly client: Client;
  end(): void;
}

/**
 * @param sessionTimeout - Silence after which the server ends the session, in milliseconds.
 * @throws Error when the server does not answer.
 */
export async function connected(address: string, sessionTimeout: number): Promise<Session> {
  const client = library().createClient(address, { sessionTimeout, spinDelay: 50 });
  const handshakes = watchHandshakes(client, Math.min(1_000, sessionTimeout / 3));
  const end = () => {
    clearInterval(handshakes);
    client.close();
  };
  client.once('expired', end);
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => {
      end();
      drop(client);
      reject(new Error('ZooKeeper does not answer'));
    }, connectWithinMs);
    client.once('connected', () => {
      clearTimeout(late);
      resolve({ client, end });
    });
    client.connect();
  });
}

/**
 * A server that is just starting can take a connection and never answer on it. ZooKeeper's own clients give such a
 * connection up; this one waits for good, so that we do it in its place.
 */
function watchHandshakes(client: Client, patienceMs: number): NodeJS.Timeout {
  let waits = false;
  return setInterval(() => {
    const isConnected = client.getState().name === 'SYNC_CONNECTED';
    if (!isConnected && waits) drop(client);
    waits = !isConnected && !waits;
  }, patienceMs);
}

// Its own timer would later destroy whichever connection there is then.
function drop({ connectionManager: { socket, connectTimeoutHandler } }: Client): void {
  clearTimeout(connectTimeoutHandler);
  socket?.destroy();
}

/** Calls with a callback, as promises. */
export const asked = <T>(call: (told: Told<T>) => void): Promise<T> =>
  new Promise((resolve, reject) => {
    call((error, value) => {
      if (error) reject(error);
      else resolve(value);
    });
  });

/** Which operation of a multi failed; null when it was done. Rejects for what is no answer to it. */
export const committed = (transaction: Transaction): Promise<number | null> =>
  new Promise((resolve, reject) => {
    transaction.commit((error, results) => {
      const failed = results?.findIndex(({ err = 0 }) => err !== 0) ?? -1;
      if (failed >= 0) resolve(failed);
      else if (error) reject(error);
      else resolve(null);
    });
  });
