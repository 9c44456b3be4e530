import { readFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';
import { settingsOf, settingsTable } from '@joinleaf/nest-kit';
import { notifierConfig } from './config.js';

it('has every setting in its README', () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  expect(readme).toContain(settingsTable(settingsOf(notifierConfig)));
});
