// What tests get for fast-check: with JOINLEAF_SEED set, every property begins with that seed, so that a failure comes back.
import fc from 'fast-check';

const { JOINLEAF_SEED = '' } = process.env;
if (JOINLEAF_SEED !== '') fc.configureGlobal({ seed: Number(JOINLEAF_SEED) });

export * from 'fast-check';
export default fc;
