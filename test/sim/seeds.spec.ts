import { describe } from '@jest/globals';
import { keepsEveryPromise } from './seeds.js';

// Two files, so that two workers share them.
describe('a simulated deployment', () => {
  keepsEveryPromise(1, 500);
});
