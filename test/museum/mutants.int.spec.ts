import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { mutants, mutated } from './mutants.js';

// Whether seeds notice them is said by `npm run museum`, which takes minutes.

it.each(mutants)('there is a place in the compiled code for: $room $name', (mutant) => {
  const code = readFileSync(join(import.meta.dirname, '../../libs', mutant.file), 'utf8');
  expect(mutated(code, mutant)).not.toBe(code);
});
