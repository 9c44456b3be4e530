import type { SessionAddress } from '@joinleaf/multipoint';
import { inboxPrefixOf } from '@joinleaf/wire';
import { Asker } from './asker.js';
import { check } from './check.js';
import { cpuTimesUs, usedUs } from './cpu-times.js';
import { autoJoin, everyEndpointOften, type Sessions } from './join-rows.js';
import { ProgramNode } from './program-node.js';
import type { Stage } from './stage.js';
import { Told } from './told.js';

/** So many members on so many nodes. */
export interface Crowd {
  readonly members: number;
  readonly nodes: number;
}

/** How the end of one session was told. */
export interface Ending {
  /** From the root's call until every member had heard, in milliseconds. */
  readonly membersMs: number;
  /** Until the root's own node had heard of every link too. */
  readonly allMs: number;
  /** The root's links and the members. */
  readonly notifications: number;
  /** Processor time by process, in microseconds. */
  readonly cpuUs: ReadonlyMap<string, number>;
}

export interface Fanout extends AsyncDisposable {
  /** Fills a session, and ends it. */
  endOf(crowd: Crowd): Promise<Ending>;
  check(): Promise<string | null>;
}

const joinsAtOnce = 64;
/** Who hears nothing for so long was left out. */
const silenceMs = 20_000;

/** Nodes that hear by hand, all in this process and over one connection: they share what it can take. */
export async function prepareFanout(stage: Stage, nodesMax: number): Promise<Fanout> {
  await using stack = new AsyncDisposableStack();
  const { nodes: nc, subjects } = stage;
  const asker = new Asker(nc, `${inboxPrefixOf('bench')}.crowd`);
  stack.defer(() => {
    asker.close();
  });
  const told = new Told();
  const heard = told.hear.bind(told);
  const start = async (name: string) => {
    const node = await ProgramNode.start(name, { nc, asker, subjects, heard });
    stack.defer(() => {
      node.close();
    });
    return node;
  };
  const root = await start('crowd-root');
  const nodes: ProgramNode[] = [];
  for (let i = 0; i < nodesMax; i += 1) nodes.push(await start(`crowd-${String(i)}`));

  const ended: SessionAddress[] = [];
  const kept = stack.move();
  return {
    endOf: async ({ members, nodes: count }) => {
      const session = `crowd-${String(ended.length)}` as SessionAddress;
      const socket = String(ended.push(session));
      await open(root, session, socket);
      await fill(session, { on: nodes.slice(0, count), members, told });
      const problem = await check(stage, [session], members);
      if (problem !== null) throw new Error(problem);
      return end(stage, { root, session, socket, members, told });
    },
    check: () => told.check(stage, ended),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

async function open(root: ProgramNode, session: SessionAddress, socket: string): Promise<void> {
  const policy = { admit: 'auto', identity: everyEndpointOften } as const;
  await root.command(session, 'open', { socket, policy });
  await root.command(session, 'listen', { socket, backlog: 1 });
}

interface Filling {
  readonly on: readonly ProgramNode[];
  readonly members: number;
  readonly told: Told;
}

/** Returns when all have joined, and everybody has heard of it. */
async function fill(session: SessionAddress, { on, members, told }: Filling): Promise<void> {
  const heard = hears(told, session, 2 * members);
  const sessions: Sessions = { addresses: [session], joined: 0 };
  const joins = on.map((node) => autoJoin(node, sessions));
  let begun = 0;
  const joinOn = async () => {
    while (begun < members) {
      begun += 1;
      await joins[begun % joins.length]?.();
    }
  };
  await Promise.all(Array.from({ length: joinsAtOnce }, joinOn));
  await heard;
}

interface Crowded {
  readonly root: ProgramNode;
  readonly session: SessionAddress;
  /** The root's. */
  readonly socket: string;
  readonly members: number;
  readonly told: Told;
}

async function end(
  stage: Stage,
  { root, session, socket, members, told }: Crowded,
): Promise<Ending> {
  const notifications = 2 * members;
  const membersHeard = hears(told, session, members, (node) => node !== root.name);
  const allHeard = hears(told, session, notifications);
  const cpuBefore = cpuTimesUs(stage.processes);
  const begunAt = performance.now();
  await root.command(session, 'close', { socket });
  const since = async (heard: Promise<unknown>) => {
    await heard;
    return performance.now() - begunAt;
  };
  const [membersMs, allMs] = await Promise.all([since(membersHeard), since(allHeard)]);
  const cpuUs = usedUs(cpuBefore, cpuTimesUs(stage.processes));
  return { membersMs, allMs, notifications, cpuUs };
}

/** Resolves when so many notifications of a session have arrived; rejects when none of them comes for long. */
function hears(
  told: Told,
  session: SessionAddress,
  count: number,
  counts: (node: string) => boolean = () => true,
): Promise<undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<undefined>();
  let heard = 0;
  const late = setTimeout(() => {
    reject(new Error(`${session}: heard ${String(heard)} of ${String(count)} notifications`));
  }, silenceMs);
  const stop = told.listen((notification, node) => {
    if (notification.session !== session || !counts(node)) return;
    heard += 1;
    late.refresh();
    if (heard < count) return;
    clearTimeout(late);
    stop();
    resolve(undefined);
  });
  return promise;
}
