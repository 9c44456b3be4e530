import { connect as connectClient, type Joinleaf } from '@joinleaf/client';
import { inboxPrefixOf } from '@joinleaf/wire';
import { Asker } from './asker.js';
import type { Choice } from './bench.js';
import { checkEach } from './check.js';
import {
  autoJoin,
  clientJoin,
  handshake,
  openAuto,
  openWaitingRooms,
  type Sessions,
} from './join-rows.js';
import { ProgramNode } from './program-node.js';
import { append, plainPublish } from './publish-rows.js';
import { race } from './race.js';
import { echoAcrossSubject, echoSubject, realm, type Stage } from './stage.js';

const manySessions = 500;

const titles = {
  echo: "echo, the client's own request",
  'echo-inbox': 'echo, one multiplexed inbox',
  'echo-across': 'echo, so, across accounts',
  publish: 'publish, expected sequence',
  append: 'append to our log',
  'auto-one': 'join, auto, one session',
  'auto-many': `join, auto, ${String(manySessions)} sessions`,
  'client-auto': 'join, auto, TypeScript client',
  handshake: 'two-party handshake',
} as const;

export type RowId = keyof typeof titles;

const needsNotifier: readonly string[] = ['client-auto', 'handshake'] satisfies RowId[];

export const joinChoices: readonly Choice[] = Object.entries(titles).map(([id, title]) => ({
  id,
  title,
  ...(needsNotifier.includes(id) ? { needs: 'notifier' } : {}),
}));

export interface Operation {
  readonly id: RowId;
  readonly title: string;
  readonly concurrency: number;
  readonly operation: (worker: number) => Promise<void>;
}

export interface Operations extends AsyncDisposable {
  readonly operations: readonly Operation[];
  /** What is wrong with what they left behind; null when nothing is. */
  check(): Promise<string | null>;
}

const nothing = new Uint8Array(0);
const requestTimeoutMs = 10_000;

export interface RowOptions {
  readonly concurrencies: readonly number[];
  /** Two-party handshakes, and the client, need the notifier. */
  readonly handshakes: boolean;
}

type Add = (id: RowId, operation: Operation['operation']) => void;

/** Prepares every row on the stage: sessions are open, nodes have started. */
export async function prepareRows(
  stage: Stage,
  { concurrencies, handshakes }: RowOptions,
): Promise<Operations> {
  await using stack = new AsyncDisposableStack();
  const addFloors = await prepareFloors(stage, stack);
  const opened: Sessions[] = [];
  const addJoins = await prepareJoins(stage, stack, { handshakes, opened });

  const operations: Operation[] = [];
  for (const concurrency of concurrencies) {
    const add: Add = (id, operation) => {
      operations.push({ id, title: titles[id], concurrency, operation });
    };
    addFloors(add);
    await addJoins(add, concurrency);
  }

  const kept = stack.move();
  return {
    operations,
    check: () => checkEach(stage, opened),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

async function prepareFloors(
  stage: Stage,
  stack: AsyncDisposableStack,
): Promise<(add: Add) => void> {
  const { services, nodes } = stage;
  const asking = new Asker(services, '_INBOX.bench-services');
  const across = new Asker(nodes, `${inboxPrefixOf('bench')}.floor`);
  stack.defer(() => {
    asking.close();
    across.close();
  });
  const publish = await plainPublish(services);
  const appending = await append(services);
  return (add) => {
    add('echo', async () => {
      await services.request(echoSubject, nothing, { timeout: requestTimeoutMs });
    });
    add('echo-inbox', async () => {
      await asking.ask(echoSubject, nothing);
    });
    add('echo-across', async () => {
      await across.ask(echoAcrossSubject, nothing);
    });
    add('publish', publish);
    add('append', appending);
  };
}

interface JoinRows {
  readonly handshakes: boolean;
  /** Receives every session that was opened, to be checked in the end. */
  readonly opened: Sessions[];
}

async function prepareJoins(
  stage: Stage,
  stack: AsyncDisposableStack,
  { handshakes, opened }: JoinRows,
): Promise<(add: Add, concurrency: number) => Promise<void>> {
  const asker = new Asker(stage.nodes, `${inboxPrefixOf('bench')}.joins`);
  stack.defer(() => {
    asker.close();
  });
  const parts = { nc: stage.nodes, asker, subjects: stage.subjects };
  const start = async (name: string) => {
    const node = await ProgramNode.start(name, parts);
    stack.defer(() => {
      node.close();
    });
    return node;
  };
  const [root, leaf] = [await start('root'), await start('leaf')];
  const auto = async (prefix: string, count: number) => {
    const sessions = await openAuto(root, prefix, count);
    opened.push(sessions);
    return sessions;
  };
  const many = await auto('many', manySessions);
  const raced = await race(root, leaf);
  if (raced.problem !== null) throw new Error(raced.problem);
  opened.push(raced.sessions);
  // The client hears what it is told from the notifier, and does not start without it.
  const clients = handshakes ? await connectClients(stage, stack) : [];

  return async (add, concurrency) => {
    const one = await auto(`one-${String(concurrency)}`, 1);
    add('auto-one', autoJoin(leaf, one));
    add('auto-many', autoJoin(leaf, many));
    if (!handshakes) return;
    const forClient = await auto(`client-${String(concurrency)}`, 1);
    add('client-auto', clientJoin(clients, forClient));
    const pairs = await openWaitingRooms(start, concurrency);
    const rooms: Sessions = { addresses: pairs.map(({ session }) => session), joined: 0 };
    opened.push(rooms);
    add('handshake', handshake(pairs, rooms));
  };
}

// A node has 16,384 ports to draw for its leaves, and every join keeps one: several nodes share the rows.
async function connectClients(
  stage: Stage,
  stack: AsyncDisposableStack,
): Promise<readonly Joinleaf[]> {
  const names = Array.from({ length: 6 }, (_, i) => `client-${String(i)}`);
  const clients = await Promise.all(
    names.map((node) =>
      connectClient({ ...stage.nodeCredentials, realm, node, boundMs: 60_000, closeTimeoutMs: 1 }),
    ),
  );
  stack.defer(async () => {
    await Promise.all(clients.map((client) => client.close()));
  });
  return clients;
}
