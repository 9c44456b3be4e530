import { setTimeout as delay } from 'node:timers/promises';
import { getContainerRuntimeClient, type BoundPorts, type WaitStrategy } from 'testcontainers';
import { linesIn } from './log-frames.js';

const lookAgainMs = 100;
const answerMs = 1_000;
const tail = 15;
const restartsMax = 2;

export type Container = Parameters<WaitStrategy['waitUntilReady']>[0];

/** A container ended, or its time was up, before it was ready. */
export class NotReady extends Error {
  override readonly name = 'NotReady';
  constructor(
    reason: string,
    readonly lastLines: readonly string[],
  ) {
    super(reason);
  }
}

/** What to ask, and for how long. */
export interface Asking {
  readonly url: string;
  readonly withinMs: number;
}

/**
 * Waits until an HTTP edge answers well. A program that ends with 1 before is started again, twice: that is what
 * whoever runs containers does, and it may have been too early for its broker. 2 is a setting that is wrong.
 *
 * @throws NotReady with the reason that the container itself gave, if it gave one, and its last lines.
 */
export async function becomesReady(container: Container, { url, withinMs }: Asking): Promise<void> {
  const deadline = performance.now() + withinMs;
  for (let restarts = 0; ;) {
    const reason = await whyNot(url);
    if (reason === null) return;
    const { State } = await container.inspect();
    if (!State.Running) {
      const mayTryAgain = State.ExitCode === 1 && restarts < restartsMax;
      if (!mayTryAgain) throw await notReady(container, `it ended with ${String(State.ExitCode)}`);
      restarts += 1;
      await container.start();
    }
    if (performance.now() > deadline) throw await notReady(container, `time is up: ${reason}`);
    await delay(lookAgainMs);
  }
}

/** The same, when a container is started for the first time. */
export class BecomesReady implements WaitStrategy {
  #withinMs: number | null = null;

  constructor(
    private readonly path: string,
    private readonly port: number,
  ) {}

  async waitUntilReady(container: Container, boundPorts: BoundPorts): Promise<void> {
    const { info } = await getContainerRuntimeClient();
    const address = `${info.containerRuntime.host}:${String(boundPorts.getBinding(this.port))}`;
    const withinMs = this.getStartupTimeout();
    await becomesReady(container, { url: `http://${address}${this.path}`, withinMs });
  }

  withStartupTimeout(withinMs: number): this {
    this.#withinMs = withinMs;
    return this;
  }

  isStartupTimeoutSet(): boolean {
    return this.#withinMs !== null;
  }

  getStartupTimeout(): number {
    return this.#withinMs ?? 60_000;
  }
}

async function whyNot(url: string): Promise<string | null> {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(answerMs) });
    return answer.ok ? null : (await answer.text()).trim();
  } catch (error) {
    const cause = error instanceof Error ? (error.cause ?? error) : error;
    return cause instanceof Error ? cause.message : String(cause);
  }
}

async function notReady(container: Container, reason: string): Promise<NotReady> {
  const frames = await container.logs({ stdout: true, stderr: true, follow: false, tail });
  return new NotReady(reason, linesIn(frames));
}
