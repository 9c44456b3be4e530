import { connect as connectClient, type Joinleaf } from '@joinleaf/client';
import type { SessionAddress } from '@joinleaf/multipoint';
import { inboxPrefixOf } from '@joinleaf/wire';
import { Asker } from './asker.js';
import type { Choice } from './bench.js';
import { checkEach } from './check.js';
import { handshake, openWaitingRooms, type Sessions } from './join-rows.js';
import { ProgramNode } from './program-node.js';
import { plainPublish } from './publish-rows.js';
import { echoSubject, realm, type Stage } from './stage.js';
import { storedAtMs } from './stored-at.js';
import { Told } from './told.js';
import { WallClock } from './wall-clock.js';

/** Something was told, and this is when the program had it in its hands. */
export interface Arrival {
  readonly kind: 'FD_ACCEPT' | 'FD_CONNECT';
  readonly session: SessionAddress;
  readonly revision: number;
  /** Milliseconds since the Unix epoch. */
  readonly atMs: number;
}

const titles = {
  echo: "echo, the client's own request",
  publish: 'publish, expected sequence',
  handshake: 'two-party handshake',
  'client-handshake': 'two-party handshake, TypeScript client',
} as const;

export type LatencyRowId = keyof typeof titles;

/** The floors are always measured beside them. */
export const handshakeChoices: readonly Choice[] = [
  { id: 'handshake', title: 'two-party handshakes of nodes that speak the protocol by hand' },
  { id: 'client-handshake', title: 'the same through the TypeScript client' },
];

export interface LatencyRow {
  readonly id: LatencyRowId;
  readonly title: string;
  readonly concurrency: number;
  readonly operation: (worker: number) => Promise<void>;
  /** What was told since it was looked at last. */
  readonly arrivals: () => readonly Arrival[];
}

export interface LatencyRows extends AsyncDisposable {
  readonly rows: readonly LatencyRow[];
  /** To be called before each round. */
  adjustClock(): void;
  check(): Promise<string | null>;
}

const nothing = new Uint8Array(0);
const timeoutMs = 10_000;
/** A node has 16,384 ports to draw for its leaves, and every join keeps one. */
const clientsOfEachKind = 8;

