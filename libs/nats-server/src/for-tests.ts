import type { StartOptions } from './start.js';
import { useNatsServer, type NatsServerInUse } from './use.js';

/** Jest's hooks, from '@jest/globals', or any others that work alike. */
export interface TestHooks {
  readonly beforeAll: (hook: () => Promise<void>, timeoutMs?: number) => unknown;
  readonly afterAll: (hook: () => Promise<void>, timeoutMs?: number) => unknown;
}

// Long enough for a first run that has to fetch the binary.
const startTimeoutMs = 300_000;

/**
 * One server for the tests of a file: in use before the first of them, stopped after the last.
 *
 * ```ts
 * const nats = natsForTests({ beforeAll, afterAll });
 * it('…', async () => { const connection = await connect(nats().credentials.services); … });
 * ```
 */
export function natsForTests(
  { beforeAll, afterAll }: TestHooks,
  options: StartOptions = {},
): () => NatsServerInUse {
  let server: NatsServerInUse | undefined;
  beforeAll(async () => {
    server = await useNatsServer(options);
  }, startTimeoutMs);
  afterAll(async () => {
    await server?.stop();
  });
  return () => {
    if (server === undefined) throw new Error('the server is there from beforeAll to afterAll');
    return server;
  };
}
