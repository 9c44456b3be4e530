import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Program as Process, places } from '@joinleaf/launcher';

const graceMs = 3_000;

/** A process for nodes of tests: a program that uses the client. */
export class Program {
  /** Starts it, and returns when it can be reached. */
  static async start(name: string, folder: string): Promise<Program> {
    const where =
      process.platform === 'win32'
        ? `\\\\.\\pipe\\${folder}-${name}`
        : join(folder, `${name}.sock`);
    const ready = Promise.withResolvers<undefined>();
    const main = join(places.root, 'test/dist/conformance/bridge/program-main.js');
    const child = new Process({
      name,
      words: ['--import', pathToFileURL(places.endWithParent).href, main, where],
      environment: process.env,
      onLine: (line, from) => {
        if (line === 'ready') ready.resolve(undefined);
        else process.stderr.write(`${name} (${from}): ${line}\n`);
      },
    });
    await Promise.race([ready.promise, child.lives]);
    return new Program(where, child);
  }

  private constructor(
    /** The local socket that it serves tests on. */
    readonly where: string,
    private readonly child: Process,
  ) {}

  stop(): Promise<void> {
    return this.child.stop(graceMs);
  }

  /** Takes its processor time away: what it is sent waits for it. */
  freeze(): void {
    this.#signal('SIGSTOP');
  }

  thaw(): void {
    this.#signal('SIGCONT');
  }

  #signal(signal: NodeJS.Signals): void {
    if (this.child.pid !== undefined) process.kill(this.child.pid, signal);
  }

  /** Ends it as a crash would. */
  kill(): Promise<void> {
    return this.child.kill();
  }
}
