// A world for specs: a command line runs in this process, and what it says is kept.
import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { emptyHead, headOf } from '@joinleaf/event-log';
import { JetStreamDecisionLog, JetStreamLog } from '@joinleaf/jetstream-log';
import type { NatsServerInUse } from '@joinleaf/nats-server';
import type { History } from '@joinleaf/replay';
import type { Subjects } from '@joinleaf/wire';
import type { NatsConnection } from '@nats-io/transport-node';
import { run } from './run.js';
import type { Outlet, World } from './world.js';

export interface Said {
  readonly exitCode: number;
  readonly out: string;
  readonly err: string;
  /** The result as bytes, for what is no text. */
  readonly bytes: Buffer;
}

export interface Around {
  readonly env?: World['env'];
  readonly cwd?: string;
  /** Columns of a terminal; without it there is none. */
  readonly columns?: number;
  readonly interrupted?: AbortSignal;
  /** What somebody answers; null when nobody is there. */
  readonly answer?: string | null;
  readonly onOut?: (text: string) => void;
  readonly onErr?: (text: string) => void;
}

/** Runs a command line, words separated by single spaces, or given one by one. */
export async function joinleaf(
  line: string | readonly string[],
  around: Around = {},
): Promise<Said> {
  const { env = {}, cwd = tmpdir(), columns, answer = null } = around;
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  const outlet = (into: Buffer[], tell?: (text: string) => void): Outlet => ({
    isTTY: columns !== undefined,
    columns,
    write: (text) => {
      into.push(Buffer.from(text));
      tell?.(text.toString());
    },
  });
  const world: World = {
    env,
    cwd,
    stdout: outlet(out, around.onOut),
    stderr: outlet(err, around.onErr),
    interrupted: around.interrupted ?? new AbortController().signal,
    now: () => Date.now(),
    ask: () => Promise.resolve(answer),
  };
  const words = typeof line === 'string' ? line.split(' ') : line;
  const exitCode = await run(words, world);
  const bytes = Buffer.concat(out);
  return { exitCode, out: bytes.toString(), err: Buffer.concat(err).toString(), bytes };
}

/** A folder that goes when the test file is done. */
export interface Folder extends AsyncDisposable {
  readonly path: string;
}

export async function newFolder(): Promise<Folder> {
  const path = await mkdtemp(join(tmpdir(), 'joinleaf-cli-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

/** Leaves a context in a folder, as a running demo does. */
export async function leaveContext(
  folder: string,
  realm: string,
  { credentials }: Pick<NatsServerInUse, 'credentials'>,
): Promise<void> {
  const { services, auditor, nodes } = credentials;
  const login = ({ user, pass }: typeof services) => ({ user, pass });
  const context = {
    realm,
    servers: services.servers,
    services: login(services),
    auditor: login(auditor),
    nodes: login(nodes),
  };
  await mkdir(join(folder, '.joinleaf'), { recursive: true });
  await writeFile(join(folder, '.joinleaf/context.json'), JSON.stringify(context));
}

/** Stores a history as the arbiter would have. */
export async function store(
  nc: NatsConnection,
  subjects: Subjects,
  { session, commits, refusals }: History,
): Promise<void> {
  const log = new JetStreamLog({ nc, subjects });
  let head = emptyHead;
  for (const { commitId, arbiter, decider, decidedAt, decisions } of commits) {
    const draft = { commitId, arbiter, decider, decidedAt, decisions };
    const outcome = await log.append(session, head, draft);
    if (outcome.kind !== 'ok') throw new Error(`not stored: ${outcome.kind}`);
    head = headOf(outcome.commit);
  }
  const decided = new JetStreamDecisionLog({ nc, subjects });
  for (const refusal of refusals) decided.record(refusal);
  await decided.flush();
}
