import { randomInt } from 'node:crypto';
import { Chance } from '@joinleaf/sim';

/** A new seed, or the one in JOINLEAF_SEED; printed, so that a failure can be had again. */
export function printedChance(test: string): Chance {
  const given = Number(process.env.JOINLEAF_SEED ?? '');
  const seed = given > 0 ? given : randomInt(1, 2 ** 31);
  process.stderr.write(`${test}: JOINLEAF_SEED=${String(seed)}\n`);
  return new Chance(seed);
}
