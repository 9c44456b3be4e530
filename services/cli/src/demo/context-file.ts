import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import { z } from 'zod';

const knockMs = 500;

const login = z.object({ user: z.string().optional(), pass: z.string().optional() });

/** What a running demo leaves for the other verbs: how to reach it. */
const demoContextSchema = z.object({
  /** The process that runs the demo. */
  pid: z.int(),
  realm: z.string(),
  servers: z.array(z.string()),
  services: login,
  auditor: login,
  nodes: login,
  /** The leaf agents' HTTP edges. */
  agents: z.array(z.string()),
});
export type DemoContext = z.output<typeof demoContextSchema>;

/** Leaves the context for everybody on this machine who may read our files, and nobody else. */
export async function writeContext(file: string, context: DemoContext): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, `${JSON.stringify(context, null, 2)}\n`, { mode: 0o600 });
}

/** Takes the context away, unless another demo has left its own since. */
export async function removeContext(file: string, pid: number): Promise<void> {
  if ((await readContext(file))?.pid === pid) await rm(file, { force: true });
}

/** The demo that is running, if one is; what a dead one left behind does not count. */
export async function runningDemo(file: string): Promise<DemoContext | null> {
  const context = await readContext(file);
  if (context === null || !isAlive(context.pid)) return null;
  // Another program may have got the number since: a demo that runs has a server that answers.
  const answers = await Promise.all(context.servers.map(answersAt));
  return answers.includes(true) ? context : null;
}

async function readContext(file: string): Promise<DemoContext | null> {
  try {
    const parsed = demoContextSchema.safeParse(JSON.parse(await readFile(file, 'utf8')));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

function answersAt(server: string): Promise<boolean> {
  const [host = '', port = '4222'] = server.split(':');
  return new Promise((resolve) => {
    const socket = connect({ host, port: Number(port), timeout: knockMs });
    const settle = (answers: boolean) => () => {
      socket.destroy();
      resolve(answers);
    };
    socket.once('connect', settle(true));
    socket.once('error', settle(false));
    socket.once('timeout', settle(false));
  });
}
