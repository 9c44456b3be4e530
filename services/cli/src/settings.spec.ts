import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { exitCodes } from './exit-codes.js';
import { nearest } from './nearest.js';
import { findSettings, parseSpan } from './settings.js';
import { parsePlace, parseTarget, quoted, shellName } from './targets.js';
import { newFolder, type Folder } from './testing.js';

describe('the settings', () => {
  let folder: Folder;
  beforeAll(async () => {
    folder = await newFolder();
    await mkdir(join(folder.path, 'a/b'), { recursive: true });
    await mkdir(join(folder.path, '.joinleaf'));
    await writeFile(
      join(folder.path, '.joinleaf/context.json'),
      JSON.stringify({
        realm: 'lab',
        servers: ['10.0.0.1:4222', '10.0.0.2:4222'],
        auditor: { user: 'auditor', pass: 'reads' },
        services: { user: 'services', pass: 'writes' },
      }),
    );
    await writeFile(join(folder.path, 'secret'), 'from-a-file\n');
  });
  afterAll(async () => {
    await folder[Symbol.asyncDispose]();
  });

  const find = (flags = {}, env = {}) =>
    findSettings(flags, { env, cwd: join(folder.path, 'a/b') });

  it('come from the nearest context above', () => {
    const settings = find();
    expect(settings).toMatchObject({
      realm: 'lab',
      servers: ['10.0.0.1:4222', '10.0.0.2:4222'],
      timeoutMs: 5_000,
      origin: join(folder.path, '.joinleaf/context.json'),
    });
    expect(settings.login('auditor')).toEqual({ user: 'auditor', pass: 'reads' });
    expect(settings.login('services')).toEqual({ user: 'services', pass: 'writes' });
    expect(settings.login('nodes')).toEqual({ user: undefined, pass: undefined });
  });

  it('come from the environment before that', () => {
    const env = {
      JOINLEAF_SERVERS: 'elsewhere:1',
      JOINLEAF_REALM: 'prod',
      JOINLEAF_TIMEOUT: '2s',
      JOINLEAF_AUDITOR_USER: 'eye',
      JOINLEAF_AUDITOR_PASS: 'sees',
    };
    const settings = find({}, env);
    expect(settings).toMatchObject({ realm: 'prod', servers: ['elsewhere:1'], timeoutMs: 2_000 });
    expect(settings.login('auditor')).toEqual({ user: 'eye', pass: 'sees' });
  });

  it('come from flags before all', () => {
    const flags = {
      servers: 'here:2',
      realm: 'mine',
      timeout: '500ms',
      user: 'me',
      passFile: '../../secret',
    };
    const settings = find(flags, { JOINLEAF_SERVERS: 'elsewhere:1', JOINLEAF_PASS: 'other' });
    expect(settings).toMatchObject({
      realm: 'mine',
      servers: ['here:2'],
      timeoutMs: 500,
      origin: '--servers',
    });
    expect(settings.login('services')).toEqual({ user: 'me', pass: 'from-a-file' });
  });

  it('send no login of the context to another server', () => {
    expect(find({ servers: 'here:2' }).login('services')).toEqual({
      user: undefined,
      pass: undefined,
    });
  });

  it('are the defaults where nothing is said', () => {
    expect(findSettings({}, { env: {}, cwd: '/' })).toMatchObject({
      realm: 'main',
      servers: ['127.0.0.1:4222'],
    });
  });

  it.each([
    [{ realm: 'a.b' }, '--realm: the realm "a.b" is not a name'],
    [{ context: 'nowhere.json' }, /^there is no context file .*nowhere\.json$/],
    [{ timeout: 'soon' }, '--timeout is a time such as 5s, 500ms or 2m'],
    [{ user: 'me', passFile: 'nowhere' }, 'the password file nowhere cannot be read'],
  ])('are refused: %j', (flags, message) => {
    const found = () => find(flags).login('auditor');
    expect(found).toThrow(message);
    expect(found).toThrow(expect.objectContaining({ exitCode: exitCodes.usage }));
  });
});

describe('a span of time', () => {
  it.each([
    ['250', 250],
    ['250ms', 250],
    ['1.5s', 1_500],
    ['2m', 120_000],
    ['1h', 3_600_000],
    ['14d', 1_209_600_000],
  ])('%s', (text, ms) => {
    expect(parseSpan(text, '--for')).toBe(ms);
  });

  it.each(['', 's', '-1s', '1y', '1s1s'])('is not %j', (text) => {
    expect(() => parseSpan(text, '--for')).toThrow('--for is a time');
  });
});

describe('what a verb is to look at', () => {
  it.each([
    ['conf-7', { kind: 'session', session: 'conf-7' }],
    ['@news', { kind: 'session', session: '@news' }],
    ['x.jlcap', { kind: 'file', path: '/here/x.jlcap', name: 'x.jlcap' }],
    ['../a b.jlcap', { kind: 'file', path: '/a b.jlcap', name: '../a b.jlcap' }],
  ])('%s', (text, target) => {
    expect(parseTarget(text, '/here')).toEqual(target);
  });

  it.each([
    ['conf-7@5', '@5'],
    ['conf-7#6', '#6'],
    ['@news@5.2', '@5.2'],
    ['x.jlcap@5.2', '@5.2'],
    ['x.jlcap#6', '#6'],
    ['conf-7', ''],
  ])('%s has the place %j', (text, place) => {
    expect(parsePlace(text, '/here').place).toBe(place);
  });

  it.each(['', 'a b', 'conf.7', 'x.json', '@'])('is not %j', (text) => {
    expect(() => parseTarget(text, '/here')).toThrow(/^source: .* is no session and no capture/);
  });

  it('is suggested as a shell takes it', () => {
    expect(shellName(parseTarget('a b.jlcap', '/here'))).toBe("'a b.jlcap'");
    expect(shellName(parseTarget('@news', '/here'))).toBe('@news');
    expect(quoted("it's")).toBe("'it'\\''s'");
  });
});

describe('what somebody may have meant', () => {
  it.each([
    ['conf-8', ['conf-7']],
    ['cnof-7', ['conf-7']],
    ['lob', ['lobby']],
    ['zebra', []],
  ])('%s', (typed, near) => {
    expect(nearest(typed, ['conf-7', 'lobby', '@news'])).toEqual(near);
  });
});
