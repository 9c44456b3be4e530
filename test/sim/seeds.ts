import { expect, it } from '@jest/globals';
import { campaignOf, summaryOf, type Summary } from './campaign.js';
import { runSeed } from './run-seed.js';

/** Plays these seeds, always the same: what once was broken stays mended. New ones: `npm run sim`. */
export function keepsEveryPromise(from: number, seeds: number): void {
  it(`keeps every promise in ${String(seeds)} lives from seed ${String(from)}`, async () => {
    const results: Summary[] = [];
    for (let seed = from; seed < from + seeds; seed += 1) {
      results.push(summaryOf(await runSeed({ seed, faultsMs: 4_000 })));
    }
    const { broken, never } = campaignOf(results);
    expect(broken).toEqual([]);
    expect(never).toEqual([]);
  }, 3_600_000);
}
