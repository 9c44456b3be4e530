import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { spawnGuarded, type GuardedProcess } from './guarded-process.js';

/** What a server needs on disk. A restart is a new life in the same places. */
export interface ServerPlaces {
  /** The binary, and what runs it, if anything does. */
  readonly command: readonly string[];
  readonly confFile: string;
  readonly logFile: string;
  /** Where the server tells its ports; emptied before every life. */
  readonly portsFolder: string;
  /** Removed when this process ends without having stopped the server. */
  readonly leftovers: string;
}

export type Birth =
  | { readonly kind: 'listening'; readonly life: ServerLife }
  | { readonly kind: 'port taken' }
  | { readonly kind: 'failed'; readonly why: string; readonly logTail: string };

const pollMs = 4;
const graceMs = 5_000;
const logTailLines = 12;

/** One run of a server, from the moment it listens. */
export class ServerLife {
  constructor(
    readonly pid: number,
    readonly monitorUrl: string | undefined,
    private readonly process: GuardedProcess,
  ) {}

  get ended(): Promise<number> {
    return this.process.ended;
  }

  /** SIGTERM, then SIGKILL for a server that takes longer than five seconds. Settles when it is gone. */
  async end(): Promise<void> {
    this.signal('SIGTERM');
    this.signal('SIGCONT'); // A server that a test has paused hears nothing else.
    if (!(await this.endsWithin(graceMs))) await this.kill();
  }

  /** SIGKILL, as a crash. Settles when it is gone. */
  async kill(): Promise<void> {
    this.signal('SIGKILL');
    await this.endsWithin(graceMs);
  }

  private async endsWithin(timeoutMs: number): Promise<boolean> {
    const waiting = new AbortController();
    const late = delay(timeoutMs, false, { signal: waiting.signal }).catch(() => false);
    const gone = await Promise.race([this.ended.then(() => true), late]);
    waiting.abort(); // A timer that is left running keeps the whole process.
    return gone;
  }

  private signal(name: NodeJS.Signals): void {
    if (this.process.exitCode !== undefined) return;
    try {
      process.kill(this.pid, name);
    } catch {
      // It is gone, and we are about to hear of it.
    }
  }
}

/** Starts a server with this configuration and waits until it listens, ends, or is late. */
export async function giveBirth(
  places: ServerPlaces,
  conf: string,
  timeoutMs: number,
): Promise<Birth> {
  const { command, confFile, logFile, portsFolder, leftovers } = places;
  await rm(portsFolder, { recursive: true, force: true });
  await mkdir(portsFolder);
  await writeFile(confFile, conf, { mode: 0o600 });
  const logStart = await sizeOf(logFile);

  const words = [...command, '-c', confFile];
  const process = spawnGuarded({ words, logFile, leftovers });
  const outcome = await whenListening(portsFolder, process, timeoutMs);
  if (typeof outcome !== 'string') return { kind: 'listening', life: outcome };

  const log = (await readFile(logFile)).subarray(logStart).toString();
  process.abandon();
  await process.ended;
  if (log.includes('address already in use')) return { kind: 'port taken' };
  return { kind: 'failed', why: outcome, logTail: lastLines(log) };
}

/** The end of a server's log, for a message. */
export async function logTail(logFile: string): Promise<string> {
  return lastLines(await readFile(logFile, 'utf8').catch(() => ''));
}

function lastLines(log: string): string {
  return log.trimEnd().split('\n').slice(-logTailLines).join('\n');
}

async function whenListening(
  folder: string,
  process: GuardedProcess,
  timeoutMs: number,
): Promise<ServerLife | string> {
  const deadline = performance.now() + timeoutMs;
  while (performance.now() < deadline) {
    const told = await readPorts(folder);
    if (told !== undefined) return new ServerLife(told.pid, told.monitorUrl, process);
    if (process.exitCode !== undefined) return `it ended with code ${String(process.exitCode)}`;
    await delay(pollMs);
  }
  return `it did not listen within ${String(Math.round(timeoutMs))} ms`;
}

// The server writes nats-server_<pid>.ports once it accepts connections. It does not write it at one
// stroke: a file that is not yet whole is read again.
async function readPorts(
  folder: string,
): Promise<{ pid: number; monitorUrl: string | undefined } | undefined> {
  const name = (await readdir(folder)).find((entry) => entry.endsWith('.ports'));
  const pid = Number(/_(\d+)\.ports$/.exec(name ?? '')?.[1]);
  if (name === undefined || Number.isNaN(pid)) return undefined;
  const text = await readFile(join(folder, name), 'utf8');
  const whole = /^\{.*"nats":\[.*\}$/s.test(text);
  return whole ? { pid, monitorUrl: /"monitoring":\["([^"]+)"/.exec(text)?.[1] } : undefined;
}

async function sizeOf(file: string): Promise<number> {
  return stat(file).then(
    ({ size }) => size,
    () => 0,
  );
}