/** Prepares the floors and the handshakes: by hand, and through the TypeScript client. */
export async function prepareLatencyRows(
  stage: Stage,
  concurrencies: readonly number[],
  chosen: ReadonlySet<string>,
): Promise<LatencyRows> {
  await using stack = new AsyncDisposableStack();
  const clock = new WallClock();
  const rooms = await startRooms(stage, stack, clock);
  const clients = await startClients(stage, stack);
  const publish = await plainPublish(stage.services);
  const rows: LatencyRow[] = [];
  const byClients: Sessions[] = [];
  for (const concurrency of concurrencies) {
    const add = (
      id: LatencyRowId,
      operation: LatencyRow['operation'],
      arrivals: LatencyRow['arrivals'] = () => [],
    ) => rows.push({ id, title: titles[id], concurrency, operation, arrivals });
    add('echo', async () => {
      await stage.services.request(echoSubject, nothing, { timeout: timeoutMs });
    });
    add('publish', publish);
    if (chosen.has('handshake')) {
      const { operation, arrivals } = await rooms.open(concurrency);
      add('handshake', operation, arrivals);
    }
    if (chosen.has('client-handshake')) {
      const { operation, arrivals, opened } = await openClientRooms(clients, concurrency, clock);
      byClients.push(opened);
      add('client-handshake', operation, arrivals);
    }
  }
  const kept = stack.move();
  return {
    rows,
    adjustClock: () => {
      clock.adjust();
    },
    check: async () => (await rooms.check()) ?? (await checkEach(stage, byClients)),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

interface Rooms {
  open(count: number): Promise<Pick<LatencyRow, 'operation' | 'arrivals'>>;
  check(): Promise<string | null>;
}

/** Pairs of nodes that speak the protocol by hand, with a session each. */
async function startRooms(
  stage: Stage,
  stack: AsyncDisposableStack,
  clock: WallClock,
): Promise<Rooms> {
  const { nodes: nc, subjects } = stage;
  const asker = new Asker(nc, `${inboxPrefixOf('bench')}.rooms`);
  stack.defer(() => {
    asker.close();
  });
  const told = new Told();
  const arrivals: Arrival[] = [];
  told.listen(({ kind, session, revision }) => {
    if (kind !== 'FD_ACCEPT' && kind !== 'FD_CONNECT') return;
    arrivals.push({ kind, session, revision, atMs: clock.now() });
  });
  const start = async (name: string) => {
    const heard = told.hear.bind(told);
    const node = await ProgramNode.start(name, { nc, asker, subjects, heard });
    stack.defer(() => {
      node.close();
    });
    return node;
  };
  const opened: Sessions[] = [];
  return {
    open: async (count) => {
      const pairs = await openWaitingRooms(start, count);
      const sessions = { addresses: pairs.map(({ session }) => session), joined: 0 };
      opened.push(sessions);
      return { operation: handshake(pairs, sessions), arrivals: () => arrivals.splice(0) };
    },
    check: async () => {
      const addresses = opened.flatMap((sessions) => sessions.addresses);
      return (await checkEach(stage, opened)) ?? (await told.check(stage, addresses));
    },
  };
}

interface Clients {
  readonly roots: readonly Joinleaf[];
  readonly leaves: readonly Joinleaf[];
}

async function startClients(stage: Stage, stack: AsyncDisposableStack): Promise<Clients> {
  const start = (kind: string) =>
    Promise.all(
      Array.from({ length: clientsOfEachKind }, (_, i) =>
        connectClient({
          ...stage.nodeCredentials,
          realm,
          node: `client-${kind}-${String(i)}`,
          boundMs: 60_000,
          closeTimeoutMs: 1,
        }),
      ),
    );
  const clients = { roots: await start('root'), leaves: await start('leaf') };
  stack.defer(async () => {
    await Promise.all([...clients.roots, ...clients.leaves].map((client) => client.close()));
  });
  return clients;
}

/** Sessions whose roots accept whoever asks, both through the TypeScript client. */
async function openClientRooms(
  { roots, leaves }: Clients,
  count: number,
  clock: WallClock,
): Promise<Pick<LatencyRow, 'operation' | 'arrivals'> & { readonly opened: Sessions }> {
  const sessions = Array.from({ length: count }, (_, i) => `client-${String(count)}-${String(i)}`);
  for (const [index, session] of sessions.entries()) {
    const client = roots[index % roots.length];
    const root = await client?.openRoot(session, { joinDeadlineMs: 60_000, backlog: 4_096 });
    void (async () => {
      for await (const request of root?.requests() ?? []) void request.accept();
    })();
  }
  const opened: Sessions = { addresses: sessions as SessionAddress[], joined: 0 };
  const arrivals: Arrival[] = [];
  let turn = 0;
  const operation = async (worker: number) => {
    const session = sessions[worker] as SessionAddress;
    turn += 1;
    const outcome = await leaves[turn % leaves.length]?.joinLeaf(session);
    const atMs = clock.now();
    if (outcome?.ok !== true) throw new Error(`${session}: ${outcome?.message ?? 'no client'}`);
    opened.joined += 1;
    const connected = await outcome.leaf.events().next();
    if (connected.value?.type !== 'FD_CONNECT') throw new Error('FD_CONNECT comes first');
    arrivals.push({ kind: 'FD_CONNECT', session, revision: connected.value.revision, atMs });
  };
  return { operation, arrivals: () => arrivals.splice(0), opened };
}

/** From the moment at which their commits were stored, in milliseconds. */
export async function delaysMs(stage: Stage, arrivals: readonly Arrival[]): Promise<number[]> {
  const delays: number[] = [];
  for (const [address, own] of Map.groupBy(arrivals, ({ session }) => session)) {
    const storedAt = await storedAtMs(stage, address);
    for (const { revision, atMs } of own) {
      const stored = storedAt.get(revision);
      if (stored === undefined)
        throw new Error(`${address}: revision ${String(revision)} was told of, and is not stored`);
      delays.push(atMs - stored);
    }
  }
  return delays;
}
