import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, it } from '@jest/globals';

import { deployFiles } from './deploy-files.js';

const folder = join(import.meta.dirname, '../../../deploy/nats');
const files = Object.entries(deployFiles);

describe('deploy/nats', () => {
  it.each(files)('holds %s as the library writes it', async (name, text) => {
    if (process.env.WRITE_DEPLOY === '1') await writeFile(join(folder, name), text);
    expect(await readFile(join(folder, name), 'utf8')).toBe(text);
  });

  it.each(files)('keeps no secret in %s', (_name, text) => {
    const passwords = [...text.matchAll(/password: *(\S+)/g)].map(([, value]) => value);
    for (const password of passwords)
      expect(password).toMatch(/^\$JOINLEAF_NATS_[A-Z_]+_PASSWORD$/);
  });

  it.each(files)('has no development user in %s', (_name, text) => {
    expect(text).not.toMatch(/user: *"?development/);
  });

  it('acknowledges an append only when it is on disk', () => {
    expect(deployFiles['server.conf']).toContain('sync_interval: always');
  });

  it('names every variable in the example of the environment, and gives no password', async () => {
    const example = await readFile(join(folder, 'nats.env.example'), 'utf8');
    expect(example).not.toMatch(/^JOINLEAF_\w+_PASSWORD/m);
    const named = [...example.matchAll(/^(?:# )?(JOINLEAF_\w+)=/gm)].map(([, name]) => name);
    const used = files.flatMap(([, text]) =>
      [...text.matchAll(/\$(JOINLEAF_\w+)/g)].map(([, name]) => name),
    );
    expect(new Set(named)).toEqual(new Set(used));
  });
});
