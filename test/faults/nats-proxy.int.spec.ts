import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { natsForTests } from '@joinleaf/nats-server';
import { connect, headers, type NatsConnection } from '@nats-io/transport-node';
import { printedChance } from '../deployment/chance.js';
import { NatsProxy } from './nats-proxy.js';
import type { Rule } from './proxied-way.js';

const nats = natsForTests({ beforeAll, afterAll });
const chance = printedChance('nats-proxy.int');

/** Echoes what a client asks, with its headers, through a proxy of its own for each side. */
async function throughProxies(
  rules: readonly Rule[],
  work: (asker: NatsConnection) => Promise<void>,
): Promise<void> {
  const { credentials } = nats();
  const [server = ''] = credentials.services.servers;
  const [host = '', port = ''] = server.split(':');
  const targets = [{ host, port: Number(port) }];
  await using near = await NatsProxy.start({ targets, chance: chance.split() });
  await using far = await NatsProxy.start({ targets, chance: chance.split() });
  for (const rule of rules) for (const proxy of [near, far]) proxy.rule(rule);
  const through = (proxy: NatsProxy) =>
    connect({ ...credentials.services, servers: [...proxy.urls], maxReconnectAttempts: -1 });
  const [asker, echo] = [await through(near), await through(far)];
  echo.subscribe('echo', {
    callback: (_error, message) => {
      message.respond(message.data, message.headers ? { headers: message.headers } : {});
    },
  });
  await echo.flush();
  await work(asker);
  await Promise.all([asker.close(), echo.close()]);
}

describe('a real client and a real server', () => {
  it.each<readonly [string, readonly Rule[]]>([
    ['nothing is done to what they say', []],
    ['it arrives in pieces', [{ match: {}, act: { slice: [1, 7] } }]],
    ['it takes its time', [{ match: {}, act: { delayMs: [0, 5] } }]],
  ])('notice no proxy between them when %s', async (_what, rules) => {
    await throughProxies(rules, async (asker) => {
      for (const size of [0, 1, 100, 20_000]) {
        const data = randomBytes(size);
        const ours = headers();
        ours.set('Size', String(size));
        const reply = await asker.request('echo', data, { timeout: 20_000, headers: ours });
        expect(Buffer.from(reply.data).equals(data)).toBe(true);
        expect(reply.headers?.get('Size')).toBe(String(size));
      }
    });
  });

  it('lose one answer of two, and not the other', async () => {
    const lost: Rule = { match: { direction: 'down', answers: /^echo$/, nth: 1 }, act: 'drop' };
    await throughProxies([lost], async (asker) => {
      await expect(asker.request('echo', 'one', { timeout: 300 })).rejects.toThrow();
      expect((await asker.request('echo', 'two', { timeout: 5_000 })).string()).toBe('two');
    });
  });
});
