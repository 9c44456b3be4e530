import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { reliabilityPage } from '../scripts/reliability.mjs';

describe('docs/RELIABILITY.md', () => {
  it('has the evidence that the campaigns have written (npm run reliability)', async () => {
    const page = join(import.meta.dirname, '../docs/RELIABILITY.md');
    expect(readFileSync(page, 'utf8')).toBe(await reliabilityPage());
  });
});
