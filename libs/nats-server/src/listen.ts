import { randomInt } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';

import { giveBirth, type ServerLife, type ServerPlaces } from './server-life.js';

/** Any port that is free, one that was asked for, or the one that the server had before. */
export type PortWish =
  { readonly kind: 'any' } | { readonly kind: 'asked' | 'again'; readonly port: number };

export interface Listening {
  readonly life: ServerLife;
  readonly port: number;
}

const pauseMs = 50;

/**
 * Starts a server at a port. The server's own bind decides who has a port, so that two
 * that start at once cannot both believe in one.
 *
 * @throws Error with the end of the server's log when it does not come up within `timeoutMs`; Error
 *   at once when the port that was asked for is taken.
 */
export async function listen(
  places: ServerPlaces,
  confAt: (port: number) => string,
  wish: PortWish,
  timeoutMs: number,
): Promise<Listening> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const port = wish.kind === 'any' ? portToTry() : wish.port;
    const birth = await giveBirth(places, confAt(port), deadline - performance.now());
    if (birth.kind === 'listening') return { life: birth.life, port };
    if (birth.kind === 'failed') throw new Error(`nats-server: ${birth.why}\n${birth.logTail}`);
    if (wish.kind === 'asked' || performance.now() > deadline) {
      throw new Error(`nats-server: port ${String(port)} is taken`);
    }
    await delay(pauseMs); // A client's socket can hold the old port for a moment.
  }
}

// Below the ports that systems hand out to outgoing connections (from 32768, or 49152): a client that
// calls again and again while its server is down would sooner or later be given the server's port.
function portToTry(): number {
  return randomInt(20_000, 30_000);
}
