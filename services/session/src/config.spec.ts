import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { loadConfig, settingsOf, settingsTable } from '@joinleaf/nest-kit';
import { arbitrationHash, sessionConfig } from './config.js';

const configured = (env: Readonly<Record<string, string>>) =>
  loadConfig(sessionConfig, { env, argv: [] }).value;

describe('the configuration of the session service', () => {
  it('has every setting in its README', () => {
    const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
    expect(readme).toContain(settingsTable(settingsOf(sessionConfig)));
  });

  it('is alike for arbiters that differ in name and place alone', () => {
    const one = configured({ JOINLEAF_NAME: 'session-1', JOINLEAF_HTTP_PORT: '8081' });
    const other = configured({ JOINLEAF_NAME: 'session-2', JOINLEAF_HTTP_PORT: '8082' });
    const stricter = configured({ JOINLEAF_NAME: 'session-2', JOINLEAF_MAILBOX_MAX: '16' });
    expect(arbitrationHash(one)).toBe(arbitrationHash(other));
    expect(arbitrationHash(one)).not.toBe(arbitrationHash(stricter));
  });
});
