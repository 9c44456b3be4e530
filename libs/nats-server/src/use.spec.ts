import { describe, expect, it } from '@jest/globals';

import { useNatsServer } from './use.js';

describe('a server that NATS_URL names', () => {
  it('serves everybody when nothing else is said', async () => {
    const environment = { NATS_URL: 'nats://u:p@a:4222', JOINLEAF_NODES_URL: '' };
    const server = await useNatsServer({ environment });
    const credentials = { servers: ['a:4222'], user: 'u', pass: 'p' };
    expect(server).toMatchObject({
      kind: 'external',
      url: 'a:4222',
      credentials: { services: credentials, auditor: credentials, nodes: credentials },
      durability: 'not known',
    });
    await server.stop();
  });

  it('is logged in to as the nodes and the auditor where that is said', async () => {
    const { credentials } = await useNatsServer({
      environment: {
        NATS_URL: 'nats://services:1@a',
        JOINLEAF_NODES_URL: 'nats://node.ada:2@a',
        JOINLEAF_AUDITOR_URL: 'nats://auditor:3@b',
      },
    });
    expect(credentials).toEqual({
      services: { servers: ['a'], user: 'services', pass: '1' },
      nodes: { servers: ['a'], user: 'node.ada', pass: '2' },
      auditor: { servers: ['b'], user: 'auditor', pass: '3' },
    });
  });

  it('is refused when it is no URL', async () => {
    await expect(useNatsServer({ environment: { NATS_URL: 'http://a' } })).rejects.toThrow(
      TypeError,
    );
  });
});
