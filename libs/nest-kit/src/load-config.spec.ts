import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { ConfigError } from './config-error.js';
import { listField, portField, secretField, wholeField, yesNoField } from './config-fields.js';
import { loadConfig } from './load-config.js';
import { serviceConfig } from './service-config.js';
import { settingsOf, settingsText } from './settings.js';

const folder = mkdtempSync(join(tmpdir(), 'joinleaf-config-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});
const fileWith = (text: string, name = 'settings.yaml'): string => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};

const schema = z.strictObject({
  httpPort: portField.default(8_081),
  servers: listField.default(['127.0.0.1:4222']),
  pass: secretField.optional(),
  realm: z.string().regex(/^[a-z]+$/, 'is not a name'),
  pretty: yesNoField.default(false),
  limit: wholeField(1, 10).default(3),
  endpoints: z.array(z.strictObject({ port: z.int(), listen: z.boolean() })).default([]),
});

const load = (env: Record<string, string>, argv: readonly string[] = []) =>
  loadConfig(schema, { env, argv });

function problemsOf(env: Record<string, string>, argv: readonly string[] = []): string {
  try {
    load(env, argv);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
  }
  throw new Error('the configuration was accepted');
}

describe('loadConfig', () => {
  it('lets a flag win over the environment, that over the file, that over the default', () => {
    const path = fileWith('realm: file\nlimit: 5\nhttpPort: 1000\n');
    const env = { JOINLEAF_CONFIG: path, JOINLEAF_LIMIT: '6', JOINLEAF_HTTP_PORT: '1001' };
    const { value, sources } = load(env, ['--http-port', '1002', '--servers=a:1, b:2']);
    expect(value).toMatchObject({ realm: 'file', limit: 6, httpPort: 1_002 });
    expect(value.servers).toEqual(['a:1', 'b:2']);
    expect(sources).toMatchObject({
      realm: 'file',
      limit: 'environment',
      httpPort: 'flag',
      pretty: 'default',
    });
  });

  it('reads JSON as well as YAML, with values inside values', () => {
    const path = fileWith('{"realm":"main","endpoints":[{"port":7,"listen":true}]}', 'a.json');
    expect(load({}, ['--config', path]).value.endpoints).toEqual([{ port: 7, listen: true }]);
  });

  it('takes numbers and yes or no as text and as they are', () => {
    expect(load({ JOINLEAF_REALM: 'main', JOINLEAF_PRETTY: 'true' }).value.pretty).toBe(true);
    const path = fileWith('realm: main\npretty: true\nhttpPort: off\n', 'b.yaml');
    expect(load({ JOINLEAF_CONFIG: path }).value).toMatchObject({ pretty: true, httpPort: 'off' });
  });

  it('lists every problem at once, by source and field, and never a value', () => {
    const path = fileWith('colour: blue\nendpoints: [{port: x, wide: 1}]\n', 'c.yaml');
    const env = { JOINLEAF_CONFIG: path, JOINLEAF_LIMIT: '99999', JOINLEAF_HTTP_PORT: 'hunter2' };
    const told = problemsOf(env, ['--pas=hunter3', 'hunter4', '--limit']);
    expect(told).toMatchInlineSnapshot(`
      "The configuration has 10 problems:
        file: colour is not a setting of this service
        flag: --pas is not a setting of this service
        flag: a word without a flag is not a setting of this service
        flag: --limit has no value
        environment: JOINLEAF_HTTP_PORT is not a port
        environment: JOINLEAF_REALM is required
        environment: JOINLEAF_LIMIT is above 10
        file: endpoints.0.port Invalid input: expected number, received string
        file: endpoints.0.listen Invalid input: expected boolean, received undefined
        file: endpoints.0 does not know wide"
    `);
    expect(told).not.toMatch(/hunter|99999|blue/);
  });

  it('names a file that cannot be read, and one that is no settings', () => {
    expect(problemsOf({ JOINLEAF_REALM: 'a', JOINLEAF_CONFIG: '/none.yaml' })).toContain(
      'file: /none.yaml cannot be read',
    );
    expect(
      problemsOf({ JOINLEAF_REALM: 'a', JOINLEAF_CONFIG: fileWith('- 1', 'd.yaml') }),
    ).toContain('does not hold settings by their names');
    expect(
      problemsOf({ JOINLEAF_REALM: 'a', JOINLEAF_CONFIG: fileWith('a: [', 'e.yaml') }),
    ).toContain('is neither YAML nor JSON');
  });

  describe('a secret', () => {
    const realm = { JOINLEAF_REALM: 'main' };

    it('may come as the name of a file, without the line end', () => {
      const path = fileWith('sesame\n', 'secret');
      expect(load({ ...realm, JOINLEAF_PASS_FILE: path }).value.pass).toBe('sesame');
      expect(load(realm, ['--pass-file', path]).value.pass).toBe('sesame');
    });

    it('is taken from the nearer origin, whichever way that one uses', () => {
      const path = fileWith('from-file', 'secret2');
      const both = { ...realm, JOINLEAF_PASS_FILE: path };
      expect(load(both, ['--pass', 'from-flag']).value.pass).toBe('from-flag');
      const settings = fileWith('pass: in-settings', 'f.yaml');
      expect(load({ ...both, JOINLEAF_CONFIG: settings }).value.pass).toBe('from-file');
    });

    it('is refused when one origin gives it twice, or its file is not there', () => {
      const path = fileWith('x', 'secret3');
      const twice = { ...realm, JOINLEAF_PASS: 'a', JOINLEAF_PASS_FILE: path };
      expect(problemsOf(twice)).toContain('JOINLEAF_PASS_FILE is given twice');
      expect(problemsOf({ ...realm, JOINLEAF_PASS_FILE: '/none' })).toContain('cannot be read');
    });

    it('changes neither the hash nor any text', () => {
      const [one, other] = ['a', 'b'].map((pass) => load({ ...realm, JOINLEAF_PASS: pass }));
      expect(one?.hash).toBe(other?.hash);
      expect(load({ JOINLEAF_REALM: 'other' }).hash).not.toBe(one?.hash);
    });
  });

  it('treats a variable that is set to nothing as not set', () => {
    expect(load({ JOINLEAF_REALM: 'main', JOINLEAF_LIMIT: '' }).value.limit).toBe(3);
  });

  it('names the variables it does not know, which belong to somebody else', () => {
    const env = { JOINLEAF_REALM: 'main', JOINLEAF_CACHE: '/x', PATH: '/bin' };
    expect(load(env).ignored).toEqual(['JOINLEAF_CACHE']);
  });
});

describe('settingsOf', () => {
  it('names each setting as a flag and as a variable', () => {
    const [port] = settingsOf(schema);
    expect(port).toMatchObject({
      key: 'httpPort',
      flag: '--http-port',
      variable: 'JOINLEAF_HTTP_PORT',
      fallback: '8081',
    });
  });

  it('describes what every service is told', () => {
    const text = settingsText('session', settingsOf(z.strictObject(serviceConfig)));
    expect(text).toContain('JOINLEAF_SERVERS');
    expect(text).toContain('JOINLEAF_PASS_FILE');
    expect(text.split('\n').filter((row) => row.length > 130)).toEqual([]);
  });
});
