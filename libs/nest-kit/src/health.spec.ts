import { describe, expect, it } from '@jest/globals';
import { Health } from './health.js';

describe('Health', () => {
  it('is ready when every check is well', async () => {
    const health = new Health();
    health.check('streams', () => null);
    expect(await health.report()).toEqual({
      ready: true,
      checks: { draining: { ok: true, reason: null }, streams: { ok: true, reason: null } },
      notes: {},
    });
  });

  it('says why it is not, also for a check that throws', async () => {
    const health = new Health();
    health.check('streams', async () => Promise.resolve('JL_NODES_main is missing'));
    health.check('odd', () => {
      throw new Error('cannot tell');
    });
    const { ready, checks } = await health.report();
    expect(ready).toBe(false);
    expect(checks).toMatchObject({
      streams: { ok: false, reason: 'JL_NODES_main is missing' },
      odd: { ok: false, reason: 'cannot tell' },
    });
  });

  it('waits one second for a check, and not longer', async () => {
    const health = new Health();
    health.check('hangs', () => new Promise(() => undefined));
    const { checks } = await health.report();
    expect(checks.hangs?.reason).toBe('did not answer within 1000 ms');
  });

  it('is not ready while it drains', async () => {
    const health = new Health();
    health.beginDraining();
    expect((await health.report()).checks.draining).toEqual({
      ok: false,
      reason: 'is shutting down',
    });
  });

  it('tells what an operator should know, and is ready all the same', async () => {
    const health = new Health();
    let said: string | null = null;
    health.note('arbiters', () => said);
    expect(await health.report()).toMatchObject({ ready: true, notes: {} });
    said = 'session-2 decides by law/2';
    expect(await health.report()).toMatchObject({ ready: true, notes: { arbiters: said } });
  });
});
