import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { createServer, connect as connectTcp, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { endWithBench, interrupted } from '../leftovers.js';
import { folders } from './folders.js';
import type { Running } from './peer.js';

const readyWithinMs = 30_000;
const graceMs = 3_000;

/** What a peer's server is, whoever started it: killed at once, and started again in the same place. */
export interface Server {
  kill(): Promise<void>;
  restart(): void;
  stop(): Promise<void>;
}

/** A peer that has one server, which listens at this port of loopback. */
export const runningOn = (port: number, server: Server, version: string): Running => ({
  address: `127.0.0.1:${String(port)}`,
  port,
  version,
  parts: ['the server'],
  kill: () => server.kill(),
  restart: async () => {
    server.restart();
  },
  stop: () => server.stop(),
});

export interface NativeOptions {
  readonly name: string;
  readonly words: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

/** A server of somebody else, as a process that the kernel ends when ours ends. */
export class NativeServer implements Server {
  #child: ChildProcess;
  #ended: Promise<void>;

  constructor(private readonly options: NativeOptions) {
    [this.#child, this.#ended] = launch(options);
    endWithBench(() => this.kill());
  }

  /** Waits until it serves; rejects when it ends before that. */
  async until(serves: Promise<void>): Promise<void> {
    const { name } = this.options;
    const ended = this.#ended.then((): never => {
      throw new Error(`${name} ended before it served; ${logOf(name)} says why`);
    });
    await Promise.race([serves, ended]);
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended;
  }

  restart(): void {
    [this.#child, this.#ended] = launch(this.options);
  }

  async stop(): Promise<void> {
    this.#child.kill('SIGTERM');
    await Promise.race([this.#ended, delay(graceMs, undefined, { ref: false })]);
    await this.kill();
  }
}

const logOf = (name: string): string => join(folders.logs, `${name}.log`);

function launch({ name, words, environment = {} }: NativeOptions): [ChildProcess, Promise<void>] {
  interrupted.throwIfAborted();
  mkdirSync(folders.logs, { recursive: true });
  const log = openSync(logOf(name), 'a');
  // The process that setpriv becomes is the server itself, so that a signal hits what it is meant for.
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', '--', ...words], {
    stdio: ['ignore', log, log],
    env: { ...process.env, ...environment },
  });
  closeSync(log);
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => {
      resolve();
    });
    child.once('error', () => {
      resolve();
    });
  });
  return [child, ended];
}

/** A port of loopback that nobody has now. */
export async function freePort(): Promise<number> {
  const server = createServer();
  const port = await new Promise<number>((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      resolve((server.address() as AddressInfo).port);
    });
  });
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Waits until somebody listens there. Throws when nobody does within half a minute. */
export async function listening(port: number): Promise<void> {
  const endAt = performance.now() + readyWithinMs;
  while (!(await accepts(port))) {
    if (performance.now() > endAt) throw new Error(`nobody listens at port ${String(port)}`);
    await delay(5);
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connectTcp(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => {
      resolve(false);
    });
  });
}
