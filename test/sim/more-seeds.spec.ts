import { describe } from '@jest/globals';
import { keepsEveryPromise } from './seeds.js';

describe('a simulated deployment', () => {
  keepsEveryPromise(501, 500);
});
