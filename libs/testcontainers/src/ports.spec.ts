import { describe, expect, it } from '@jest/globals';
import { freePorts, isPortTaken } from './ports.js';

describe('free ports', () => {
  it('are as many as were asked for, and different', async () => {
    const ports = await freePorts(5);
    expect(new Set(ports).size).toBe(5);
    for (const port of ports) expect(port).toBeGreaterThan(1_024);
  });

  it('are known to be taken by what Docker says, behind our own words too', () => {
    const docker = new Error('Bind for 0.0.0.0:4222 failed: port is already allocated');
    expect(isPortTaken(docker)).toBe(true);
    expect(isPortTaken(new Error('broker did not start', { cause: docker }))).toBe(true);
    expect(isPortTaken(new Error('no such image'))).toBe(false);
  });
});
